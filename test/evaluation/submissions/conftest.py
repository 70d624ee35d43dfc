# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest

from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence


@pytest.fixture
def make_sequence():
    """A sequence of images that nobody opens."""

    def make(name='one', count=4):
        boxes = np.arange(4 * count, dtype=float).reshape(count, 4) + 1
        return Sequence(name, tuple(Path(f'{n}.jpg') for n in range(count)), boxes)

    return make


@pytest.fixture
def perfect():
    """The trace of a tracker that says what is true."""

    def trace(sequence, seconds=0.025):
        count = len(sequence.images)
        found = Trace.empty(count)
        found.boxes[:] = sequence.boxes
        found.events[:] = [INIT] + [TRACKED] * (count - 1)
        found.seconds[:] = seconds
        found.scores[1:] = np.linspace(0.5, 0.75, count - 1)
        return found

    return trace
