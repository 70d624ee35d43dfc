# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from siam_tracker_ros.evaluation.reliability import reliability


def test_bins_hold_mean_score_and_share():
    scores = np.array([0.0, 0.05, 0.95, 1.0, 0.95, 0.91, np.nan])
    true = np.array([False, False, True, True, True, False, True])
    table = reliability(scores, true)
    np.testing.assert_allclose(table.confidence, [0.025, 3.81 / 4])
    np.testing.assert_allclose(table.accuracy, [0.0, 0.75])
    np.testing.assert_array_equal(table.frames, [2, 4])
    assert table.error == pytest.approx((2 * 0.025 + 4 * (3.81 / 4 - 0.75)) / 6)


@pytest.mark.parametrize(('share', 'error'), [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)])
def test_a_score_of_one_is_off_by_the_share_of_wrong_frames(share, error):
    true = np.arange(100) < 100 * share
    assert reliability(np.ones(100), true).error == pytest.approx(error)


def test_a_calibrated_score_has_a_small_error():
    noise = np.random.default_rng(0)
    scores = noise.random(100_000)
    true = noise.random(100_000) < scores
    assert reliability(scores, true).error < 0.01
    assert reliability(scores**4, true).error > 0.2


@pytest.mark.parametrize('scores', [[], [math.nan] * 2, [0.5, 1.5], [-0.1, 0.5], [math.inf, 0.5]])
def test_no_bins_where_there_is_no_probability(scores):
    table = reliability(np.array(scores, float), np.ones(len(scores), bool))
    assert len(table.frames) == 0
    assert math.isnan(table.error)
