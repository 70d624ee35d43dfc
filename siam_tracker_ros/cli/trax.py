# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker trax``: let vot-toolkit, or another client of TraX, drive a tracker."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import os
import sys
from typing import Any, TextIO

import torch

from .. import trackers
from ..arguments import Subparsers, parse_overrides
from ..errors import UserError
from ..evaluation.trax import serve
from ..images import silence_opencv
from ..memory import keep_large_buffers
from ..runtime import refuse_small_memory
from ..settings import describe
from .tracker_options import add_tracker_options

# A client of TraX that has opened a port tells it here.
SOCKET = 'TRAX_SOCKET'

# Paths are bytes on Linux, whatever the locale says.
PATHS_COME_THROUGH: Any = {
    'encoding': 'utf-8',
    'errors': 'surrogateescape',
    'closefd': False,
}


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    parser = subparsers.add_parser(
        'trax',
        description='Speak the TraX protocol over the standard input and output, so that '
        'vot-toolkit can drive a tracker.',
    )
    parser.add_argument('tracker', metavar='NAME', help=f'one of {", ".join(trackers.names())}')
    add_tracker_options(parser)


def run(args: argparse.Namespace) -> int:
    """Answer until the client quits or hangs up.

    Raises
    ------
    UserError
        The tracker cannot be made, or the client said something wrong.
    """
    if SOCKET in os.environ:
        raise UserError(
            f'the client wants to talk over a network socket ({SOCKET} is set): only the standard '
            'input and output are supported; remove `socket` from trackers.ini'
        )
    silence_opencv()
    keep_large_buffers()
    overrides = parse_overrides(args.set, describe(trackers.settings_class(args.tracker)))
    torch.manual_seed(args.seed)
    with _protocol_only() as output, refuse_small_memory(args.device):
        tracker = trackers.create(
            args.tracker, args.weights, args.device, args.precision, overrides, args.backend
        )
        with open(0, **PATHS_COME_THROUGH) as lines:
            serve(tracker, args.tracker, lines, lambda line: _say(line, output))
    return 0


def _say(line: str, output: TextIO) -> None:
    # vot-toolkit reads stderr through the same pipe: a message behind some text that a library
    # left without an end of line would be no message. Clients pass over empty lines.
    print(f'\n{line}', file=output, flush=True)


@contextmanager
def _protocol_only() -> Iterator[TextIO]:
    """Keep the standard output for the protocol: what anyone else prints goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with open(kept, 'w', **PATHS_COME_THROUGH) as output:
            yield output
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
