# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker settings``: the table that ``track --set`` changes."""

from __future__ import annotations

import argparse
from typing import Any

from .. import trackers
from ..arguments import Subparsers
from ..settings import SettingInfo, describe


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    names = trackers.names()
    parser = subparsers.add_parser('settings', description='List the settings of a tracker.')
    parser.add_argument(
        'tracker',
        nargs='?',
        default=trackers.DEFAULT,
        help=f'one of {", ".join(names)} (%(default)s)',
    )


def run(args: argparse.Namespace) -> int:
    """Print a line per setting.

    Raises
    ------
    UserError
        Unknown tracker.
    """
    for info in describe(trackers.settings_class(args.tracker)):
        print(_line(info))
    return 0


def _line(info: SettingInfo) -> str:
    default = str(info.default).lower() if info.kind is bool else f'{info.default}'
    text = f'{info.name}={default}  {info.help}; {info.expectation()}'
    return f'{text} [{info.source}]' if info.source else text
