#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a frame goes, tracker by tracker, and the floor beside it.

``benchmarks/speed.py [--trackers NAME…] [--device cpu]``: each tracker follows the target of the
rendered clip, in each frame once for the whole of a step and once for its stages. The floor is the
time that this machine needs at least for the sums of a step, at the rate at which it multiplies
large matrices, and for reading the weights once, at the rate at which it copies memory; both are
measured in between. A table is printed and kept as JSON, which the page about speed shows
(``scripts/update_docs.py``). Other work on the machine shows in all figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
import sys
import time
from typing import Any

from common import (
    RESULTS,
    add_table,
    add_timing,
    cell,
    described,
    guarded,
    print_facts,
    print_rows,
    timed,
    timing,
)
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from siam_tracker_ros import trackers
from siam_tracker_ros.evaluation.subjects import LibrarySubject
from siam_tracker_ros.rendering import Clip, RenderedFrame
from siam_tracker_ros.runtime import resolve_device
from siam_tracker_ros.stages import STAGES, record
from siam_tracker_ros.trackers import Tracker

TABLE = RESULTS / 'speed.json'

# Steps that are not timed, and repetitions of what the machine can do.
WARM, REPEATS = 2, 7
# Sides of the matrices, and bytes of the memory that is copied: larger than any cache.
SIDE, COPIED = 2048, 1 << 28

# Columns: key in the file, head of the table, digits.
FIGURES = (
    ('p50', 'median', 1), ('p95', 'p95', 1), ('p99', 'p99', 1),
    *((name, name, 2) for name in STAGES),
    ('floor', 'floor', 2), ('ratio', 'median / floor', 1),
)  # fmt: skip


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, show))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument(
        '--trackers', nargs='+', choices=trackers.names(), default=trackers.names(),
        metavar='NAME', help='all by default',
    )  # fmt: skip
    add_timing(parser, 'auto', 101)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    device = resolve_device(args.device)
    clip = list(Clip(args.frames + WARM))
    found = {}
    for name in args.trackers:
        tracker = trackers.create(name, device=args.device)
        steps, stages = both_times(tracker, clip)
        sums, weights = work(tracker, clip)
        # In between, so that the floor is that of the machine as it is now.
        floor = sums / matrix_rate(device) + weights / copy_rate(device)
        found[name] = figures(steps, stages, floor)
        print(f'{name}: {1000 * float(np.median(steps)):.1f} ms', flush=True)
    return {'run': timing(args, device), 'trackers': found}


def started(tracker: Tracker, first: RenderedFrame) -> LibrarySubject:
    """A tracker on its way through the clip."""
    subject = LibrarySubject('', tracker)
    subject.start(first.image, first.box)
    return subject


def both_times(
    tracker: Tracker, clip: Sequence[RenderedFrame]
) -> tuple[list[float], dict[str, float]]:
    """Seconds of each step, and mean seconds of its stages.

    A stage that waits for its device slows the whole down, so that each frame is stepped through
    twice, one after the other: other work on the machine then shows in both alike.
    """
    whole, split = started(tracker, clip[0]), started(tracker, clip[0])
    steps, totals = [], dict.fromkeys(STAGES, 0.0)
    for rendered in clip[1:]:
        begin = time.perf_counter()
        whole.step(rendered.image)
        wait(tracker.device)
        steps.append(time.perf_counter() - begin)
        with record() as seconds:
            split.step(rendered.image)
        for name, value in seconds.items():
            totals[name] += value
    return steps[WARM:], {name: total / (len(clip) - 1) for name, total in totals.items()}


def work(tracker: Tracker, clip: Sequence[RenderedFrame]) -> tuple[float, float]:
    """Floating-point operations of a mean step, and bytes of the weights."""
    subject = started(tracker, clip[0])
    with FlopCounterMode(display=False) as counter:
        for rendered in clip[1:]:
            subject.step(rendered.image)
    # Each tracker has its network under this name.
    network: torch.nn.Module = tracker.network  # type: ignore[attr-defined]
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    return counter.get_total_flops() / (len(clip) - 1), float(weights)


def matrix_rate(device: torch.device) -> float:
    """Floating-point operations per second of a product of large matrices."""
    one, other = (torch.rand(SIDE, SIDE, device=device) for _ in range(2))
    return 2.0 * SIDE**3 / fastest(lambda: one @ other, device)


def copy_rate(device: torch.device) -> float:
    """Bytes per second that are read while memory is copied."""
    one = torch.zeros(COPIED, dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    return COPIED / fastest(lambda: other.copy_(one), device)


def fastest(call: Callable[[], object], device: torch.device) -> float:
    """Seconds of the fastest of some calls: the floor is what the machine can do."""
    seconds = []
    for _ in range(REPEATS):
        wait(device)
        begin = time.perf_counter()
        call()
        wait(device)
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def figures(
    steps: Sequence[float], stages: Mapping[str, float], floor: float
) -> dict[str, float]:
    """Milliseconds, and how many times the floor a median step takes."""
    p50, p95, p99 = (1000 * np.percentile(steps, [50, 95, 99])).tolist()
    return {
        'p50': p50,
        'p95': p95,
        'p99': p99,
        **{name: 1000 * seconds for name, seconds in stages.items()},
        'floor': 1000 * floor,
        'ratio': p50 / (1000 * floor),
    }


def show(table: dict[str, Any]) -> None:
    print_facts(table['run'])
    rows = [
        [name, *(cell(row[key], digits) for key, _, digits in FIGURES)]
        for name, row in table['trackers'].items()
    ]
    print_rows(['ms', *(title for _, title, _ in FIGURES)], *rows)


if __name__ == '__main__':
    sys.exit(main())
