# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a step costs with torch and with ONNX Runtime, for each tracker that has graphs.

``benchmarks/engines.py [--trackers NAME…] [--threads 2]``: both backends get the same frames of
the rendered clip with the shipped weights, and begin each of them with the same box. They take
turns, a few frames each, so that other work on the machine slows both alike. Before that they must
find the same boxes. Uploading, cropping and choosing belong to a step and are torch's in both. A
table is printed and kept as JSON, which the page on exports shows (``scripts/update_docs.py``).
"""

from __future__ import annotations

import argparse
from itertools import pairwise
import sys
from typing import Any

from common import (
    RESULTS,
    add_table,
    add_timing,
    described,
    guarded,
    timed,
    timing,
)
import numpy as np
from turns import Ours, print_compared, take_turns

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.rendering import Clip, RenderedFrame
from siam_tracker_ros.runtime import BACKENDS, ONNXRUNTIME, TORCH

TABLE = RESULTS / 'engines.json'
NAMES = ('siamfc', 'sasiam', 'siamrpnpp', 'crpn', 'csn')

# By how many pixels the boxes of a frame may differ.
TOLERANCE = 0.1

Figures = dict[str, Any]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, print_result))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument(
        '--trackers', nargs='+', default=NAMES, metavar='NAME', help=f'({" ".join(NAMES)})'
    )
    add_timing(parser, 'cpu', 40)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    clip = list(Clip(args.frames))
    rows = {name: compare(name, args.device, clip) for name in args.trackers}
    return {'run': timing(args, args.device), 'trackers': rows}


def compare(name: str, device: str, clip: list[RenderedFrame]) -> Figures:
    """Milliseconds of each backend's steps, the ratio of their medians, and how they agree.

    Raises
    ------
    UserError
        They do not find the same boxes.
    """
    steps = {b: Ours(trackers.create(name, device=device, backend=b)) for b in BACKENDS}
    apart = disagreement(list(steps.values()), clip)
    if not apart <= TOLERANCE:
        raise UserError(
            f'{name}: the boxes of the two backends differ by {apart:.2f} px, expected at most '
            f'{TOLERANCE:g} px: times of steps that do not compute the same say nothing; please '
            'report it'
        )
    figures: Figures = {'apart': apart}
    for backend, seconds in take_turns(steps, clip).items():
        p50, p95 = (1000 * np.percentile(seconds, [50, 95])).tolist()
        figures[backend] = {'p50': p50, 'p95': p95}
    figures['ratio'] = figures[TORCH]['p50'] / figures[ONNXRUNTIME]['p50']
    print(f'{name}: ONNX Runtime is {figures["ratio"]:.2f} times as quick', flush=True)
    return figures


def disagreement(steps: list[Ours], clip: list[RenderedFrame]) -> float:
    """How many pixels the boxes of the two differ at most, each from the same box before."""
    for step in steps:
        step.start(clip[0].image, clip[0].box)
    apart = 0.0
    for before, now in pairwise(clip):
        a, b = (step.step(now.image, before.box) for step in steps)
        # A NaN stays one.
        apart = float(np.maximum(apart, np.abs(np.subtract(a.ltrb, b.ltrb)).max()))
    return apart


def print_result(result: dict[str, Any]) -> None:
    print_compared(result['run'], result['trackers'], BACKENDS, 'ratio')


if __name__ == '__main__':
    sys.exit(main())
