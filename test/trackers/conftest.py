# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An object that is drawn where a test wants it, small networks, and what a classifier says."""

import math
from pathlib import Path
import sys

import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import require_cv2
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.models.sasiam import SASiam

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))


class Square:
    """A drawn object of 44 x 44 pixels that moves over a textured picture."""

    side = 44

    def __init__(self, texture):
        self.background = texture(240, 320, 0)
        self.patch = texture(self.side, self.side, 50)
        self.patch[8:36, 8:36] = (30, 60, 220)
        self.patch[16:28, 16:28] = (230, 230, 40)

    def box(self, x, y):
        return Box.from_ltwh(x, y, self.side, self.side)

    def frame(self, *places, twin=None):
        """The object at some places, and one of the same shape and other colours."""
        image = self.background.copy()
        if twin is not None:
            x, y = twin
            image[y : y + self.side, x : x + self.side] = 255 - self.patch
        for x, y in places:
            image[y : y + self.side, x : x + self.side] = self.patch
        return Frame.from_numpy(image)

    def zoomed(self, cx, cy, factor):
        """The object with its centre there and another size: a frame and its box."""
        side = round(self.side * factor)
        x, y = round(cx - side / 2), round(cy - side / 2)
        image = self.background.copy()
        cv2 = require_cv2()
        image[y : y + side, x : x + side] = cv2.resize(
            self.patch, (side, side), interpolation=cv2.INTER_AREA
        )
        return Frame.from_numpy(image), Box.from_ltwh(x, y, side, side)


@pytest.fixture
def square(texture):
    return Square(texture)


@pytest.fixture
def small_classification():
    """A small random classifier of targets."""
    torch.manual_seed(1)
    return ClassificationNetwork(widths=[8, 12, 16], hidden=24)


@pytest.fixture
def twofold(small_network):
    """Two small random branches of SA-Siam, whose maps are of one size."""
    torch.manual_seed(7)
    arguments = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
    semantic = {'backbone': 'siamfc_alexnet', 'arguments': arguments, 'channels': (6, 6)}
    network = SASiam(arguments, semantic)
    network.appearance.load_state_dict(small_network.state_dict())
    return network.eval()


@pytest.fixture
def prefer(monkeypatch):
    """Makes a tracker's classifier give margins to places, (x, y, margin), and -1 elsewhere.

    Returns the boxes of all calls.
    """

    def prefer(tracker, *places):
        calls = []

        def score(box):
            near = [m for x, y, m in places if math.hypot(box[0] - x, box[1] - y) < 4]
            return near[0] if near else -1.0

        def margins(frame, targets, boxes):
            calls.append([b.clone() for b in boxes])
            return [torch.tensor([score(b) for b in some.tolist()]) for some in boxes]

        following = getattr(tracker, 'following', tracker)
        monkeypatch.setattr(following.teacher.classifier, 'margins', margins)
        return calls

    return prefer
