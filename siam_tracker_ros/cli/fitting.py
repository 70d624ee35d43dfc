# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the scripts that fit a score have in common: options, sequences, and what is said."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import shlex
import sys

import torch
from tqdm import tqdm

from .. import trackers, weights
from ..errors import UserError
from ..evaluation.agreement import agreement
from ..images import silence_opencv
from ..memory import keep_large_buffers
from ..sequences import Sequence, read_sequences
from ..training.fit_score import FITTED


@dataclass(frozen=True)
class Material:
    """What a score is fitted on.

    Attributes
    ----------
    tracks, easy : iterable of Sequence
        See `training.fit_score.fit_score`; they show how far they have come.
    command : str
        What was typed, for the model card.
    """

    tracks: tqdm[Sequence]
    easy: tqdm[Sequence]
    command: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the place of the result, the sequences, and how to run."""
    parser.add_argument('out', type=Path, metavar='OUT', help='the checkpoint to write')
    parser.add_argument('--tracks', nargs='+', required=True, type=Path, metavar='DIR')
    parser.add_argument('--easy', nargs='+', default=[], type=Path, metavar='DIR')
    parser.add_argument('--check', nargs='+', default=[], type=Path, metavar='DIR')
    parser.add_argument(
        '--every', type=int, default=1, metavar='N', help='take every N-th track (%(default)s)'
    )
    parser.add_argument(
        '--set',
        nargs='+',
        action='extend',
        default=[],
        metavar='name=value',
        help='settings of the tracker that belong to these weights',
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads; 0: all cores')


def run(
    name: str,
    parser: argparse.ArgumentParser,
    write: Callable[[argparse.Namespace, Material], Path],
) -> int:
    """Run a script: fit, check, and say where the checkpoint is.

    Parameters
    ----------
    name : str
        The script's, without its ending.
    parser : argparse.ArgumentParser
        With the options of `add_options`.
    write : callable
        Writes the checkpoint.

    Returns
    -------
    int
        The exit code: 2 after a mistake of the user, which is told in a sentence.
    """
    args = parser.parse_args()
    if args.every < 1:
        parser.error(f'--every is {args.every}: expected a whole number of at least 1')
    silence_opencv()
    keep_large_buffers()
    if args.threads > 0:
        torch.set_num_threads(args.threads)
    try:
        tracks, easy, check = (
            [s for folder in folders for s in read_sequences(folder)]
            for folders in (args.tracks, args.easy, args.check)
        )
        material = Material(
            tqdm(tracks[:: args.every], desc='fit', disable=None),
            tqdm(easy, desc='easy', disable=None),
            f'scripts/{name}.py ' + shlex.join(sys.argv[1:]),
        )
        path = write(args, material)
        meta = weights.load(path).meta
        print(', '.join(f'{n} {meta.settings[n]:g}' for n in FITTED if n in meta.settings))
        if check:
            tracker = trackers.create(meta.tracker, str(path), args.device)
            some = tqdm(check[:: args.every], desc='check', disable=None)
            print(agreement(tracker, some))
    except UserError as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 2
    print(path)
    return 0
