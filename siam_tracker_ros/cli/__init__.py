# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``siam-tracker``.

A sub-command is a module with ``add_parser(subparsers)`` and ``run(args) -> int``, imported only
when it is asked for: ``--help`` is quick, and ``doctor`` works where torch does not.
"""

from __future__ import annotations

from collections.abc import Sequence
import importlib
import os
import sys
from types import ModuleType

from .. import __version__
from ..arguments import Parser, attach_negative_boxes
from ..errors import UserError

PROGRAM = 'siam-tracker'

# Name of the module and of the sub-command, and what it does.
COMMANDS = {
    'track': 'follow an object through a video, a camera or a folder of images',
    'trax': 'let vot-toolkit, or another client of the TraX protocol, drive a tracker',
    'evaluate': 'compare trackers on a benchmark or on your own sequences',
    'train': 'train a tracker, or adapt it to your own footage',
    'export': 'write the network of a tracker as ONNX graphs, for other engines',
    'web': 'choose targets in a browser, beside a running node',
    'settings': 'list the settings of a tracker',
    'weights': 'list and verify the shipped weights, or show what a file says about itself',
    'doctor': 'say what is installed, and what is missing for what',
}

FAILED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        0, or 2 after one sentence on stderr about what was wrong, or 130 after Ctrl-C; 1 where
        ``doctor`` finds that tracking does not work, or ``evaluate`` lacks a part of the table.
    """
    words = attach_negative_boxes(sys.argv[1:] if arguments is None else arguments)
    try:
        wanted = words[0] if words and words[0] in COMMANDS else None
        command = None if wanted is None else _load(wanted)
        args = _parser(wanted, command).parse_args(words)
        if command is None:
            raise UserError(f'a command is missing: expected one of {", ".join(COMMANDS)}')
        return int(command.run(args))
    except UserError as error:
        print(f'{PROGRAM}: {error}', file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader of our output has gone, as with `| head`; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        place = '' if error.filename is None else f' {error.filename}'
        print(f'{PROGRAM}: the system refused{place}: {error.strerror}', file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f'{PROGRAM}: stopped', file=sys.stderr)
        return INTERRUPTED


def _load(name: str) -> ModuleType:
    """Import a sub-command; what it needs may be missing or broken."""
    try:
        return importlib.import_module(f'.{name}', __name__)
    except UserError:
        raise
    except Exception as error:
        reason = ' '.join(str(error).split())
        raise UserError(
            f'`{PROGRAM} {name}` cannot start ({type(error).__name__}: {reason}): '
            f'`{PROGRAM} doctor` says what to install'
        ) from error


def _parser(wanted: str | None, command: ModuleType | None) -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description='Follow objects through images with Siamese trackers.',
        epilog=f'`{PROGRAM} COMMAND --help` tells more.',
    )
    parser.add_argument('--version', action='version', version=__version__)
    subparsers = parser.add_subparsers(metavar='COMMAND')
    for name, summary in COMMANDS.items():
        if command is not None and name == wanted:
            command.add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser
