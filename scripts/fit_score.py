#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the score of a tracker's weights on labelled sequences.

``scripts/fit_score.py CHECKPOINT OUT --tracks DIR [DIR ...] [--easy DIR [DIR ...]]
[--check DIR [DIR ...]] [--set name=value ...]``: the tracks are folders of sequences in GOT-10k's
layout, as ``scripts/render_tracks.py`` writes them. Those of ``--easy`` are real ones in which the
target should not be lost, such as training mines from videos. The state is compared with the truth
on those of ``--check``, which must be others than the score was fitted on. Settings of ``--set``
are written into the checkpoint before.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
import shlex
import sys

import torch
from tqdm import tqdm

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.arguments import parse_overrides
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.agreement import agreement
from siam_tracker_ros.images import silence_opencv
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.sequences import read_sequences
from siam_tracker_ros.settings import describe
from siam_tracker_ros.training.fit_score import FITTED, check_overrides, fit_score


def main() -> int:
    """Fit, check, and say where the checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', type=Path, metavar='CHECKPOINT')
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
    args = parser.parse_args()
    if args.every < 1:
        parser.error(f'--every is {args.every}: expected a whole number of at least 1')
    silence_opencv()
    keep_large_buffers()
    if args.threads > 0:
        torch.set_num_threads(args.threads)
    try:
        print(run(args))
    except UserError as error:
        print(f'fit_score: {error}', file=sys.stderr)
        return 2
    return 0


def run(args: argparse.Namespace) -> str:
    """What is to be said of the fit.

    Raises
    ------
    UserError
        A file or folder is not what it should be, or nothing can be fitted.
    """
    tracks, easy, check = (
        [s for folder in folders for s in read_sequences(folder)]
        for folders in (args.tracks, args.easy, args.check)
    )
    tracks, check = tracks[:: args.every], check[:: args.every]
    path = weights.prepare(args.out)
    checkpoint = weights.load(args.checkpoint)
    name = checkpoint.meta.tracker
    if name not in trackers.names():
        raise UserError(
            f'weights {args.checkpoint} belong to {name!r}, which is no tracker: give those of '
            f'one of {", ".join(trackers.names())}; parts of csn are joined and fitted by '
            'scripts/join_csn.py'
        )
    values = parse_overrides(args.set, describe(trackers.settings_class(name)))
    check_overrides(values)
    settings = {**checkpoint.meta.settings, **values}
    # Here it is the user's word that is refused, not the file's.
    trackers.settings_class(name).from_dict(settings)
    checkpoint = replace(checkpoint, meta=replace(checkpoint.meta, settings=settings))
    fitted = fit_score(
        checkpoint,
        tqdm(tracks, desc='fit', disable=None),
        tqdm(easy, desc='easy', disable=None),
        args.device,
        'scripts/fit_score.py ' + shlex.join(sys.argv[1:]),
    )
    weights.save(path, fitted)
    found = fitted.meta.settings
    lines = [', '.join(f'{name} {found[name]:g}' for name in FITTED if name in found)]
    if check:
        tracker = trackers.create(name, str(path), args.device)
        lines.append(agreement(tracker, tqdm(check, desc='check', disable=None)))
    return '\n'.join([*lines, str(path)])


if __name__ == '__main__':
    sys.exit(main())
