# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from siam_tracker_ros.evaluation.measures import (
    NORMALISED,
    OVERLAPS,
    PIXELS,
    centre_errors,
    normalised_errors,
    normalised_precision,
    precision_curve,
    success_curve,
)

NAN = [float('nan')] * 4
VALUES = arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1))
# Values and thresholds that often coincide: all in eighths.
EIGHTHS = arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 8).map(lambda k: k / 8))


def test_thresholds_are_the_benchmarks():
    np.testing.assert_allclose(OVERLAPS, [0.05 * k for k in range(21)])
    np.testing.assert_array_equal(PIXELS, range(51))
    np.testing.assert_allclose(NORMALISED, [0.01 * k for k in range(51)])


def test_centre_error_is_a_distance_and_infinite_without_a_box():
    boxes = np.array([[3, 4, 10, 20], [0, 0, 20, 20], NAN, [0, 0, np.inf, 5]], float)
    truth = np.tile([0.0, 0.0, 10.0, 20.0], (4, 1))
    np.testing.assert_allclose(centre_errors(boxes, truth), [5.0, 5.0, np.inf, np.inf])


def test_normalised_error_is_in_sizes_of_the_true_box():
    boxes = np.array([[3, 0, 10, 20], [0, 8, 10, 20], [3, 8, 10, 20], [0, 0, 16, 36], NAN], float)
    truth = np.tile([0.0, 0.0, 10.0, 20.0], (5, 1))
    expected = [0.3, 0.4, 0.5, 0.5, np.inf]
    np.testing.assert_allclose(normalised_errors(boxes, truth), expected)


def test_success_counts_overlaps_above_not_at_a_threshold():
    curve = success_curve(np.array([0.5, 0.5, 0.2, 0.0]))
    assert curve[OVERLAPS.searchsorted(0.5)] == 0.0
    assert curve[OVERLAPS.searchsorted(0.45)] == 0.5
    assert curve[0] == 0.75


def test_precision_counts_errors_at_a_threshold():
    curve = precision_curve(np.array([0.0, 20.0, 20.5, np.inf]))
    assert curve[0] == 0.25
    assert curve[19] == 0.25
    assert curve[20] == 0.5
    assert curve[21] == 0.75
    assert curve[50] == 0.75


@given(EIGHTHS)
def test_curves_are_the_shares_of_single_frames(values):
    thresholds = np.linspace(0, 1, 17)
    above = [np.mean([v > t for v in values]) for t in thresholds]
    within = [np.mean([v <= t for v in values]) for t in thresholds]
    np.testing.assert_allclose(success_curve(values, thresholds), above, atol=1e-12)
    np.testing.assert_allclose(precision_curve(values, thresholds), within, atol=1e-12)


@given(VALUES)
def test_curves_are_monotone_shares(values):
    success, precision = success_curve(values), precision_curve(values * 60)
    assert (np.diff(success) <= 0).all()
    assert (np.diff(precision) >= 0).all()
    for curve in (success, precision):
        assert ((curve >= 0) & (curve <= 1)).all()


def test_perfect_errors_are_precise_everywhere():
    assert (precision_curve(np.zeros(3)) == 1.0).all()
    assert normalised_precision(np.zeros(3)) == 1.0


@pytest.mark.parametrize('error', [0.0125, 0.1, 0.25, 0.49, 0.5, 0.7])
def test_area_of_a_constant_normalised_error_is_what_the_formula_says(error):
    # A step from 0 to 1 between two of the samples, which are 0.025 apart; a straight line
    # between them leaves half of that interval.
    reached = np.ceil(error / 0.025)
    expected = (20 - reached + 0.5) / 20 if reached <= 20 else 0.0
    assert normalised_precision(np.full(4, error)) == pytest.approx(expected)


def test_no_frames_have_no_share():
    assert np.isnan(success_curve(np.zeros(0))).all()
    assert np.isnan(precision_curve(np.zeros(0))).all()
    assert np.isnan(normalised_precision(np.zeros(0)))


@given(arrays(np.float64, (5, 4), elements=st.floats(0.1, 5000)))
def test_equal_boxes_have_no_error_at_all(boxes):
    assert (centre_errors(boxes, boxes) == 0.0).all()
    assert (normalised_errors(boxes, boxes) == 0.0).all()
