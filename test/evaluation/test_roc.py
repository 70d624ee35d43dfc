# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from siam_tracker_ros.evaluation.roc import auroc, roc

# Few different values, so that there are ties.
FRAMES = st.lists(
    st.tuples(st.sampled_from([-math.inf, -1.0, 0.0, 0.25, 0.5, 1.0, math.inf]), st.booleans()),
    min_size=2,
    max_size=40,
)


def columns(frames):
    return np.array([score for score, _ in frames]), np.array([right for _, right in frames])


@given(FRAMES)
def test_area_is_the_share_of_pairs_in_the_right_order(frames):
    scores, positive = columns(frames)
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]
    if pairs:
        assert auroc(scores, positive) == pytest.approx(np.mean(pairs), abs=1e-12)
    else:
        assert math.isnan(auroc(scores, positive))


@given(FRAMES)
def test_area_under_the_drawn_curve_is_the_same(frames):
    scores, positive = columns(frames)
    false, true = roc(scores, positive)
    if len(set(positive.tolist())) == 1:
        assert len(false) == len(true) == 0
        return
    area = np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2)
    assert area == pytest.approx(auroc(scores, positive), abs=1e-12)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()


@pytest.mark.parametrize('count', [1, 2, 7, 1000])
def test_closed_forms(count):
    rising = np.arange(2 * count, dtype=float)
    assert auroc(rising, rising >= count) == 1.0
    assert auroc(rising, rising < count) == 0.0
    assert auroc(np.ones(2 * count), rising >= count) == 0.5
    # Negative, positive, negative, positive, …: the k-th positive is above k negatives.
    assert auroc(rising, rising % 2 == 1) == pytest.approx((count + 1) / (2 * count))


def test_area_depends_on_order_alone():
    noise = np.random.default_rng(0)
    scores, positive = noise.normal(size=500), noise.random(500) < 0.3
    area = auroc(scores, positive)
    assert auroc(np.exp(scores), positive) == area
    assert auroc(-scores, positive) == pytest.approx(1 - area)
    assert auroc(scores, ~positive) == pytest.approx(1 - area)


def test_frames_without_a_score_are_left_out():
    scores = np.array([np.nan, 0.9, 0.1, np.nan])
    assert auroc(scores, np.array([False, True, False, True])) == 1.0
    assert math.isnan(auroc(np.full(3, np.nan), np.array([True, False, True])))
    assert math.isnan(auroc(np.zeros(0), np.zeros(0, bool)))


def test_curve_has_only_the_points_where_it_bends():
    # Two negatives, two positives: up, then to the right.
    false, true = roc(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, False, True, True]))
    np.testing.assert_array_equal(false, [0, 0, 1])
    np.testing.assert_array_equal(true, [0, 1, 1])
    # A tie is a slanted line.
    false, true = roc(np.array([0.5, 0.5, 0.1]), np.array([False, True, False]))
    np.testing.assert_array_equal(false, [0, 0.5, 1])
    np.testing.assert_array_equal(true, [0, 1, 1])
