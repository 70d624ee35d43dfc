#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Render labelled sequences with exact boxes from training stills.

``scripts/render_tracks.py --data DIR [DIR ...] --out DIR``; the options are the settings table.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import silence_opencv
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.settings import describe
from siam_tracker_ros.training.sources import discover, split
from siam_tracker_ros.training.tracks import TrackSettings, write_tracks


def main() -> int:
    """Render, and say where the tracks are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', nargs='+', required=True, type=Path, metavar='DIR')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR')
    parser.add_argument('--count', type=int, default=40, metavar='N', help='tracks (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='(%(default)s)')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads; 0: all cores')
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument(
        '--held-out-only',
        type=float,
        metavar='SHARE',
        help='take only what a training with this --held-out does not see',
    )
    parts.add_argument(
        '--training-only',
        type=float,
        metavar='SHARE',
        help='take only what a training with this --held-out sees',
    )
    parser.add_argument(
        '--split-seed', type=int, default=0, metavar='N', help="that training's seed (%(default)s)"
    )
    group = parser.add_argument_group('tracks')
    for info in describe(TrackSettings):
        flag = '--' + info.name.replace('_', '-')
        group.add_argument(
            flag, type=info.kind, default=info.default, help=f'{info.help} (%(default)s)'
        )
    args = parser.parse_args()
    for share in (args.held_out_only, args.training_only):
        if share is not None and not 0.0 <= share <= 1.0:
            parser.error(f'a share is {share}: expected a number from 0 to 1')
    if min(args.count, args.seed, args.split_seed) < 0:
        parser.error('--count, --seed and --split-seed must not be negative')
    silence_opencv()
    keep_large_buffers()
    if args.threads > 0:
        torch.set_num_threads(args.threads)
    try:
        settings = TrackSettings.from_dict(
            {info.name: getattr(args, info.name) for info in describe(TrackSettings)}
        )
        shots = discover(args.data).shots
        if args.held_out_only is not None:
            _, shots = split(shots, args.held_out_only, args.split_seed)
        elif args.training_only is not None:
            shots, _ = split(shots, args.training_only, args.split_seed)
        folders = write_tracks(shots, args.out, args.count, settings, args.seed)
    except UserError as error:
        print(f'render_tracks: {error}', file=sys.stderr)
        return 2
    print(f'{len(folders)} tracks in {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
