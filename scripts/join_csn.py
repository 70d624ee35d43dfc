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
import sys

from siam_tracker_ros.arguments import parse_overrides
from siam_tracker_ros.cli.fitting import Material, add_options, run
from siam_tracker_ros.settings import describe
from siam_tracker_ros.trackers.csn import CSNSettings
from siam_tracker_ros.training.join import CSN, join


def main() -> int:
    """Join, fit, check, and say where the checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('matching', type=Path, metavar='MATCHING')
    parser.add_argument('classification', type=Path, metavar='CLASSIFICATION')
    add_options(parser)
    return run('join_csn', parser, write)


def write(args: argparse.Namespace, material: Material) -> Path:
    """Write the joined checkpoint; see `join`."""
    return join(
        CSN,
        {'matching': args.matching, 'classification': args.classification},
        args.out,
        material.tracks,
        parse_overrides(args.set, describe(CSNSettings)),
        args.device,
        material.command,
        material.easy,
    )


if __name__ == '__main__':
    sys.exit(main())
