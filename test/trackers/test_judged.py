# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all targets with a score have in common."""

import math

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box, context_side
from siam_tracker_ros.online.monitor import Calibration, Evidence, Judgement, Thresholds
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.judged import JudgedTarget
from siam_tracker_ros.trackers.match_settings import CropSettings

RULE = Judgement(Calibration(0.0, 1.0, 0.0, 0.0), Thresholds(0.5, 0.2, 0.7, 2), 30)
SURE, UNSURE = Evidence(3.0, 8.0), Evidence(-3.0, 2.0)


@pytest.fixture
def target():
    return JudgedTarget(Box(50, 60, 30, 20))


def test_its_state_follows_its_scores(target):
    scores, states, frames = [], [], []
    for evidence in (SURE, UNSURE, UNSURE, UNSURE, SURE):
        scores.append(target.judge(evidence, RULE))
        states.append(target.state)
        frames.append(target.lost_frames)
    assert scores == pytest.approx([1 / (1 + math.exp(-e)) for e in (3, -3, -3, -3, 3)])
    lost = State.LOST
    assert states == [State.TRACKING, State.UNCERTAIN, lost, lost, State.TRACKING]
    assert frames == [0, 0, 1, 2, 0]


def test_what_is_declared_lost_must_be_found(target):
    target.lose()
    assert (target.state, target.monitor.lost, target.lost_frames) == (State.LOST, True, 1)
    target.judge(UNSURE, RULE)
    target.lose()
    assert target.lost_frames == 2
    target.judge(SURE, RULE)
    assert target.state is State.TRACKING


def test_a_change_of_the_images_size_moves_all_that_bounds_it(target):
    target.rescale(2.0, 0.5)
    assert target.box == target.first == target.candidate == Box(100, 30, 60, 10)


@pytest.mark.parametrize(
    ('values', 'sizes'),
    [
        ({}, [511, 511, 511]),
        ({'lost_search_growth': 64}, [319, 383, 447]),
        ({'lost_search_growth': 192}, [447, 511, 511]),
        # Where the crop of a lost target is the smaller one, it does not shrink on the way.
        ({'lost_search_size': 191}, [191, 191, 191]),
        ({'lost_search_size': 191, 'lost_search_growth': 64}, [255, 255, 255]),
    ],
)
def test_the_search_for_a_lost_target_grows(target, values, sizes):
    settings = CropSettings.from_dict(values)
    assert target.search_size(settings) == 255
    target.lose()
    found = []
    for _ in sizes:
        found.append(target.search_size(settings))
        target.judge(UNSURE, RULE)
    assert found == sizes


def test_after_a_pause_the_next_search_is_as_for_a_lost_target(target):
    settings = CropSettings(search_size=255, lost_search_size=511)
    target.judge(SURE, RULE)
    target.pause()
    assert target.search_size(settings) == 511
    target.judge(SURE, RULE)
    assert target.search_size(settings) == 255


def test_growth_that_leaves_no_middle_cell_is_refused():
    with pytest.raises(UserError, match='lost_search_growth is 24: expected a multiple of 16'):
        CropSettings.from_dict({'lost_search_growth': 24})


@pytest.mark.parametrize('rim', [0, 8, 32])
def test_wider_crops_show_objects_as_large(rim):
    usual = CropSettings()
    wider = usual.widened(rim)
    assert wider.exemplar_size == usual.exemplar_size + 2 * rim
    # As many cells, at the same scale: what is searched grows by the rim alone.
    assert wider.search_size == usual.search_size + 2 * rim
    for side in (20.0, 300.0):
        scales = [
            crops.exemplar_size / context_side(side, side, crops.context)
            for crops in (usual, wider)
        ]
        assert scales[0] == pytest.approx(scales[1], rel=1e-3)
    # A lost target is searched in as many times the exemplar's side.
    times = [crops.lost_search_size / crops.exemplar_size for crops in (usual, wider)]
    assert times[0] == pytest.approx(times[1], abs=8 / wider.exemplar_size)
