# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Steps of several trackers on the same frames, timed in turns.

Other work on the machine then slows all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import time
from typing import Any, Protocol, TypeVar

from common import cell, print_facts, print_rows

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import Image
from siam_tracker_ros.rendering import RenderedFrame
from siam_tracker_ros.trackers import Tracker

# Frames that one follows before it is the other's turn, and steps before that are not timed. Both
# are even: each turn of a tracker that learns in one of two frames has as many lessons.
TURN, WARM = 4, 4

T = TypeVar('T')


class Step(Protocol):
    """A tracker of one target, to be timed."""

    def start(self, image: Image, box: Box) -> None: ...

    def step(self, image: Image, last: Box) -> Box:
        """Where the target is in an image, after it was in `last`."""


class Ours:
    """The package's tracker, as a user has it: the upload of the image belongs to a step."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker

    def start(self, image: Image, box: Box) -> None:
        self.target = self.tracker.start(Frame.from_numpy(image, self.tracker.device), box)

    def step(self, image: Image, last: Box) -> Box:
        self.target.box = last
        frame = Frame.from_numpy(image, self.tracker.device)
        [self.estimate] = self.tracker.step(frame, [self.target])
        return self.target.box


def in_turns(
    works: Mapping[str, Callable[[T], object]],
    items: Sequence[T],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each one's work on each item, `TURN` items at a time.

    Each work must end with numbers on the CPU: the device has done its part then.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        for _ in range(WARM):
            work(items[0])
    order = list(works)
    for begin in range(0, len(items), TURN):
        for name in order:
            for item in items[begin : begin + TURN]:
                start = clock()
                works[name](item)
                seconds[name].append(clock() - start)
        # Whoever was second finds the images in the cache.
        order.reverse()
    return seconds


def take_turns(
    steps: Mapping[str, Step],
    clip: Sequence[RenderedFrame],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each one's steps, which begin with the box of the frame before.

    Nobody follows its own boxes: random weights find anything, and crops of other sizes cost
    other times.
    """
    for step in steps.values():
        step.start(clip[0].image, clip[0].box)

    def work(step: Step) -> Callable[[tuple[RenderedFrame, Box]], object]:
        return lambda pair: step.step(pair[0].image, pair[1])

    pairs = list(zip(clip[1:], [frame.box for frame in clip]))
    return in_turns({name: work(step) for name, step in steps.items()}, pairs, clock)


def print_compared(
    run: Mapping[str, str],
    found: Mapping[str, Mapping[str, Any]],
    steps: Sequence[str],
    ratio: str,
) -> None:
    """Print median and 95th percentile of two steps, in milliseconds, and how they compare."""
    print_facts(run)
    rows = [
        [
            name,
            *(cell(row[step][key], 1) for step in steps for key in ('p50', 'p95')),
            cell(row['ratio'], 2),
        ]
        for name, row in found.items()
    ]
    titles = [f'{step} {key}' for step in steps for key in ('p50', 'p95')]
    print_rows(['step (ms)', *titles, ratio], *rows)
