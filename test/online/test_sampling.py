# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.online.sampling import (
    Spread,
    aspect,
    box_row,
    gaussian,
    overlaps,
    sample,
    uniform,
    whole,
)

TARGET = Box(160.0, 120.0, 40.0, 60.0)
IMAGE = (320, 240)
EVERYWHERE = (0.0, 1.0)
DRAWS = {
    'gaussian': gaussian(Spread(0.1, 5.0)),
    'uniform': uniform(Spread(2.0, 5.0)),
    'aspect': aspect(Spread(0.3, 10.0), 2.0),
    'whole': whole(*IMAGE, 5.0),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(draw, count=20000):
    """Boxes of the target, and their changes against it: shift in mean sides, steps of scale."""
    row = box_row(TARGET)
    boxes = draw(row, count, generator())
    shift = (boxes[:, :2] - row[:2]) / row[2:].mean()
    steps = (boxes[:, 2:] / row[2:]).log() / torch.tensor(1.05).log()
    return boxes, shift, steps


boxes = st.builds(Box, *[st.floats(-50, 350)] * 2, *[st.floats(1, 200)] * 2)


@given(boxes, boxes)
def test_overlaps_are_those_of_boxes(one, other):
    found = overlaps(box_row(one).double(), box_row(other).double().unsqueeze(0))
    assert float(found) == pytest.approx(one.iou(other), abs=1e-4)


def test_gaussian_boxes_have_the_deviation_of_mdnet():
    _, shift, steps = drawn(gaussian(Spread(0.6, 4.0)))
    # Half a normal variate cut at two deviations: 0.88 of its deviation is left to either side.
    for values, spread in ((shift[:, 0], 0.6), (shift[:, 1], 0.6), (steps[:, 0], 4.0)):
        assert abs(float(values.mean())) < 0.02 * spread
        assert float(values.std()) == pytest.approx(0.5 * 0.96 * spread, rel=0.03)
        assert float(values.abs().max()) <= spread * 1.001
    torch.testing.assert_close(steps[:, 0], steps[:, 1], atol=1e-3, rtol=1e-3)


def test_uniform_boxes_fill_their_range():
    _, shift, steps = drawn(uniform(Spread(2.0, 5.0)))
    for values, spread in ((shift[:, 0], 2.0), (shift[:, 1], 2.0), (steps[:, 0], 5.0)):
        assert float(values.std()) == pytest.approx(spread / 3**0.5, rel=0.03)
        assert float(values.abs().max()) <= spread * 1.001
    torch.testing.assert_close(steps[:, 0], steps[:, 1], atol=1e-3, rtol=1e-3)


def test_aspects_change_the_shape():
    _, _, steps = drawn(aspect(Spread(0.3, 10.0), 2.0))
    relative = steps[:, 0] - steps[:, 1]
    assert float(relative.abs().max()) <= 4.01
    assert float(relative.abs().max()) > 3.5
    assert float(steps.abs().max()) <= 12.01


def test_whole_boxes_have_their_centres_all_over_the_image():
    found, _, steps = drawn(whole(*IMAGE, 5.0))
    for axis, size in enumerate(IMAGE):
        quarter = found[:, axis].div(size / 4).long().bincount(minlength=4).float()
        assert quarter.numel() == 4
        assert quarter.min() > 0.23 * len(found)
    assert float(steps.abs().max()) <= 5.01


@pytest.mark.parametrize(
    ('name', 'bounds'),
    [
        ('gaussian', (0.7, 1.0)),
        ('uniform', (0.0, 0.3)),
        ('aspect', (0.6, 1.0)),
        ('whole', (0, 0.5)),
    ],
)
def test_all_boxes_keep_the_bounds(name, bounds):
    found = sample(DRAWS[name], box_row(TARGET), 300, bounds, IMAGE, generator())
    assert found.shape == (300, 4)
    iou = overlaps(box_row(TARGET), found)
    assert float(iou.min()) >= bounds[0]
    assert float(iou.max()) <= bounds[1]
    assert len(found.unique(dim=0)) == 300


@pytest.mark.parametrize('name', DRAWS)
def test_the_same_generator_gives_the_same_boxes(name):
    row = box_row(TARGET)
    one, same = (sample(DRAWS[name], row, 50, EVERYWHERE, IMAGE, generator(4)) for _ in range(2))
    other = sample(DRAWS[name], row, 50, EVERYWHERE, IMAGE, generator(5))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize('name', DRAWS)
@pytest.mark.parametrize(
    'target', [Box(2, 2, 30, 30), Box(160, 120, 320, 240), Box(319, 239, 4, 4)], ids=str
)
def test_boxes_stay_with_the_image(name, target):
    found = sample(DRAWS[name], box_row(target), 100, EVERYWHERE, IMAGE, generator())
    size = torch.tensor(IMAGE)
    assert (found[:, :2] >= 0).all()
    assert (found[:, :2] <= size).all()
    assert (found[:, 2:] >= 1).all()
    assert (found[:, 2:] <= size).all()


def test_where_nothing_is_beside_the_target_the_least_overlapping_boxes_are_taken():
    target = box_row(Box(160, 120, 320, 240))
    found = sample(uniform(Spread(0.2, 5.0)), target, 50, (0.0, 0.1), IMAGE, generator())
    assert found.shape == (50, 4)
    usual = sample(uniform(Spread(0.2, 5.0)), target, 50, EVERYWHERE, IMAGE, generator())
    assert overlaps(target, found).max() < overlaps(target, usual).median()
