# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import sys

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.overlap import (
    box_corners,
    box_overlaps,
    overlaps,
    polygon_overlaps,
)
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.sequences import Sequence

NAN = [float('nan')] * 4
SQUARE = [0.0, 0.0, 10.0, 10.0]
PAIRS = st.integers(1, 8).flatmap(
    lambda count: st.tuples(
        *[
            arrays(np.float64, (count, 4), elements=st.floats(0.5, 60.0, width=32))
            for _ in range(2)
        ]
    )
)
QUADS = st.integers(1, 4).flatmap(
    lambda count: st.tuples(
        *[
            arrays(np.float64, (count, 4, 2), elements=st.integers(0, 40).map(float))
            for _ in range(2)
        ]
    )
)


def rotated(corners, degrees):
    """Turned about their middle."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = corners.mean(axis=1, keepdims=True)
    return (corners - middle) @ turn.T + middle


def rasterised(corners, grid):
    """Whether the centre of each cell is inside, by the number of sides that a ray crosses."""
    x, y = grid
    inside = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0)):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


@given(PAIRS)
def test_overlap_is_that_of_single_boxes(pair):
    expected = [Box.from_ltwh(*a).iou(Box.from_ltwh(*b)) for a, b in zip(*pair)]
    np.testing.assert_allclose(box_overlaps(*pair), expected, atol=1e-9)


@given(PAIRS)
def test_polygons_of_upright_boxes_overlap_as_the_boxes_do(pair):
    corners = [box_corners(boxes) for boxes in pair]
    np.testing.assert_allclose(polygon_overlaps(*corners), box_overlaps(*pair), atol=1e-9)


@given(PAIRS, st.floats(-100, 100), st.floats(0.1, 10))
def test_overlap_is_symmetric_bounded_and_keeps_under_shift_and_scale(pair, shift, scale):
    first, second = pair
    value = box_overlaps(first, second)
    assert ((value >= 0) & (value <= 1)).all()
    np.testing.assert_array_equal(value, box_overlaps(second, first))
    moved = [np.hstack([boxes[:, :2] + shift, boxes[:, 2:]]) * scale for boxes in pair]
    np.testing.assert_allclose(box_overlaps(*moved), value, atol=1e-9)


@given(PAIRS, st.integers(0, 3), st.floats(0.01, 5))
def test_only_equal_boxes_overlap_wholly(pair, column, change):
    boxes = pair[0]
    np.testing.assert_allclose(box_overlaps(boxes, boxes), 1.0)
    other = boxes.copy()
    other[:, column] += change
    assert (box_overlaps(boxes, other) < 1 - 1e-6).all()


@given(QUADS, st.floats(-100, 100), st.floats(0.1, 10))
def test_polygon_overlap_is_symmetric_bounded_and_keeps_under_shift_and_scale(quads, shift, scale):
    value = polygon_overlaps(*quads)
    assert ((value >= 0) & (value <= 1)).all()
    np.testing.assert_allclose(value, polygon_overlaps(*quads[::-1]), atol=1e-9)
    reverse = [corners[:, ::-1] for corners in quads]
    np.testing.assert_allclose(value, polygon_overlaps(*reverse), atol=1e-9)
    # Whether two sides just touch may differ after rounding; the area does not notice.
    moved = [(corners + shift) * scale for corners in quads]
    np.testing.assert_allclose(polygon_overlaps(*moved), value, atol=1e-6)


def test_overlap_of_boxes_that_are_none_is_zero():
    boxes = np.array(
        [
            NAN, [0, 0, 0, 0], [0, 0, -5, 5], [0, 0, 5, -5], [10, 10, -5, -5], [90, 90, 5, 5],
            [0, 0, np.inf, 5], [-np.inf, 0, np.inf, 5], [0, 0, 0, 5],
        ]
    )  # fmt: skip
    truth = np.tile([0.0, 0.0, 10.0, 10.0], (len(boxes), 1))
    np.testing.assert_array_equal(box_overlaps(boxes, truth), 0.0)
    np.testing.assert_array_equal(box_overlaps(boxes[1:5], boxes[1:5]), 0.0)
    corners = box_corners(boxes)
    np.testing.assert_array_equal(polygon_overlaps(corners, box_corners(truth)), 0.0)
    np.testing.assert_array_equal(polygon_overlaps(box_corners(truth), corners), 0.0)
    assert len(box_overlaps(boxes[:0], truth[:0])) == 0
    assert len(polygon_overlaps(corners[:0], corners[:0])) == 0


def test_bounds_move_a_box_into_the_image_as_got10k_does():
    boxes = np.array([[-5.0, 0, 10, 10], [5, 0, 10, 10], [-20, 0, 10, 10], [12, 0, 10, 10]])
    truth = np.tile(SQUARE, (4, 1))
    # The first keeps its width though half of it was outside, the last has nothing left.
    np.testing.assert_allclose(box_overlaps(boxes, truth, (10, 10)), [1.0, 0.5, 1.0, 0.0])
    np.testing.assert_array_equal(boxes[0], [-5, 0, 10, 10])


def test_bounds_cut_polygons_off():
    boxes = np.array([[-5.0, 0, 10, 10], [5, 0, 10, 10], [-20, 0, 10, 10]])
    truth = np.tile(SQUARE, (3, 1))
    value = polygon_overlaps(box_corners(boxes), box_corners(truth), (10, 10))
    np.testing.assert_allclose(value, [0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    ('first', 'second', 'expected'),
    [
        pytest.param([(0, 0), (2, 0), (2, 2), (0, 2)], [(5, 5), (6, 5), (6, 6), (5, 6)], 0.0,
                     id='disjoint'),
        pytest.param([(0, 0), (2, 0), (2, 2), (0, 2)], [(2, 0), (4, 0), (4, 2), (2, 2)], 0.0,
                     id='touching'),
        pytest.param([(0, 0), (4, 0), (4, 4), (0, 4)], [(1, 1), (3, 1), (3, 2), (1, 2)], 2 / 16,
                     id='contained'),
        pytest.param([(0, 0), (4, 0), (4, 4), (0, 4)], [(2, 0), (4, 2), (2, 4), (0, 2)], 8 / 16,
                     id='diamond'),
        pytest.param([(0, 0), (4, 0), (1, 1), (0, 4)], [(0, 0), (4, 0), (4, 4), (0, 4)], 4 / 16,
                     id='not convex'),
        # Corners 1 and 2 swapped: two triangles of 4 each, left and right.
        pytest.param([(0, 0), (4, 4), (4, 0), (0, 4)], [(0, 0), (4, 0), (4, 4), (0, 4)], 8 / 16,
                     id='crossing'),
        pytest.param([(0, 0), (4, 4), (4, 0), (0, 4)], [(0, 4), (4, 0), (4, 4), (0, 0)], 1.0,
                     id='crossing twice the same'),
        pytest.param([(0, 0), (4, 0), (4, 0), (0, 4)], [(0, 0), (4, 0), (4, 4), (0, 4)], 8 / 16,
                     id='triangle'),
        pytest.param([(0, 0), (4, 0), (2, 0), (1, 0)], [(0, 0), (4, 0), (4, 4), (0, 4)], 0.0,
                     id='line'),
        pytest.param([(1, 1)] * 4, [(0, 0), (4, 0), (4, 4), (0, 4)], 0.0, id='point'),
        # A triangle with a spike, which is no area.
        pytest.param([(0, 0), (4, 0), (0, 4), (0, 8)], [(0, 0), (4, 0), (4, 4), (0, 4)], 8 / 16,
                     id='spike'),
    ],
)  # fmt: skip
def test_polygons_with_a_closed_form(first, second, expected):
    pair = [np.array([corners], float) for corners in (first, second)]
    assert polygon_overlaps(*pair) == pytest.approx(expected, abs=1e-12)
    assert polygon_overlaps(*pair[::-1]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize('side', [1.0, 37.5])
def test_a_square_and_itself_turned_share_a_polygon_of_eight_sides(side):
    square = box_corners(np.array([[100.0, 50.0, side, side]]))
    degrees = np.array([10.0, 30.0, 45.0, 80.0, 90.0])
    turned = np.concatenate([rotated(square, angle) for angle in degrees])
    # Four corners stick out, each a right triangle whose perimeter is a side.
    s, c = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
    shared = 1 - 2 * s * c / (1 + s + c) ** 2
    value = polygon_overlaps(np.repeat(square, 5, axis=0), turned)
    np.testing.assert_allclose(value, shared / (2 - shared), atol=1e-12)


def test_polygons_agree_with_a_dense_raster():
    random = np.random.default_rng(3)
    # Any four corners: convex, not convex and crossing.
    first, second = random.uniform(0, 10, (2, 30, 4, 2))
    cells = 500
    ticks = (np.arange(cells) + 0.5) * 10 / cells
    grid = np.meshgrid(ticks, ticks)
    masks = [[rasterised(corners, grid) for corners in quads] for quads in (first, second)]
    expected = [(a & b).sum() / (a | b).sum() for a, b in zip(*masks)]
    # Wrong are cells that sides cross, and in both directions, so that most of it cancels.
    np.testing.assert_allclose(polygon_overlaps(first, second), expected, atol=5e-3)


def test_a_sequence_is_compared_with_its_polygons_where_it_has_them():
    square = np.array([SQUARE])
    diamond = np.array([[(5.0, 0.0), (10.0, 5.0), (5.0, 10.0), (0.0, 5.0)]])
    plain = Sequence('plain', (), square)
    turned = Sequence('turned', (), square, diamond)
    assert overlaps(square, plain) == pytest.approx(1.0)
    assert overlaps(square, turned) == pytest.approx(0.5)
    wide = np.array([[-10.0, 0, 20, 10]])
    assert overlaps(wide, plain, (10, 10)) == pytest.approx(1.0)
    assert overlaps(wide, turned) == pytest.approx(50 / 200)
    assert overlaps(wide, turned, (10, 10)) == pytest.approx(0.5)


def test_polygons_without_shapely_name_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'shapely', None)
    square = np.array([SQUARE])
    assert overlaps(square, Sequence('plain', (), square)) == pytest.approx(1.0)
    with pytest.raises(UserError, match=r"run `pip install '\.\[eval\]'`"):
        overlaps(square, Sequence('turned', (), square, box_corners(square)))
