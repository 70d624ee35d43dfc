# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Steps of several trackers on the same frames, timed in turns.

Other work on the machine then slows all of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import time
from typing import Any, Protocol

from common import cell, print_facts, print_rows

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import Image
from siam_tracker_ros.rendering import RenderedFrame
from siam_tracker_ros.trackers import Tracker

# Frames that one follows before it is the other's turn, and steps before that are not timed.
TURN, WARM = 5, 3


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
        self.tracker.step(Frame.from_numpy(image, self.tracker.device), [self.target])
        return self.target.box


def take_turns(steps: dict[str, Step], clip: list[RenderedFrame]) -> dict[str, list[float]]:
    """Seconds of each one's steps, which begin with the box of the frame before.

    Nobody follows its own boxes: random weights find anything, and crops of other sizes cost
    other times.
    """
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step.start(clip[0].image, clip[0].box)
        for _ in range(WARM):
            step.step(clip[1].image, clip[0].box)
    order = list(steps)
    for begin in range(1, len(clip), TURN):
        for name in order:
            for index in range(begin, min(begin + TURN, len(clip))):
                # Both end with numbers on the CPU: the device has done its work then.
                start = time.perf_counter()
                steps[name].step(clip[index].image, clip[index - 1].box)
                seconds[name].append(time.perf_counter() - start)
        # Whoever was second finds the images in the cache.
        order.reverse()
    return seconds


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
