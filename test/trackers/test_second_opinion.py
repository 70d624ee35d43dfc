# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from siam_tracker_ros.trackers.second_opinion import best_candidate, rivals_of


@pytest.mark.parametrize(
    ('ranks', 'margins', 'weight', 'best'),
    [
        ([0.9], [-5.0], 1.0, 0),
        # log(0.9 / 0.1) is 2.2, log(0.5 / 0.5) is 0.
        ([0.9, 0.5], [1.0, 3.1], 1.0, 0),
        ([0.9, 0.5], [1.0, 3.3], 1.0, 1),
        ([0.9, 0.5], [1.0, 3.3], 2.0, 0),
        ([0.9, 0.5], [1.0, 1.1], 0.0, 1),
        # The first of equals, and of those that are all no number.
        ([0.5, 0.5], [1.0, 1.0], 1.0, 0),
        ([0.5, 0.5], [math.nan, math.inf], 1.0, 0),
        ([0.5, 0.5], [math.inf, -9.0], 1.0, 1),
        ([math.nan], [2.0], 1.0, 0),
        # A rank of all or nothing is no certainty.
        ([1.0, 0.0], [0.0, 30.0], 1.0, 1),
    ],
)
def test_the_best_candidate_has_the_highest_sum(ranks, margins, weight, best):
    assert best_candidate(ranks, margins, weight) == best


def test_rivals_are_all_others_beside_the_highest():
    logits = [0.0, math.log(3.0), -math.log(3.0)]
    assert rivals_of(1, logits) == pytest.approx([0.5 / 0.75, 0.25 / 0.75])
    assert rivals_of(0, logits) == pytest.approx([1.0, 0.25 / 0.75])
    assert rivals_of(0, [2.0]) == []
    assert rivals_of(0, [-1000.0, -1000.0]) == pytest.approx([0.0], abs=1e-6)
