# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import (
    MIN_TARGET_SIDE,
    Box,
    SearchWindow,
    check_initial_box,
    context_side,
)

places = st.floats(-1e4, 1e4)
sides = st.floats(1e-2, 1e4)
boxes = st.builds(Box, places, places, sides, sides)


@given(places, places, sides, sides)
def test_left_top_comes_back(left, top, w, h):
    assert Box.from_ltwh(left, top, w, h).ltwh == pytest.approx((left, top, w, h), abs=1e-8)


@given(boxes)
def test_corners_span_the_size(box):
    left, top, right, bottom = box.ltrb
    assert (left, top) == box.ltwh[:2]
    assert right - left == pytest.approx(box.w, abs=1e-8)
    assert bottom - top == pytest.approx(box.h, abs=1e-8)
    assert box.area == box.w * box.h


def test_the_box_of_the_first_pixel():
    pixel = Box.from_ltwh(0, 0, 1, 1)
    assert (pixel.cx, pixel.cy) == (0.5, 0.5)


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(a, b):
    assert a.iou(b) == pytest.approx(b.iou(a), abs=1e-12)
    assert 0.0 <= a.iou(b) <= 1.0 + 1e-6


@given(boxes)
def test_iou_with_itself_is_one(box):
    assert box.iou(box) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize(
    ('other', 'expected'),
    [
        (Box.from_ltwh(0, 0, 10, 10), 1.0),
        (Box.from_ltwh(5, 0, 10, 10), 1 / 3),
        (Box.from_ltwh(5, 5, 10, 10), 25 / 175),
        (Box.from_ltwh(2, 2, 5, 5), 0.25),  # inside
        (Box.from_ltwh(10, 0, 10, 10), 0.0),  # edges touch
        (Box.from_ltwh(30, 30, 10, 10), 0.0),  # apart in both directions
    ],
)
def test_known_overlaps(other, expected):
    assert Box.from_ltwh(0, 0, 10, 10).iou(other) == pytest.approx(expected)


def test_boxes_without_area_do_not_overlap():
    point = Box(5, 5, 0, 0)
    assert point.iou(point) == 0.0


@given(boxes, st.integers(1, 4000), st.integers(1, 4000))
def test_clipping_leaves_what_is_inside(box, width, height):
    clipped = box.clipped(width, height)
    image = Box.from_ltwh(0, 0, width, height)
    if clipped is None:
        assert box.intersection(image) == 0.0
        return
    left, top, right, bottom = clipped.ltrb
    assert left >= -1e-6
    assert top >= -1e-6
    assert right <= width + 1e-6
    assert bottom <= height + 1e-6
    assert clipped.area == pytest.approx(box.intersection(image), rel=1e-6, abs=1e-6)


def test_scaling_is_about_the_origin():
    assert Box(10, 20, 4, 6).scaled(2, 0.5) == Box(20, 10, 8, 3)
    assert Box(10, 20, 4, 6).scaled(0.5) == Box(5, 10, 2, 3)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('field', range(4))
def test_numbers_that_are_not_finite_make_a_box_invalid(field, value):
    numbers = [10.0, 10.0, 5.0, 5.0]
    assert Box(*numbers).is_valid
    numbers[field] = value
    assert not Box(*numbers).is_valid
    with pytest.raises(UserError, match='not finite: give four real numbers'):
        check_initial_box(Box(*numbers), 100, 100)


def test_a_box_inside_is_kept_as_it_is():
    box = Box.from_ltwh(0, 10, 30.5, 20)
    assert check_initial_box(box, 100, 80) == box


def test_a_box_of_numpy_scalars_becomes_one_of_numbers():
    box = Box.from_ltwh(*np.array([0.0, 10.0, 30.5, 20.0]))
    kept = check_initial_box(box, 100, 80)
    assert kept == box
    assert all(type(number) is float for number in (kept.cx, kept.cy, kept.w, kept.h))


def test_a_box_half_inside_is_clipped():
    kept = check_initial_box(Box.from_ltwh(-10, 10, 20, 20), 100, 80)
    assert kept.ltwh == pytest.approx((0, 10, 10, 20))


@pytest.mark.parametrize(
    ('ltwh', 'sentence'),
    [
        ((10, 10, 0, 20), 'has no area: width and height must be positive'),
        ((10, 10, 20, -3), 'has no area: width and height must be positive'),
        ((10, 10, 20, 3.9), 'is too small: both sides must be at least 4 px'),
        ((-10.1, 10, 20, 20), 'lies outside the 100x80 image: at least half of it'),
        ((200, 200, 20, 20), 'lies outside the 100x80 image: at least half of it'),
        ((-2.1, -1, 6, 20), 'leaves less than 4 px inside the 100x80 image'),
    ],
)
def test_a_box_that_cannot_be_tracked_is_refused(ltwh, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        check_initial_box(Box.from_ltwh(*ltwh), 100, 80)
    assert f'w={ltwh[2]:g} h={ltwh[3]:g}' in str(caught.value)
    assert '\n' not in str(caught.value)


@given(boxes, st.integers(1, 3000), st.integers(1, 3000))
def test_a_box_is_refused_or_lies_inside(box, width, height):
    try:
        kept = check_initial_box(box, width, height)
    except UserError:
        return
    assert min(kept.w, kept.h) >= MIN_TARGET_SIDE
    left, top, right, bottom = kept.ltrb
    assert -1e-6 <= left < right <= width + 1e-6
    assert -1e-6 <= top < bottom <= height + 1e-6


@given(
    places,
    places,
    st.floats(1, 5000),
    st.sampled_from([1, 2, 15, 17, 49]),
    st.sampled_from([4.0, 8.0]),
    st.sampled_from([143, 239, 255, 511]),
)
def test_the_middle_cell_is_exactly_the_centre(cx, cy, side, cells, stride, size):
    middle = (cells - 1) / 2
    assert SearchWindow(cx, cy, side).cell(middle, middle, cells, stride, size) == (cx, cy)


def test_a_cell_is_a_stride_of_the_crop():
    # One pixel of the crop is two of the image; columns are x, rows are y.
    window = SearchWindow(100.0, 50.0, 510.0)
    assert window.cell(9, 7.5, 17, 8, 255) == pytest.approx((116.0, 42.0))


@given(st.floats(1, 1000))
def test_context_of_a_square_target(side):
    # Context 0.5 doubles a square target: half of the 127 px crop is the target.
    assert context_side(side, side) == pytest.approx(2 * side)
    assert context_side(side, side, 0.0) == pytest.approx(side)


def test_context_keeps_the_area_of_the_padded_box():
    assert context_side(30, 90) == pytest.approx(math.sqrt((30 + 60) * (90 + 60)))


@given(st.floats(0, 90), st.floats(0, 90), st.floats(1e-3, 10), st.floats(1e-3, 10))
def test_a_box_inside_is_not_changed_by_a_bit(left, top, w, h):
    box = Box(left + w / 2, top + h / 2, w, h)
    assert box.clipped(110, 110) == box


def test_a_cut_on_one_axis_leaves_the_other():
    box = Box(5.1, 1.0, 4.0, 6.0)
    assert box.clipped(20, 20) == Box(5.1, 2.0, 4.0, 4.0)


def test_a_box_of_the_smallest_side_is_taken_anywhere():
    for left in (0.1 * k for k in range(200)):
        check_initial_box(Box.from_ltwh(left, left, MIN_TARGET_SIDE, MIN_TARGET_SIDE), 100, 100)


@pytest.mark.parametrize('size', [(0, 5), (5, 0), (-5, 5)])
def test_nothing_of_a_box_without_area_is_inside(size):
    assert Box(10, 10, *size).clipped(100, 100) is None
