# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters made from settings tables, with descriptors; checked before they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
import sys
import traceback
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.parameter import Parameter

from ..errors import UserError
from ..settings import Scalar, SettingInfo, Settings, describe

INT64_MAX = 2**63 - 1
OF_RCLPY = ('use_sim_time', 'start_type_description_service')


def full_name(prefix: str, name: str) -> str:
    """Name of the parameter of a setting: its table's prefix, a dot, its own."""
    return f'{prefix}.{name}' if prefix else name


def descriptor(info: SettingInfo, read_only: bool = False) -> Any:
    """Make the rcl_interfaces/ParameterDescriptor of a setting."""
    text = info.help + (f' [{info.unit}]' if info.unit else '')
    if info.symbol or info.source:
        text += f' ({", ".join(word for word in (info.symbol, info.source) if word)})'
    when = 'any time' if info.dynamic else 'while unconfigured'
    if read_only:
        when = 'at start only'
    result = ParameterDescriptor(
        description=text,
        additional_constraints=f'{info.expectation()}; may change {when}',
        read_only=read_only,
    )
    if info.low is None and info.high is None:
        return result
    if info.kind is int:
        low = -INT64_MAX if info.low is None else int(info.low)
        high = INT64_MAX if info.high is None else int(info.high)
        result.integer_range = [IntegerRange(from_value=low, to_value=high, step=0)]
    else:
        least = -sys.float_info.max if info.low is None else info.low
        most = sys.float_info.max if info.high is None else info.high
        result.floating_point_range = [
            FloatingPointRange(from_value=float(least), to_value=float(most), step=0.0)
        ]
    return result


class Parameters:
    """The parameters of a node, as tables of settings.

    The node must be made with ``automatically_declare_parameters_from_overrides``: what files and
    the command line say is then found here in any type and spelling, so that ``1`` is taken for
    ``1.0`` and a misspelt name is told.

    Parameters
    ----------
    node : rclpy.node.Node
    tables : mapping
        Settings class by prefix; '' for the node's own.
    read_only : collection of str
        Full names that never change.
    is_configured : callable
        Whether settings that are not dynamic are in use.
    changed : callable
        Called before new values are stored, with the tables as they will be; where it raises,
        they are refused.

    Raises
    ------
    UserError
        A value from a file or the command line is refused, or a name belongs to no setting.
    """

    def __init__(
        self,
        node: Any,
        tables: Mapping[str, type[Settings]],
        read_only: Sequence[str] = (),
        is_configured: Callable[[], bool] = lambda: False,
        changed: Callable[[Mapping[str, Settings]], None] = lambda tables: None,
    ) -> None:
        self._node = node
        self._tables = dict(tables)
        self._is_configured = is_configured
        self._changed = changed
        self._infos = {
            full_name(prefix, info.name): replace(info, name=full_name(prefix, info.name))
            for prefix, table in tables.items()
            for info in describe(table)
        }
        self._explicit: set[str] = set()
        self._showing = False
        self._declare(read_only)
        node.add_on_set_parameters_callback(self._on_set)

    def _declare(self, read_only: Sequence[str]) -> None:
        given = {name: p.value for name, p in self._node.get_parameters_by_prefix('').items()}
        for name in given:
            self._check_name(name)
        for name, info in self._infos.items():
            value = info.default
            if name in given:
                # The index of a camera is a number to the command line.
                is_index = info.kind is str and type(given[name]) is int
                value = info.check(str(given[name]) if is_index else given[name])
                self._explicit.add(name)
                self._node.undeclare_parameter(name)
            self._node.declare_parameter(
                name, value, descriptor(info, name in read_only), ignore_override=True
            )

    def _check_name(self, name: str) -> None:
        """Refuse a name that no setting has; without a prefix it may be for another node."""
        if name in self._infos or name in OF_RCLPY:
            return
        text = f'there is no parameter {name}: `ros2 param list` shows those that exist'
        if '.' not in name:
            self._node.get_logger().warning(text)
        elif name.split('.')[0] in self._tables:
            raise UserError(text)

    def value(self, name: str) -> Scalar:
        """Return a parameter's value."""
        value = self._node.get_parameter(name).value
        return self._infos[name].check(value)

    def table(self, prefix: str) -> Settings:
        """Return a table with the parameters' values.

        Raises
        ------
        UserError
            They contradict each other.
        """
        return self._build(prefix, {})

    def explicit(self, prefix: str) -> dict[str, object]:
        """Return the settings of a table that somebody set: the others are the weights' own."""
        return {
            info.name: self.value(full_name(prefix, info.name))
            for info in describe(self._tables[prefix])
            if full_name(prefix, info.name) in self._explicit
        }

    def show(self, prefix: str, settings: Settings) -> None:
        """Let a table's parameters tell what is in effect, without making them explicit."""
        self._showing = True
        try:
            self._node.set_parameters(
                [
                    Parameter(full_name(prefix, name), value=value)
                    for name, value in settings.to_dict().items()
                ]
            )
        finally:
            self._showing = False

    def _build(self, prefix: str, new: Mapping[str, Scalar]) -> Settings:
        table = self._tables[prefix]
        values = {}
        for info in describe(table):
            name = full_name(prefix, info.name)
            values[info.name] = new[name] if name in new else self.value(name)
        return table.from_dict(values)

    def _on_set(self, parameters: Sequence[Any]) -> Any:
        """Refuse wrong values with the reason, or announce the tables as they will be."""
        if self._showing:
            return SetParametersResult(successful=True)
        try:
            new = self._checked(parameters)
            tables = {
                prefix: self._build(prefix, new)
                for prefix in self._tables
                if any(
                    full_name(prefix, info.name) in new for info in describe(self._tables[prefix])
                )
            }
        except UserError as error:
            return SetParametersResult(successful=False, reason=str(error))
        try:
            self._changed(tables)
        except Exception as error:
            # Out of this callback it would end the process.
            self._node.get_logger().error(f'parameters refused:\n{traceback.format_exc()}')
            return SetParametersResult(
                successful=False,
                reason=f'the node cannot take it over ({error!r}); its log has the details',
            )
        self._explicit.update(new)
        return SetParametersResult(successful=True)

    def _checked(self, parameters: Sequence[Any]) -> dict[str, Scalar]:
        """Check each value for itself."""
        new: dict[str, Scalar] = {}
        for parameter in parameters:
            info = self._infos.get(parameter.name)
            if info is None:
                continue
            new[info.name] = info.check(parameter.value)
            if not info.dynamic and self._is_configured():
                raise UserError(
                    f'{info.name} is in use and may not change: clean the node up first '
                    '(lifecycle transition cleanup)'
                )
        return new
