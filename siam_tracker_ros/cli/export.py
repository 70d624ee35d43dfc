# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker export``: the network of a tracker as graphs, for other engines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import trackers
from ..arguments import Subparsers
from ..errors import UserError
from ..export.folder import FACTS

FORMATS = ('onnx',)


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    parser = subparsers.add_parser(
        'export',
        description='Write the network of a tracker as graphs: what is computed once for a '
        'target, and what is computed in every frame. `--backend onnxruntime --weights DIR` runs '
        'them.',
    )
    parser.add_argument('tracker', metavar='NAME', help=f'one of {", ".join(trackers.names())}')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='folder to make')
    parser.add_argument(
        '--weights', default='auto', metavar='FILE', help='checkpoint; auto for the shipped one'
    )
    parser.add_argument(
        '--format', default=FORMATS[0], help=f'one of {", ".join(FORMATS)} (%(default)s)'
    )


def run(args: argparse.Namespace) -> int:
    """Write the folder, and print what is in it.

    Raises
    ------
    UserError
        Anything in the arguments is wrong, or the tracker cannot be exported.
    """
    if args.format not in FORMATS:
        raise UserError(f'--format is {args.format!r}: expected one of {", ".join(FORMATS)}')
    folder = trackers.export(args.tracker, args.weights, args.out)
    for part in folder.graphs.values():
        inputs = ', '.join(
            f'{name} {" x ".join(map(str, shape))}' for name, shape in part.inputs.items()
        )
        print(f'{part.file}: {inputs} -> {", ".join(part.outputs)}')
    print(f'facts: {args.out / FACTS}')
    return 0
