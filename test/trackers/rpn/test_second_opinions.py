# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""With ``online`` a classifier chooses among a target's proposals."""

import math

from places import place_of
import pytest
from rpn_bench import HERE, SURE, THERE, of_each, scale_of

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.rpn import RPNTracker
from siam_tracker_ros.trackers.rpn_settings import RPNSettings

SCALE = scale_of(HERE)
SIZE = (HERE.w / SCALE, HERE.h / SCALE)
MIDDLE = ((0.0, 0.0, *SIZE), 3.0)
BESIDE = ((64.0, 0.0, *SIZE), 2.9)
ASIDE = HERE.cx + 64.0 * SCALE


def chance(logit):
    return 1 / (1 + math.exp(-logit))


@of_each
def test_without_it_there_is_no_classifier(make, frame, name):
    tracker = make(name)
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    assert tracker.teacher is tracker.classification is target.pupil is None
    assert estimate.classification is None
    assert not estimate.updated
    assert estimate.update_reason == 'the template of the first frame stays'


def test_without_it_the_margins_weight_and_its_settings_mean_nothing(make, frame):
    runs = []
    others = {'confidence_margin': 5.0, 'rank_weight': 9.0, 'seed': 3, 'learning': False}
    for values in ({}, others):
        tracker = make(confidence_bias=0.1, confidence_peak=0.7, **values)
        target = tracker.start(frame, HERE)
        (estimate,) = tracker.step(frame, [target])
        runs.append((target.box, estimate.score, estimate.similarity, estimate.update_reason))
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ('margins', 'values', 'chosen'),
    [
        ((0.0, 6.0), {}, 'beside'),
        ((6.0, 0.0), {}, 'middle'),
        # As the network has it, where the classifier does not know.
        ((1.0, 1.0), {}, 'middle'),
        ((0.0, 6.0), {'rank_weight': 100.0}, 'middle'),
        ((1.0, 1.1), {'rank_weight': 0.0}, 'beside'),
        ((0.0, 6.0), {'online_candidates': 1}, 'middle'),
        ((0.0, 6.0), {'rival_candidate': 1.0, 'rival_update': 1.0}, 'middle'),
        ((math.nan, 6.0), {}, 'beside'),
    ],
)
def test_margin_and_rank_choose(make_online, frame, show_all, prefer, margins, values, chosen):
    tracker = make_online(keep_first_box=False, window_influence=0.0, **values)
    target = tracker.start(frame, HERE)
    show_all(tracker, MIDDLE, BESIDE)
    calls = prefer(tracker, (HERE.cx, HERE.cy, margins[0]), (ASIDE, HERE.cy, margins[1]))
    (estimate,) = tracker.step(frame, [target])
    at, margin, logit = {
        'middle': (HERE.cx, margins[0], MIDDLE[1]), 'beside': (ASIDE, margins[1], BESIDE[1]),
    }[chosen]  # fmt: skip
    assert place_of(target.box) == pytest.approx((at, *place_of(HERE)[1:]), abs=1e-3)
    assert estimate.classification == pytest.approx(chance(margin))
    assert estimate.similarity == pytest.approx(chance(logit))
    # The best of the network comes first, and all of one target are asked about at once.
    ((rows,),) = calls
    assert float(rows[0, 0]) == pytest.approx(HERE.cx, abs=1e-3)


def test_the_classifier_is_asked_once_for_all_targets(make_online, frame, show_all, prefer):
    tracker = make_online(window_influence=0.0, keep_first_box=False)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[1].lose()
    show_all(tracker, MIDDLE, BESIDE)
    calls = prefer(tracker)
    tracker.step(frame, targets)
    assert [[len(rows) for rows in call] for call in calls] == [[2, 2]]


@pytest.mark.parametrize(('margin', 'counted'), [(3.0, 3.0), (500.0, 8.0), (-500.0, -8.0)])
def test_where_there_is_one_candidate_only_the_evidence_changes(
    make, make_online, frame, show, prefer, margin, counted
):
    fitted = {**SURE, 'confidence_bias': 0.5, 'confidence_margin': 0.3}
    states = {'certain_score': 0.0, 'lost_score': 0.0, 'keep_first_box': False}
    tracker = make_online(**{**fitted, **states})
    target = tracker.start(frame, HERE)
    at = ((24.0, -16.0, 70.0, 60.0), 2.0)
    show(tracker, at)
    prefer(tracker, (HERE.cx + 24.0 * SCALE, HERE.cy - 16.0 * SCALE, margin))
    (estimate,) = tracker.step(frame, [target])
    plain = make(**{**fitted, **states})
    other = plain.start(frame, HERE)
    show(plain, at)
    (expected,) = plain.step(frame, [other])
    assert target.box == other.box
    assert estimate.similarity == expected.similarity
    assert estimate.score == pytest.approx(chance(0.5 + 0.3 * counted))
    assert expected.score == pytest.approx(chance(0.5))
    assert target.monitor.features[3] == counted


def test_a_still_object_keeps_its_box(make_online, frame, show):
    tracker = make_online()
    show(tracker, ((4.0, -2.0, SIZE[0] * 1.1, SIZE[1] * 0.93), 2.0))
    target = tracker.start(frame, HERE)
    for _ in range(6):
        (estimate,) = tracker.step(frame, [target])
        assert target.box == estimate.box == HERE
    assert estimate.state is State.TRACKING


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'online': 'yes'}, "online is 'yes' .*: expected true or false"),
        ({'online_candidates': 0}, 'online_candidates is 0: expected a whole number from 1 to 64'),
        ({'candidate_overlap': 1.5}, 'candidate_overlap is 1.5: expected a number from 0 to 1'),
        ({'rank_weight': -1.0}, 'rank_weight is -1.0: expected a number from 0 to 100'),
        ({'rival_candidate': 0.9}, 'rival_candidate is 0.9: expected at most rival_update'),
        ({'grid': 4}, 'grid is 4: expected 0 or an odd number'),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        RPNSettings.from_dict(values)


def test_a_tracker_without_a_classifier_cannot_be_told_to_learn(make):
    tracker = make()
    with pytest.raises(UserError, match='online is true: it cannot change while the tracker'):
        tracker.with_settings(tracker.settings.replaced(online=True))
    with pytest.raises(UserError, match='online is true, but this tracker was made without'):
        RPNTracker(tracker.network, tracker.settings.replaced(online=True), tracker.device)
