# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker train``: train a network, or adapt it to a camera's own footage."""

from __future__ import annotations

import argparse
from pathlib import Path
import shlex
import sys
from typing import Any, TypeVar

from ..arguments import Subparsers
from ..errors import UserError
from ..images import silence_opencv
from ..memory import keep_large_buffers
from ..settings import Settings, describe
from ..training.mining import MiningSettings
from ..training.recipe import Recipe
from ..training.recipes import RECIPES
from ..training.run import train
from ..training.run_settings import NO_INIT, RunSettings

S = TypeVar('S', bound=Settings)


def tables(recipe: Recipe) -> dict[str, type[Settings]]:
    """Settings tables of what is trained, by their titles."""
    return {
        'learning': recipe.learning,
        'scenes': recipe.scenes,
        'videos': MiningSettings,
        'the run': RunSettings,
    }


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments; the options are the settings tables."""
    description = (
        'Train a network on folders of images, videos and labelled sequences, or adapt the '
        'shipped weights to your own unlabelled footage. An unfinished run in --out goes on '
        'where it stopped.'
    )
    parser = subparsers.add_parser('train', description=description)
    networks = parser.add_subparsers(dest='tracker', metavar='NETWORK', required=True)
    for name, recipe in RECIPES.items():
        network = networks.add_parser(name, help=recipe.summary, description=description)
        _add_options(network, recipe)


def _add_options(parser: argparse.ArgumentParser, recipe: Recipe) -> None:
    parser.add_argument(
        '--data', nargs='+', required=True, type=Path, metavar='DIR', help='folders to search'
    )
    parser.add_argument(
        '--out', required=True, type=Path, metavar='DIR', help='receives checkpoint and curves'
    )
    parser.add_argument(
        '--init',
        default='auto',
        metavar='WEIGHTS',
        help=f'begin from the shipped weights (auto), from a checkpoint, or anew ({NO_INIT})',
    )
    for title, table in tables(recipe).items():
        group = parser.add_argument_group(title)
        for info in describe(table):
            note = f'{info.help} [{info.unit}]' if info.unit else info.help
            # argparse formats its help with %.
            note = note.replace('%', '%%')
            group.add_argument(
                '--' + info.name.replace('_', '-'),
                type=info.kind,
                default=info.default,
                choices=info.choices or None,
                help=f'{note} (%(default)s)',
            )


def run(args: argparse.Namespace) -> int:
    """Train, and say where the checkpoint is.

    Raises
    ------
    UserError
        Anything in the arguments or in the data is wrong.
    """
    silence_opencv()
    keep_large_buffers()
    if args.out.exists() and not args.out.is_dir():
        raise UserError(f'--out {args.out} is a file: expected a folder')
    recipe = RECIPES[args.tracker]
    path = train(
        args.tracker,
        args.data,
        args.out,
        args.init,
        _table(recipe.learning, args),
        _table(recipe.scenes, args),
        _table(MiningSettings, args),
        _table(RunSettings, args),
        'siam-tracker ' + shlex.join(sys.argv[1:]),
    )
    print(path)
    return 0


def _table(table: type[S], args: argparse.Namespace) -> S:
    return table.from_dict({info.name: getattr(args, info.name) for info in describe(table)})
