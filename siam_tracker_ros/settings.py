# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings tables: one declaration per number, from which every interface is made.

A tracker's settings are a frozen dataclass whose fields are made by `setting`. The ROS parameters
with their descriptors, the YAML files, the command line's options and the tables of the
documentation all come from `describe`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from dataclasses import dataclass
import math
from typing import Any, TypeVar

from .errors import UserError

Scalar = bool | int | float | str
S = TypeVar('S', bound='Settings')


@dataclass(frozen=True)
class SettingInfo:
    """What is known about one setting.

    Attributes
    ----------
    name : str
    kind : type
        bool, int, float or str.
    default : bool, int, float or str
    help : str
        What it means, in one sentence without a full stop.
    unit : str
        Unit, or '' for a pure number.
    low, high : float or None
        Inclusive bounds of a number.
    choices : tuple of str
        Allowed words, or empty.
    symbol : str
        The paper's symbol.
    source : str
        Section or equation of the paper, or the code that settles it.
    dynamic : bool
        Whether it may change while a target is tracked.
    """

    name: str
    kind: type
    default: Scalar
    help: str
    unit: str = ''
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    symbol: str = ''
    source: str = ''
    dynamic: bool = False

    def check(self, value: object) -> Scalar:
        """Return the value in this setting's type, or refuse it.

        Raises
        ------
        UserError
            Wrong type, not finite, out of bounds or not one of the choices.
        """
        expected = f'expected {self.expectation()}'
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            try:
                value = float(value)
            except OverflowError:
                value = math.inf if value > 0 else -math.inf
        if type(value) is not self.kind:
            raise UserError(f'{self.name} is {value!r} ({type(value).__name__}): {expected}')
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f'{self.name} is {value!r}: {expected}')
        if isinstance(value, (int, float)) and not (
            (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        ):
            raise UserError(f'{self.name} is {value!r}: {expected}')
        if self.choices and value not in self.choices:
            raise UserError(f'{self.name} is {value!r}: {expected}')
        assert isinstance(value, (bool, int, float, str))
        return value

    def expectation(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return 'one of ' + ', '.join(self.choices)
        words = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'a text'}[
            self.kind
        ]
        if self.low is not None and self.high is not None:
            words += f' from {self.low:g} to {self.high:g}'
        elif self.low is not None:
            words += f' of at least {self.low:g}'
        elif self.high is not None:
            words += f' of at most {self.high:g}'
        return words + (f' ({self.unit})' if self.unit else '')


def setting(
    default: Scalar,
    help: str,
    *,
    unit: str = '',
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    symbol: str = '',
    source: str = '',
    dynamic: bool = False,
) -> Any:
    """Declare a field of a `Settings` class; the arguments are those of `SettingInfo`."""
    return dataclasses.field(
        default=default,
        metadata={
            'help': help,
            'unit': unit,
            'low': low,
            'high': high,
            'choices': choices,
            'symbol': symbol,
            'source': source,
            'dynamic': dynamic,
        },
    )


def varied(table: type[Settings], name: str, default: Scalar, source: str) -> Any:
    """Declare a field of a table anew in a table that derives from it: what it is stays.

    Parameters
    ----------
    table : type
    name : str
        Of the field.
    default, source
        See `SettingInfo`.
    """
    [known] = [field for field in dataclasses.fields(table) if field.name == name]
    return dataclasses.field(default=default, metadata={**known.metadata, 'source': source})


@dataclass(frozen=True)
class Settings:
    """Base of all settings tables: immutable, checked when made."""

    def __post_init__(self) -> None:
        for info in describe(type(self)):
            object.__setattr__(self, info.name, info.check(getattr(self, info.name)))
        self.check_together()

    def check_together(self) -> None:
        """Refuse combinations that no single field can refuse; overridden where there are any."""

    @classmethod
    def from_dict(cls: type[S], values: Mapping[str, object]) -> S:
        """Make settings from names and values.

        Raises
        ------
        UserError
            An unknown name, or a value that its setting refuses.
        """
        known = {info.name for info in describe(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise UserError(
                f'{cls.__name__} has no setting {unknown[0]!r}: expected one of '
                + ', '.join(sorted(known))
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Scalar]:
        """Names and values, in the order of declaration."""
        return {info.name: getattr(self, info.name) for info in describe(type(self))}

    def changes(self) -> dict[str, Scalar]:
        """Names and values of what is not the table's default."""
        values = self.to_dict()
        return {
            info.name: values[info.name]
            for info in describe(type(self))
            if values[info.name] != info.default
        }

    def replaced(self: S, **values: object) -> S:
        """Return a copy with some values changed, checked again."""
        return type(self).from_dict({**self.to_dict(), **values})


def describe(cls: type[Settings]) -> list[SettingInfo]:
    """List a table's settings, in the order of declaration."""
    infos = []
    for field in dataclasses.fields(cls):
        default = field.default
        assert isinstance(default, (bool, int, float, str))
        infos.append(SettingInfo(field.name, type(default), default, **field.metadata))
    return infos
