# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the command line, the demo and the benchmarks share in reading their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
import re
from typing import TYPE_CHECKING, NoReturn

from .errors import UserError

if TYPE_CHECKING:
    from .geometry import Box
    from .settings import Scalar, SettingInfo

# What ``add_subparsers`` returns; argparse has no public name for it.
Subparsers = argparse._SubParsersAction


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are sentences like all others, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises
        ------
        UserError
        """
        raise UserError(f'{message}; see `{self.prog} --help`')


def attach_negative_boxes(words: Sequence[str]) -> list[str]:
    """Turn ``--box -3,4,50,60`` into ``--box=-3,4,50,60``: argparse takes -3 for an option."""
    attached: list[str] = []
    for word in words:
        if attached and attached[-1] == '--box' and re.match(r'-[\d.]', word):
            attached[-1] = f'--box={word}'
        else:
            attached.append(word)
    return attached


def parse_box(text: str) -> Box:
    """Read ``x,y,w,h``: left-top corner, 0-based, and size, in pixels.

    Raises
    ------
    UserError
        These are not four numbers. Whether they fit the image is `check_initial_box`'s to say.
    """
    from .geometry import Box

    try:
        x, y, w, h = (float(word) for word in text.split(','))
    except ValueError:
        raise UserError(
            f'the box {text!r} is not understood: expected four numbers x,y,w,h without spaces, '
            'the left-top corner and the size in pixels'
        ) from None
    return Box.from_ltwh(x, y, w, h)


def parse_overrides(assignments: Iterable[str], table: Sequence[SettingInfo]) -> dict[str, Scalar]:
    """Read ``name=value`` words against a settings table.

    Raises
    ------
    UserError
        Not of that form, an unknown name, or a value that the setting refuses.
    """
    known = {info.name: info for info in table}
    values: dict[str, Scalar] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition('=')
        if not equals:
            raise UserError(f'{assignment!r} is not a setting: expected name=value')
        if name not in known:
            raise UserError(f'unknown setting {name!r}: expected one of {", ".join(known)}')
        values[name] = known[name].check(_convert(text, known[name]))
    return values


def _convert(text: str, info: SettingInfo) -> Scalar:
    """Read a word as the setting's type; any other is left for `SettingInfo.check` to refuse."""
    if info.kind is bool:
        return {'true': True, 'false': False}.get(text.lower(), text)
    try:
        if info.kind is int:
            return int(text)
        if info.kind is float:
            return float(text)
    except ValueError:
        pass
    return text
