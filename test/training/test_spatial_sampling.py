# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.training.pairs import Pair, View
from siam_tracker_ros.training.scenes import SceneMaker
from siam_tracker_ros.training.spatial_sampling import SpatialScenes


@pytest.fixture(scope='module')
def boxes():
    """Boxes of many search crops of a square object, (N, 4)."""
    view = View(torch.zeros(60, 60, 3, dtype=torch.uint8), Box(30.0, 30.0, 20.0, 20.0))
    maker = SceneMaker(SpatialScenes(distractors=0.0, occluders=0.0), 127, 255, 0.5,
                       torch.device('cpu'))
    # Only what is drawn matters here, not the pixels.
    plan = maker._plan([Pair(view, view, 0, 'it')] * 4000, np.random.default_rng(0))
    return torch.tensor(plan.boxes)


@pytest.mark.parametrize('axis', [0, 1])
def test_places_are_uniform_within_64_pixels(boxes, axis):
    # SiamRPN++ 3.1: "a suitable shift (64 pixels) is vital".
    counts = torch.histc(boxes[:, axis], 8, -64.0, 64.0)
    assert boxes[:, axis].abs().max() <= 64.0
    assert counts.sum() == len(boxes)
    assert ((counts / len(boxes) - 1 / 8).abs() < 0.03).all()


def test_sizes_and_aspects_vary(boxes):
    width, height = (boxes[:, 2:] / 63.5).log().unbind(dim=1)
    scale, aspect = (width + height) / 2, width - height
    assert float(scale.abs().max()) == pytest.approx(0.18, abs=0.005)
    assert float(aspect.abs().max()) == pytest.approx(0.25, abs=0.005)
    # Published code goes to 18 % in x and in y, apart: both sides go as far here.
    assert min(width.max(), height.max(), -width.min(), -height.min()) > 0.18


def test_bending_is_refused_because_nobody_knows_the_box():
    with pytest.raises(UserError, match=r'bend is 0\.5: expected 0, because the box'):
        SpatialScenes(bend=0.5)
