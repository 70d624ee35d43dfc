#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Join the trained subnetworks of the cascaded Siamese tracker, and fit its score.

``scripts/join_csn.py MATCHING CLASSIFICATION OUT --tracks DIR [DIR ...] [--easy DIR [DIR ...]]
[--check DIR [DIR ...]] [--set name=value ...]``: the tracks are folders of sequences in GOT-10k's
layout, as ``scripts/render_tracks.py`` writes them. Those of ``--easy`` are real ones in which the
target should not be lost, such as training mines from videos. The state is compared with the truth
on those of ``--check``, which must be others than the score was fitted on.
"""

from __future__ import annotations

import argparse
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
from siam_tracker_ros.trackers.csn import CSNSettings
from siam_tracker_ros.training.fit_score import FITTED
from siam_tracker_ros.training.join import join


def main() -> int:
    """Join, fit, check, and say where the checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('matching', type=Path, metavar='MATCHING')
    parser.add_argument('classification', type=Path, metavar='CLASSIFICATION')
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
        tracks, easy, check = (
            [s for folder in folders for s in read_sequences(folder)]
            for folders in (args.tracks, args.easy, args.check)
        )
        tracks, check = tracks[:: args.every], check[:: args.every]
        path = join(
            args.matching,
            args.classification,
            args.out,
            tqdm(tracks, desc='fit', disable=None),
            parse_overrides(args.set, describe(CSNSettings)),
            args.device,
            'scripts/join_csn.py ' + shlex.join(sys.argv[1:]),
            tqdm(easy, desc='easy', disable=None),
        )
        settings = weights.load(path).meta.settings
        print(', '.join(f'{name} {settings[name]:g}' for name in FITTED))
        if check:
            tracker = trackers.create('csn', str(path), args.device)
            print(agreement(tracker, tqdm(check, desc='check', disable=None)))
    except UserError as error:
        print(f'join_csn: {error}', file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == '__main__':
    sys.exit(main())
