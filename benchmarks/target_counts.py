#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a step costs with 1, 2, 4 … 32 targets, with the weights that ship.

``benchmarks/target_counts.py [--trackers NAME…] [--counts N…] [--device cpu]``: the targets lie
side by side in the rendered clip, and each begins each frame where it was placed, so none is ever
lost. All numbers of targets take turns, a few frames each, so that other work on the machine slows
all of them alike. A table is printed, and kept as JSON and as a plot, which the page about speed
shows (``scripts/update_docs.py``).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
import sys
from typing import Any

from common import (
    NEVER_LOST,
    RESULTS,
    ROOT,
    add_table,
    add_timing,
    cell,
    described,
    guarded,
    picture_file,
    print_facts,
    print_rows,
    timed,
    timing,
)
import numpy as np
from turns import TURN, in_turns

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.reporting import require_report
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.rendering import HEIGHT, WIDTH, Clip
from siam_tracker_ros.runtime import resolve_device
from siam_tracker_ros.trackers import Estimate, Tracker

TABLE = RESULTS / 'target_counts.json'
PLOT = ROOT / 'docs' / 'images' / 'target_counts.svg'
COUNTS = (1, 2, 4, 8, 16, 32)
MOST = 64

# Side of a target in pixels, and columns that they are laid in.
SIDE, COLUMNS = 48.0, 8

Figures = dict[str, dict[str, float]]


class Group:
    """Some targets of one tracker."""

    def __init__(self, tracker: Tracker, first: Frame, count: int) -> None:
        self.tracker = tracker
        self.boxes = places(count)
        self.targets = [tracker.start(first, box) for box in self.boxes]

    def step(self, frame: Frame) -> list[Estimate]:
        """Follow all targets from where they were placed."""
        for target, box in zip(self.targets, self.boxes):
            target.box = box
        return self.tracker.step(frame, self.targets)


def places(count: int) -> list[Box]:
    """Boxes side by side, about the middle of an image of the clip.

    Parameters
    ----------
    count : int
        At most `MOST`.
    """
    rows = -(-count // COLUMNS)
    across, down = WIDTH / COLUMNS, HEIGHT / (MOST // COLUMNS)
    top = (HEIGHT - rows * down) / 2
    return [
        Box((k % COLUMNS + 0.5) * across, top + (k // COLUMNS + 0.5) * down, SIDE, SIDE)
        for k in range(count)
    ]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    require_report()
    picture_file(args.plot)
    return timed(args, measure, lambda table: show(table, args.plot))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument(
        '--trackers', nargs='+', choices=trackers.names(), default=trackers.names(),
        metavar='NAME', help='all by default',
    )  # fmt: skip
    parser.add_argument(
        '--counts', nargs='+', type=int, default=list(COUNTS), metavar='N',
        help='numbers of targets, rising, the first one 1 (%(default)s)',
    )  # fmt: skip
    add_timing(parser, 'auto', 41)
    add_table(parser, TABLE)
    parser.add_argument('--plot', type=Path, default=PLOT, metavar='SVG', help='receives the plot')
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    check_counts(args.counts)
    if args.frames <= TURN:
        raise UserError(f'--frames is {args.frames}: expected at least {TURN + 1}')
    device = resolve_device(args.device)
    images = [rendered.image for rendered in Clip(args.frames)]
    found: dict[str, Figures] = {}
    for name in args.trackers:
        tracker = trackers.create(name, device=args.device, overrides=NEVER_LOST)
        first, *frames = (Frame.from_numpy(image, device) for image in images)
        steps = {str(n): Group(tracker, first, n).step for n in args.counts}
        found[name] = figures(in_turns(steps, frames))
        costs = ', '.join(f'{n}: {row["p50"]:.1f}' for n, row in found[name].items())
        print(f'{name}, median ms by targets: {costs}', flush=True)
    return {'run': timing(args, device), 'trackers': found}


def check_counts(counts: Sequence[int]) -> None:
    """Refuse numbers of targets that cannot be compared with one, or that have no place."""
    if counts[0] != 1 or list(counts) != sorted(set(counts)) or counts[-1] > MOST:
        raise UserError(
            f'--counts is {" ".join(map(str, counts))}: expected rising numbers from 1 to '
            f'{MOST}, the first one 1'
        )


def figures(seconds: Mapping[str, Sequence[float]]) -> Figures:
    """Milliseconds of the steps with each number of targets, and how many times those of one."""
    found: Figures = {}
    one = float(np.median(seconds['1']))
    for count, times in seconds.items():
        p50, p95 = np.percentile(times, [50, 95]).tolist()
        found[count] = {'p50': 1000 * p50, 'p95': 1000 * p95, 'ratio': p50 / one}
    return found


def show(table: dict[str, Any], plot: Path) -> None:
    """Print what was measured, and draw it."""
    print_facts(table['run'])
    counts = list(next(iter(table['trackers'].values())))
    rows = [
        [name, *(f'{cell(row["p50"], 1)} ({cell(row["ratio"], 1)})' for row in found.values())]
        for name, found in table['trackers'].items()
    ]
    print_rows(['median ms (times one)', *counts], *rows)
    draw(table['trackers'], plot)


def draw(found: dict[str, Figures], path: Path) -> None:
    """Median milliseconds of a step for each target, over the number of targets."""
    # Late: they need packages that the rest does not.
    from siam_tracker_ros.evaluation.report.drawn import Entry, draw_picture
    from siam_tracker_ros.evaluation.report.figures import Line, draw_lines
    from siam_tracker_ros.evaluation.report.palette import tracker_styles

    styles = tracker_styles(tuple(found))
    lines, entries = [], []
    for position, (name, rows) in enumerate(found.items()):
        counts = np.array([float(count) for count in rows])
        each = np.array([row['p50'] for row in rows.values()]) / counts
        lines.append(Line(position, styles[name], counts, each))
        entries.append(Entry.of_tracker(name, f'{each[-1]:.1f} ms', styles[name], position))
    picture = draw_lines(lines, 'targets', 'ms of a step for each target')
    draw_picture('Cost of a target among others', picture, entries, path)


if __name__ == '__main__':
    sys.exit(main())
