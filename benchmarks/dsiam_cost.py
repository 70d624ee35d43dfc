# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a step of ``dsiam`` costs beside one of ``siamfc``, with the same network.

``benchmarks/dsiam_cost.py``: both get the same frames of the rendered clip and begin each of them
with the same box. They take turns, a few frames each, so that other work on the machine slows both
alike, and what is compared is the processor time of this process, in which that work is not
counted. So DSiam is measured as it is by default, with one of its transformations alone, and with
W learned from crops as in the paper; and the same once more with a lesson from each success. A
table is printed and kept as JSON, which the tracker's page shows (``scripts/update_docs.py``).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
import sys
import time
from typing import Any

from common import (
    RESULTS,
    add_table,
    add_timing,
    cell,
    guarded,
    print_facts,
    print_rows,
    timed,
    timing,
)
import numpy as np

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import Image
from siam_tracker_ros.rendering import Clip, RenderedFrame
from siam_tracker_ros.settings import Scalar
from siam_tracker_ros.trackers import Tracker

TABLE = RESULTS / 'dsiam_cost.json'
PARTS: Mapping[str, Mapping[str, Scalar]] = {
    'V and W': {},
    'V alone': {'suppression': 'none'},
    'W alone': {'template': 'first'},
    'V and W, from crops': {'suppression': 'crops'},
}
RULES: Mapping[str, Mapping[str, Scalar]] = {
    'default': {},
    'each success': {'learn_every': 1, 'learn_uncertain': True},
}

# A lost target is searched in another crop, which has nothing to do with what is compared.
NEVER_LOST = {'lost_score': 0.0}
# Frames that one follows before it is the other's turn, and steps before that are not timed. Each
# turn has as many lessons where not every success is one.
TURN, WARM = 4, 4

# Columns: key in the file, head of the table, digits.
FIGURES = (
    ('ratio', 'ratio', 3), ('low', 'lower quartile', 3), ('high', 'upper quartile', 3),
    ('learned', 'steps that learned', 2),
)  # fmt: skip

Figures = dict[str, Any]


class Follower:
    """A tracker of one target, whose steps are timed and whose lessons are counted."""

    def __init__(self, tracker: Tracker, first: RenderedFrame) -> None:
        self.tracker = tracker
        self.target = tracker.start(self._frame(first.image), first.box)
        self.steps = self.learned = 0

    def step(self, image: Image, last: Box) -> float:
        """Processor seconds of a step; the upload of the image belongs to it."""
        self.target.box = last
        begin = time.process_time()
        [estimate] = self.tracker.step(self._frame(image), [self.target])
        seconds = time.process_time() - begin
        self.steps += 1
        self.learned += estimate.updated
        return seconds

    def _frame(self, image: Image) -> Frame:
        return Frame.from_numpy(image, self.tracker.device)


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, print_result))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--weights', default='auto', metavar='FILE',
        help="siamfc's, for both; the shipped ones of each by default, whose features are equal",
    )  # fmt: skip
    add_timing(parser, 'cpu', 121)
    # Threads that wait for each other take processor time, too.
    parser.set_defaults(threads=1)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    if args.device != 'cpu':
        raise UserError(f'--device is {args.device}: expected cpu, whose time is compared')
    if args.frames <= TURN:
        raise UserError(f'--frames is {args.frames}: expected at least {TURN + 1}')
    clip = list(Clip(args.frames))
    plain = trackers.create('siamfc', args.weights, 'cpu', overrides=NEVER_LOST)
    found: dict[str, dict[str, Figures]] = {}
    for rule, values in RULES.items():
        found[rule] = {}
        for part, more in PARTS.items():
            overrides = {**NEVER_LOST, **values, **more}
            tracker = trackers.create('dsiam', args.weights, 'cpu', overrides=overrides)
            found[rule][part] = compare(tracker, plain, clip)
            print(f'{part}, {rule}: {found[rule][part]["ratio"]:.3f}', flush=True)
    return {'run': timing(args, 'cpu'), 'rules': found}


def compare(tracker: Tracker, plain: Tracker, clip: list[RenderedFrame]) -> Figures:
    """How much longer a tracker's turns take than another one's on the same frames."""
    followers = [Follower(one, clip[0]) for one in (tracker, plain)]
    for follower in followers:
        for _ in range(WARM):
            follower.step(clip[1].image, clip[0].box)
        follower.steps = follower.learned = 0
    ratios = []
    order = list(followers)
    for begin in range(1, len(clip) - TURN + 1, TURN):
        seconds = {
            follower: sum(
                follower.step(clip[k].image, clip[k - 1].box) for k in range(begin, begin + TURN)
            )
            for follower in order
        }
        ratios.append(seconds[followers[0]] / seconds[followers[1]])
        # Whoever was second finds the images in the cache.
        order.reverse()
    low, middle, high = np.percentile(ratios, [25, 50, 75]).tolist()
    learned = followers[0].learned / followers[0].steps
    return {'ratio': middle, 'low': low, 'high': high, 'learned': learned}


def print_result(result: dict[str, Any]) -> None:
    print_facts(result['run'])
    header = ['learned from', 'transformed by', *(title for _, title, _ in FIGURES)]
    rows = [
        [rule, part, *(cell(row[key], digits) for key, _, digits in FIGURES)]
        for rule, parts in result['rules'].items()
        for part, row in parts.items()
    ]
    print_rows(header, *rows)


if __name__ == '__main__':
    sys.exit(main())
