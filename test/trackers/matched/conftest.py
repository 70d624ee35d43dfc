# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam and SA-Siam around small random networks, and the responses that they are made to see."""

from pathlib import Path
import sys

import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.trackers.dsiam import DSiamTracker
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.trackers.sasiam import SASiamTracker
from siam_tracker_ros.trackers.sasiam_settings import SASiamSettings

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from matched_bench import CPU, SURE
from short_lessons import ONLINE


@pytest.fixture
def make(small_network, twofold):
    """Makes a tracker around a small random network."""

    def make(name, classification=None, **values):
        if name == 'sasiam':
            settings = SASiamSettings.from_dict({**SURE, **values})
            return SASiamTracker(twofold, settings, CPU, classification=classification)
        network = DSiam(widths=[8, 16, 16, 16, 16], groups=2)
        network.load_state_dict({**network.state_dict(), **small_network.state_dict()})
        # All that is finite is a success.
        settings = DSiamSettings.from_dict({**SURE, 'success_peak': -1e6, **values})
        return DSiamTracker(network.eval(), settings, CPU, classification=classification)

    return make


@pytest.fixture
def make_online(make, small_classification):
    """Makes a tracker whose targets are learned by a small random classifier."""

    def make_online(name, **values):
        return make(name, small_classification, **{**ONLINE, **values})

    return make_online


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture())


@pytest.fixture
def show(monkeypatch):
    """Makes a tracker's network see peaks: (x, y, logit), in cells from the middle of the map."""

    def show(tracker, *peaks):
        compare = tracker.matcher.compare

        def shown(targets, crops):
            maps = torch.full_like(compare(targets, crops), -9.0)
            middle = maps.shape[-1] // 2
            for x, y, logit in peaks:
                maps[..., middle + y, middle + x] = logit
            return maps

        monkeypatch.setattr(tracker.matcher, 'compare', shown)

    return show
