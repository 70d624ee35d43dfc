# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.training.lending import Lenders
from siam_tracker_ros.training.sources import discover


@pytest.fixture
def shots(stills):
    """Eight stills, every second of one kind."""
    return discover([stills]).shots


def drawn(shots, number, times=100, **options):
    lenders, rng = Lenders(shots), np.random.default_rng(0)
    return Counter(lenders.draw(number, rng, **options) for _ in range(times))


def test_all_others_lend_equally_often(shots):
    found = drawn(shots, 3, 7000)
    assert found.keys() == set(range(8)) - {3}
    # Four standard deviations of a share of one in seven.
    assert all(abs(count - 1000) < 4 * (7000 * 6 / 49) ** 0.5 for count in found.values())


def test_what_is_alike_is_of_the_same_kind_where_there_is_any(shots):
    kin = {i for i in range(1, 8) if shots[i].kind == shots[0].kind}
    assert kin
    assert drawn(shots, 0, alike=True).keys() == kin
    one_of_each = [shots[0], next(shot for shot in shots if shot.kind != shots[0].kind)]
    assert drawn(one_of_each, 0, alike=True).keys() == {1}


def test_a_scene_does_not_lend_to_itself(shots):
    shots = [replace(shot, scene='park' if i < 5 else '') for i, shot in enumerate(shots)]
    assert drawn(shots, 2).keys() == {5, 6, 7}
    assert drawn(shots, 2, alike=True).keys() <= {5, 6, 7}
    assert drawn(shots, 6).keys() == set(range(8)) - {6}


def test_whoever_follows_a_scene_lends_no_more_than_the_others(shots):
    shots = [replace(shot, scene='park' if i < 5 else '') for i, shot in enumerate(shots)]
    found = drawn(shots, 0, 3000)
    assert all(abs(count - 1000) < 4 * (3000 * 2 / 9) ** 0.5 for count in found.values())


def test_a_shot_that_is_given_twice_does_not_lend_itself_anything(shots):
    assert drawn([shots[0]] * 5 + shots[1:2], 0, alike=True).keys() == {5}


def test_one_scene_is_refused(shots):
    for few in (shots[:1], [replace(shot, scene='park') for shot in shots]):
        with pytest.raises(UserError, match='only 1 images or scenes: expected at least 2'):
            Lenders(few)
    with pytest.raises(UserError, match='only 0 images or scenes'):
        Lenders([])
