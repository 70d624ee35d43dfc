# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.overlap import box_corners
from siam_tracker_ros.evaluation.vot.regions import region_overlaps

BOXES = np.array([[-10.0, -10, 30, 30], [80, 80, 40, 40], [10, 10, 20, 20], [np.nan] * 4])
TRUTH = [[-20, 0, 40, 20], [90, 90, 40, 40], [10, 10, 20, 40], [10, 10, 20, 20]]


def test_what_sticks_out_of_the_image_does_not_count(make_sequence):
    found = region_overlaps(BOXES, make_sequence(TRUTH), (100, 100))
    # 20x20 of 20x20 inside; 10x10 of 20x20 inside; all inside; no box.
    np.testing.assert_allclose(found, [1.0, 0.25, 0.5, 0.0], rtol=0, atol=1e-12)


def test_without_bounds_all_of_it_counts(make_sequence):
    found = region_overlaps(BOXES, make_sequence(TRUTH), None)
    assert found[0] == pytest.approx(600 / (900 + 800 - 600))


def test_polygons_that_are_boxes_give_the_same(make_sequence):
    truth = make_sequence(TRUTH)
    rotated = make_sequence(TRUTH, polygons=box_corners(truth.boxes))
    for bounds in (None, (100, 100)):
        np.testing.assert_allclose(
            region_overlaps(BOXES, rotated, bounds),
            region_overlaps(BOXES, truth, bounds),
            rtol=0,
            atol=1e-12,
        )


def test_rows(make_sequence):
    rows = slice(1, 3)
    found = region_overlaps(BOXES[rows], make_sequence(TRUTH), (100, 100), rows)
    np.testing.assert_allclose(found, [0.25, 0.5], rtol=0, atol=1e-12)


def test_an_infinite_box_overlaps_nothing(make_sequence):
    truth = make_sequence([[0, 0, 300, 200]] * 2)
    boxes = np.array([[0, 0, np.inf, 200], [-np.inf, 0, np.inf, 5]])
    for bounds in (None, (320, 240)):
        assert region_overlaps(boxes, truth, bounds).tolist() == [0, 0]
