# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.online.monitor import Thresholds
from siam_tracker_ros.training.thresholds import (
    CERTAIN,
    FALSE_LOSS,
    choose_found,
    choose_lost,
    false_loss,
    found_precision,
)


def track(scores, right):
    return np.array(scores, np.float64), np.array(right, np.bool_)


def search(score, right, before=0.1):
    """A search that comes up with something after two frames of nothing."""
    return track([before, before, score, score], [False, False, right, right])


def at(lost, found=0.9, patience=1):
    return Thresholds(CERTAIN, lost, found, patience)


def test_a_loss_needs_patience():
    scores = [0.9] * 96 + [0.1] * 4
    assert false_loss([track(scores, [True] * 100)], at(0.2, patience=5)) == 0.0
    assert false_loss([track(scores, [True] * 100)], at(0.2, patience=3)) == pytest.approx(0.02)
    # Frames whose match is wrong may well be lost, and end no row.
    right = [True] * 97 + [False, False, True]
    assert false_loss([track(scores, right)], at(0.2, patience=3)) == pytest.approx(0.01 / 0.98)


def test_a_loss_lasts_until_the_target_is_found():
    scores = [0.9] * 50 + [0.1] + [0.6] * 29 + [0.9] + [0.6] * 19
    assert false_loss([track(scores, [True] * 100)], at(0.2)) == pytest.approx(0.3)
    assert false_loss([track(scores, [True] * 100)], at(0.2, found=0.6)) == pytest.approx(0.01)


def test_few_right_frames_are_lost():
    # One right frame of 100 is lost above 0.1, two above 0.2, three above 0.3.
    scores = [0.9] * 97 + [0.3, 0.2, 0.1]
    right = [True] * 100
    assert choose_lost([track(scores, right)], 0.5, 1) == pytest.approx(0.2)
    assert FALSE_LOSS == 0.01


def test_a_long_sequence_weighs_no_more_than_a_short_one():
    short = track([0.3] * 10, [True] * 10)
    long = track([0.9] * 10_000, [True] * 10_000)
    assert false_loss([short, long], at(0.4)) == pytest.approx(0.5)
    assert choose_lost([short, long], 0.5, 1) == pytest.approx(0.3)


def test_lost_is_not_above_certain_and_not_nothing():
    assert choose_lost([track([0.9] * 10, [True] * 10)], 0.5, 1) == CERTAIN
    assert choose_lost([track([0.0] * 10, [True] * 10)], 0.5, 1) == 0.01


def test_what_is_found_is_the_target():
    searches = [search(0.99, True)] * 19 + [search(0.7, False)]
    # A score of 0.7 finds 19 right matches and a wrong one: precise enough.
    assert choose_found(searches) == CERTAIN
    assert found_precision(searches, 0.7) == pytest.approx(0.95)
    assert choose_found([*searches, search(0.7, False)]) == pytest.approx(0.71)
    assert found_precision([*searches, search(0.7, False)], 0.71) == 1.0


def test_only_the_first_match_of_a_search_counts():
    # The wrong match comes first, and with its score the right one is never seen.
    hasty = track([0.6, 0.9, 0.9, 0.9], [False, True, True, True])
    assert found_precision([hasty], 0.6) == 0.0
    assert found_precision([hasty], 0.61) == 1.0
    assert choose_found([hasty]) == pytest.approx(0.61)


def test_where_nothing_is_precise_enough_the_most_precise_is_taken():
    searches = [search(0.6, False), search(0.8, True), search(0.9, True), search(0.999, False)]
    # 1 of 2 above 0.9, 2 of 3 from 0.61 to 0.8, 2 of 4 below.
    assert choose_found(searches) == pytest.approx(0.61)


def test_without_searches_only_the_surest_match_counts():
    assert choose_found([]) == 0.99
    assert np.isnan(found_precision([search(0.4, True)], 0.5))
