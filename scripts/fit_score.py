#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the score of a tracker's weights on labelled sequences.

``scripts/fit_score.py CHECKPOINT OUT --tracks DIR [DIR ...] [--easy DIR [DIR ...]]
[--check DIR [DIR ...]] [--tracker NAME] [--set name=value ...]``: the tracks are folders of
sequences in GOT-10k's layout, as ``scripts/render_tracks.py`` writes them. Those of ``--easy`` are
real ones in which the target should not be lost, such as training mines from videos. The state is
compared with the truth on those of ``--check``, which must be others than the score was fitted on.
Settings of ``--set`` are written into the checkpoint before.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
import sys

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.arguments import parse_overrides
from siam_tracker_ros.cli.fitting import Material, add_options, run
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.settings import describe
from siam_tracker_ros.training.fit_score import check_overrides, fit_score


def main() -> int:
    """Fit, check, and say where the checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', type=Path, metavar='CHECKPOINT')
    parser.add_argument(
        '--tracker', choices=trackers.names(),
        help="whose weights they become, where another one's serve it, as those of siamfc serve "
        'dsiam (the tracker that they belong to)',
    )  # fmt: skip
    add_options(parser)
    return run('fit_score', parser, write)


def write(args: argparse.Namespace, material: Material) -> Path:
    """Write the checkpoint with another score.

    Raises
    ------
    UserError
        A file or a setting is not what it should be, or nothing can be fitted.
    """
    path = weights.prepare(args.out)
    if args.tracker:
        checkpoint = trackers.load_checkpoint(args.tracker, str(args.checkpoint))
    else:
        checkpoint = weights.load(args.checkpoint)
    name = checkpoint.meta.tracker
    if name not in trackers.names():
        raise UserError(
            f'weights {args.checkpoint} belong to {name!r}, which is no tracker: give those of '
            f'one of {", ".join(trackers.names())}; parts of csn and sasiam are joined and '
            'fitted by scripts/join_csn.py and scripts/join_sasiam.py'
        )
    values = parse_overrides(args.set, describe(trackers.settings_class(name)))
    check_overrides(values)
    settings = {**checkpoint.meta.settings, **values}
    # Here it is the user's word that is refused, not the file's.
    trackers.settings_class(name).from_dict(settings)
    checkpoint = replace(checkpoint, meta=replace(checkpoint.meta, settings=settings))
    fitted = fit_score(
        checkpoint, material.tracks, material.easy, args.device, material.command
    )
    return weights.save(path, fitted)


if __name__ == '__main__':
    sys.exit(main())
