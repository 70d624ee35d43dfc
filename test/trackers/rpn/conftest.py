# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker by proposals around a small random network, and what the network is made to see."""

from pathlib import Path
import sys

import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.models.proposing import Proposals
from siam_tracker_ros.trackers.rpn import RPNTracker
from siam_tracker_ros.trackers.rpn_settings import RPNSettings

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from rpn_bench import CPU, NETWORKS, SURE
from short_lessons import ONLINE


@pytest.fixture
def make():
    """Makes a tracker around a small random network."""

    def make(name='siamrpnpp', classification=None, **values):
        torch.manual_seed(0)
        settings = {**SURE, 'lost_search_size': 383, **values}
        return RPNTracker(
            NETWORKS[name](), RPNSettings.from_dict(settings), CPU, classification=classification
        )

    return make


@pytest.fixture
def make_online(make, small_classification):
    """Makes a tracker whose targets are learned by a small random classifier."""

    def make_online(name='siamrpnpp', **values):
        return make(name, small_classification, **{**ONLINE, **values})

    return make_online


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture())


@pytest.fixture
def show(monkeypatch):
    """Makes a tracker's network see boxes, in pixels of the crop from its middle.

    One (box, logit) for each target, or one for all.
    """

    def show(tracker, *found):
        def propose(template, x):
            n, cells = len(x), (x.shape[-1] - 127) // 8 + 1
            logits = torch.full((n, 5, cells, cells), -9.0)
            boxes = torch.empty(n, 4, 5, cells, cells)
            for k in range(n):
                box, logit = found[k % len(found)]
                column, row = (
                    min(max(round(v / 8 + (cells - 1) / 2), 0), cells - 1) for v in box[:2]
                )
                logits[k, 2, row, column] = logit
                boxes[k] = torch.tensor(box).view(4, 1, 1, 1)
            return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))

        monkeypatch.setattr(tracker.network, 'propose', propose)

    return show


@pytest.fixture
def show_all(monkeypatch):
    """Makes a tracker's network see several boxes of each target, in pixels of the crop."""

    def show_all(tracker, *found):
        def propose(template, x):
            n, cells = len(x), (x.shape[-1] - 127) // 8 + 1
            logits = torch.full((n, 5, cells, cells), -9.0)
            boxes = torch.tensor(found[0][0]).view(1, 4, 1, 1, 1).repeat(n, 1, 5, cells, cells)
            for box, logit in found:
                column, row = (round(v / 8 + (cells - 1) / 2) for v in box[:2])
                logits[:, 2, row, column] = logit
                boxes[:, :, 2, row, column] = torch.tensor(box)
            return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))

        monkeypatch.setattr(tracker.network, 'propose', propose)

    return show_all
