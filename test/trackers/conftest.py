# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An object that is drawn where a test wants it."""

from pathlib import Path
import sys

import pytest

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import require_cv2

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
