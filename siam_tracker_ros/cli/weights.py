# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker weights``: what is shipped, and what a file says about itself."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
import hashlib
from pathlib import Path
import sys
from typing import Any

from .. import trackers, weights
from ..arguments import Subparsers
from ..errors import UserError


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    parser = subparsers.add_parser(
        'weights',
        description='List the shipped weights and verify them; `weights show FILE` prints what a '
        'checkpoint says about itself.',
    )
    actions = parser.add_subparsers(metavar='ACTION')
    actions.add_parser('list', help='list and verify the shipped weights (the default)')
    show = actions.add_parser('show', help='print the facts of a checkpoint')
    show.add_argument('file', metavar='FILE', type=Path)
    parser.set_defaults(file=None)


def run(args: argparse.Namespace) -> int:
    """Print the list or the facts of one file; 2 where a shipped file is damaged.

    Raises
    ------
    UserError
        The file cannot be read.
    """
    return list_shipped() if args.file is None else show_file(args.file)


def list_shipped() -> int:
    """Print a line per shipped checkpoint, with whether its sha256 is right."""
    status = 0
    for entry in weights.entries():
        try:
            entry.verify()
        except UserError as error:
            print(f'siam-tracker: {error}', file=sys.stderr)
            status = 2
            continue
        size = entry.path.stat().st_size / 1e6
        print(f'{entry.tracker}  {entry.file}  {size:.1f} MB  verified')
        others = [name for name in trackers.served(entry) if name != entry.tracker]
        if others:
            print(f'  also for: {", ".join(others)}')
        print(f'  licence: {entry.licence}')
        print(f'  data: {entry.data}')
        print(f'  command: {entry.recipe}')
        for name, value in entry.scores.items():
            print(f'  {name}: {value}')
    if not weights.entries():
        print('no weights ship with this package')
    return status


def show_file(path: Path) -> int:
    """Print what a checkpoint says about itself."""
    checkpoint = weights.load(path)
    numbers = sum(tensor.numel() for tensor in checkpoint.tensors.values())
    print(f'tracker: {checkpoint.meta.tracker}')
    print(f'tensors: {len(checkpoint.tensors)}, {numbers} numbers')
    print(f'sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}')
    for title in ('network', 'settings', 'training'):
        _print_table(title, getattr(checkpoint.meta, title))
    return 0


def _print_table(title: str, values: Mapping[str, Any]) -> None:
    print(f'{title}:' if values else f'{title}: none')
    for name, value in values.items():
        print(f'  {name}: {value}')
