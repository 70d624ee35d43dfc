# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A cascade around a small random network, and what its subnetworks are made to see."""

import math
from pathlib import Path
import sys

import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.models.cascaded import CascadedSiamese
from siam_tracker_ros.trackers.csn import CSNSettings, CSNTracker

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from csn_bench import FITTED, SMALL, SURE, bumps

CPU = torch.device('cpu')


def small_network():
    torch.manual_seed(0)
    matching = {'widths': [8, 8, 16], 'depths': [2, 2]}
    return CascadedSiamese(matching, {'widths': [8, 12, 16], 'hidden': 24}).eval()


@pytest.fixture
def make():
    """Makes a tracker around a small random network."""
    return lambda **values: CSNTracker(
        small_network(), CSNSettings.from_dict({**SMALL, **SURE, **values}), CPU
    )


@pytest.fixture(scope='module')
def shipped_csn():
    if not any(entry.tracker == 'csn' for entry in weights.entries()):
        pytest.skip('no csn weights ship with this checkout')
    return trackers.create('csn', device='cpu', overrides=FITTED)


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture())


@pytest.fixture
def show(monkeypatch):
    """Makes a tracker's matching subnetwork see these bumps; the fine map has one in its middle.

    Heights may be lists, one of each target.
    """

    def show(tracker, *peaks, fine=2.0):
        def search(template, x):
            cells = (x.shape[-1] - 127) // 8 + 1
            shown = [(0, 0, fine)] if cells == 5 else peaks
            maps = [
                bumps(cells, *((c, r, h[n] if isinstance(h, list) else h) for c, r, h in shown))
                for n in range(len(x))
            ]
            return torch.stack(maps).unsqueeze(1).repeat(1, x.shape[1], 1, 1)

        monkeypatch.setattr(tracker.network.matching, 'search', search)

    return show


@pytest.fixture
def prefer(monkeypatch):
    """Makes a tracker's classifier see these places, the best one first; returns all calls.

    Of several boxes at one place the largest is the best. Elsewhere the margin is -1.
    """

    def prefer(tracker, *places, margin=3.0):
        calls = []

        def margins(frame, targets, boxes):
            calls.append([b.clone() for b in boxes])
            return [torch.tensor([score(b) for b in some.tolist()]) for some in boxes]

        def score(box):
            for rank, (x, y) in enumerate(places):
                if math.hypot(box[0] - x, box[1] - y) < 4:
                    return margin - rank + box[2] / 1000
            return -1.0

        monkeypatch.setattr(tracker.classifier, 'margins', margins)
        return calls

    return prefer
