# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker without a network: follows the brightest blob, and fails on request."""

import math
import time

import torch

from siam_tracker_ros.geometry import Box, SearchWindow
from siam_tracker_ros.trackers import Estimate, Response, State, Target, Tracker
from siam_tracker_ros.trackers.siamfc import SiamFCSettings


class CountingResponse(Response):
    """A response map that counts how often it is copied to the host."""

    copies = 0

    def probabilities(self):
        CountingResponse.copies += 1
        return super().probabilities()


class FakeTracker(Tracker):
    """Puts the box of each target on the bright pixels of the frame."""

    def __init__(self):
        self.device = torch.device('cpu')
        self.settings = SiamFCSettings()
        self.steps = 0
        self.starts = 0
        self.seconds = 0.0
        self.memory_errors = 0
        self.memory_error = torch.cuda.OutOfMemoryError('tried to allocate 2.00 GiB')
        self.error = None
        self.spoil = None
        self.state = State.TRACKING

    def with_settings(self, settings):
        self.settings = settings
        return self

    def start(self, frame, box):
        self.starts += 1
        self._fail()
        return Target(box)

    def step(self, frame, targets):
        self.steps += 1
        time.sleep(self.seconds)
        self._fail()
        return [self._find(frame, target) for target in targets]

    def _fail(self):
        if self.memory_errors:
            self.memory_errors -= 1
            raise self.memory_error
        if self.error is not None:
            raise self.error

    def _find(self, frame, target):
        ys, xs = torch.nonzero(frame.pixels.float().mean(dim=2) > 200, as_tuple=True)
        if len(xs):
            centre = float(xs.float().mean()) + 0.5, float(ys.float().mean()) + 0.5
            target.box = Box(*centre, target.box.w, target.box.h)
        box = target.box
        score = 0.9
        if self.spoil == 'box':
            box = Box(math.nan, box.cy, box.w, box.h)
        if self.spoil == 'score':
            score = math.nan
        if self.spoil == 'outside':
            box = Box(box.cx + 1e4, box.cy, box.w, box.h)
        logits = torch.zeros(5, 5)
        logits[2, 2] = math.nan if self.spoil == 'map' else 4.0
        window = SearchWindow(box.cx, box.cy, 4 * box.w)
        # The last of its parts does not count.
        parts = {name: CountingResponse(logits / 2, window) for name in self.parts[:-1]}
        target.state = self.state
        return Estimate(
            box, score, 4.0, None, self.state, False, 'never learns',
            CountingResponse(logits, window), parts,
        )  # fmt: skip
