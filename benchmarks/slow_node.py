# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The program of the tracker node, with a tracker that takes its time and says so.

``SLOW_LOAD`` and ``SLOW_SEARCH`` in the environment are the seconds that it takes to load and to
search in an image after the warm-up: for what happens in the middle of that.
"""

from __future__ import annotations

from collections.abc import Sequence
import os
import time
from typing import Any

import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.process import run
from siam_tracker_ros.node.warmup import SIDE
from siam_tracker_ros.settings import Settings
from siam_tracker_ros.trackers import Estimate, State, Target, Tracker
from siam_tracker_ros.trackers.siamfc import SiamFCSettings

LOADING, SEARCHING = 'the tracker loads', 'the tracker searches'


class SlowTracker(Tracker):
    """Finds each target where it was, after a while."""

    def __init__(self, seconds: float) -> None:
        self.device = torch.device('cpu')
        self.settings = SiamFCSettings()
        self.seconds = seconds

    def with_settings(self, settings: Settings) -> SlowTracker:
        return self

    def start(self, frame: Frame, box: Box) -> Target:
        return Target(box)

    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        # The warm-up's target is known by its size.
        if any(target.box.w != SIDE for target in targets):
            print(SEARCHING, flush=True)
            time.sleep(self.seconds)
        return [
            Estimate(target.box, 0.9, 4.0, None, State.TRACKING, False, 'never learns', None)
            for target in targets
        ]


def create(*arguments: Any, **options: Any) -> Tracker:
    print(LOADING, flush=True)
    time.sleep(float(os.environ.get('SLOW_LOAD', '0')))
    return SlowTracker(float(os.environ.get('SLOW_SEARCH', '0')))


if __name__ == '__main__':
    # Before the node's module is imported: it takes what is there then.
    trackers.create = create
    from siam_tracker_ros.node.tracker_node import main

    run(main)
