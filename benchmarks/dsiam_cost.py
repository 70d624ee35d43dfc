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
    NEVER_LOST,
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
from turns import TURN, WARM, Ours, take_turns

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
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

# Columns: key in the file, head of the table, digits.
FIGURES = (
    ('ratio', 'ratio', 3), ('low', 'lower quartile', 3), ('high', 'upper quartile', 3),
    ('learned', 'steps that learned', 2),
)  # fmt: skip

Figures = dict[str, Any]


class Follower(Ours):
    """A tracker of one target, which remembers in which steps it learned."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self.learned: list[bool] = []

    def step(self, image: Image, last: Box) -> Box:
        box = super().step(image, last)
        self.learned.append(self.estimate.updated)
        return box


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, print_result))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
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
    steps = {'dsiam': Follower(tracker), 'siamfc': Follower(plain)}
    # Whole turns only.
    whole = clip[: 1 + (len(clip) - 1) // TURN * TURN]
    seconds = take_turns(steps, whole, time.process_time)
    turns = [np.reshape(seconds[name], (-1, TURN)).sum(axis=1) for name in steps]
    low, middle, high = np.percentile(turns[0] / turns[1], [25, 50, 75]).tolist()
    learned = float(np.mean(steps['dsiam'].learned[WARM:]))
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
