# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A DSiamM around a small random network."""

from pathlib import Path
import sys

import pytest
import torch

from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.trackers.dsiam import DSiamTracker
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.trackers.transforming import Transforming

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from dsiam_bench import CPU, PAPER, SMALL, SURE


@pytest.fixture
def network(small_network):
    """A DSiamM around the small random network, in which both layers count."""
    torch.manual_seed(5)
    network = DSiam(**SMALL, layers=[4, 5], lambda_v=0.01, lambda_w=0.1)
    network.load_state_dict({**network.state_dict(), **small_network.state_dict()})
    with torch.no_grad():
        network.shares.fill_(0.3)
    return network.eval()


@pytest.fixture
def make(network):
    """Makes a tracker around it."""
    return lambda way=PAPER, **values: DSiamTracker(
        network, DSiamSettings.from_dict({**SURE, **way, **values}), CPU
    )


@pytest.fixture
def lessons(monkeypatch):
    """What is learned from, in the order of the steps."""
    seen = []
    learn = Transforming.learn

    def look(transforming, lesson):
        seen.append(lesson)
        return learn(transforming, lesson)

    monkeypatch.setattr(Transforming, 'learn', look)
    return seen
