# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import json
from pathlib import Path

import numpy as np
import pytest

from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence

REFERENCE = Path(__file__).parents[1] / 'reference' / 'vot.json'


@pytest.fixture(scope='session')
def reference():
    """What vot-toolkit says: see scripts/reference_vot.py."""
    return json.loads(REFERENCE.read_text())


@pytest.fixture(scope='session')
def make_sequence():
    """Make a sequence without images; None where the target is absent."""

    def make(boxes, name='s', **facts):
        rows = [(np.nan,) * 4 if box is None else box for box in boxes]
        images = tuple(Path(f'{index}.png') for index in range(len(rows)))
        return Sequence(name, images, np.array(rows, np.float64), **facts)

    return make


@pytest.fixture(scope='session')
def make_trace():
    """Make a trace from boxes, and events or scores; without events it is one pass."""

    def make(boxes, events=None, scores=None):
        trace = Trace.empty(len(boxes))
        trace.boxes[:] = boxes
        trace.events[:] = [INIT] + [TRACKED] * (len(boxes) - 1) if events is None else events
        trace.boxes[trace.events == 'skipped'] = np.nan
        if scores is not None:
            trace.scores[:] = scores
        return trace

    return make


@pytest.fixture(scope='session')
def still(make_sequence):
    """A target that stands still for 30 images."""
    return make_sequence([[10, 20, 40, 30]] * 30)
