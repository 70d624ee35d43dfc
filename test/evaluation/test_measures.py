# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from siam_tracker_ros.evaluation.measures import (
    THRESHOLDS,
    centre_errors,
    overlaps,
    score,
    success_curve,
)
from siam_tracker_ros.geometry import Box

NAN = [float('nan')] * 4
BOXES = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.just(4)),
    elements=st.floats(0.5, 200.0, allow_nan=False),
)


@given(BOXES, st.randoms())
def test_overlap_is_that_of_single_boxes(boxes, random):
    others = boxes.copy()
    for row in others:
        row[:2] += random.uniform(-50, 50)
        row[2:] *= random.uniform(0.5, 2.0)
    expected = [Box.from_ltwh(*a).iou(Box.from_ltwh(*b)) for a, b in zip(boxes, others)]
    np.testing.assert_allclose(overlaps(boxes, others), expected, atol=1e-9)


def test_overlap_of_boxes_that_are_none_is_zero():
    boxes = np.array([NAN, [0, 0, 0, 0], [0, 0, -5, 5], [90, 90, 5, 5]], float)
    truth = np.tile([0.0, 0.0, 10.0, 10.0], (4, 1))
    np.testing.assert_array_equal(overlaps(boxes, truth), 0.0)
    np.testing.assert_array_equal(overlaps(boxes[1:2], boxes[1:2]), 0.0)


def test_centre_error_is_a_distance_and_infinite_without_a_box():
    boxes = np.array([[3, 4, 10, 20], [0, 0, 20, 20], NAN], float)
    truth = np.tile([0.0, 0.0, 10.0, 20.0], (3, 1))
    np.testing.assert_allclose(centre_errors(boxes, truth), [5.0, 5.0, np.inf])


def test_curve_counts_overlaps_above_not_at_a_threshold():
    curve = success_curve(np.array([0.5, 0.5, 0.2, 0.0]))
    assert curve[THRESHOLDS.searchsorted(0.5)] == 0.0
    assert curve[THRESHOLDS.searchsorted(0.45)] == 0.5
    assert curve[0] == 0.75


def test_thresholds_are_the_benchmarks():
    np.testing.assert_allclose(THRESHOLDS, [0.05 * k for k in range(21)])


def test_perfect_tracker_misses_only_the_threshold_of_one():
    truth = np.random.default_rng(0).uniform(5, 50, (30, 4))
    result = score(truth, truth)
    assert result.auc == pytest.approx(20 / 21)
    assert result.precision == 1.0
    assert result.frames == 30


def test_constant_overlap_has_the_area_that_the_formula_says():
    # A box of half the height has overlap 0.5, above the ten thresholds 0 to 0.45.
    truth = np.tile([10.0, 10.0, 40.0, 40.0], (7, 1))
    half = np.tile([10.0, 10.0, 40.0, 20.0], (7, 1))
    assert score(half, truth).auc == pytest.approx(10 / 21)


def test_precision_counts_centres_up_to_twenty_pixels():
    truth = np.tile([0.0, 0.0, 10.0, 10.0], (4, 1))
    boxes = truth.copy()
    boxes[:, 0] = [0.0, 20.0, 20.5, 19.0]
    assert score(boxes, truth).precision == 0.75


def test_absent_frames_do_not_count():
    truth = np.array([[0, 0, 10, 10], NAN, [0, 0, 10, 10]], float)
    boxes = np.array([[0, 0, 10, 10], [50, 50, 10, 10], NAN], float)
    result = score(boxes, truth)
    assert result.frames == 2
    assert result.precision == 0.5
    assert result.auc == pytest.approx(10 / 21)
