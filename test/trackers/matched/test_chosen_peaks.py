# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""With ``online`` a classifier chooses among the peaks of a matched target's response."""

import math

from matched_bench import CELL, HERE, THERE, of_each
import numpy as np
from places import place_of
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.trackers import State, settings_class

MIDDLE, BESIDE = (0, 0, 3.0), (5, 0, 2.9)
ASIDE = HERE.cx + 5 * CELL


def chance(logit):
    return 1 / (1 + math.exp(-logit))


@of_each
def test_without_it_there_is_no_classifier(make, frame, name):
    tracker = make(name)
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    assert tracker.following.teacher is tracker.following.classification is target.pupil is None
    assert estimate.classification is None
    assert 'classifier' not in estimate.update_reason


@of_each
def test_without_it_its_settings_mean_nothing(make, small_classification, texture, name):
    frames = [Frame.from_numpy(np.roll(texture(), (2 * k, 3 * k), (0, 1))) for k in range(4)]
    runs = []
    others = {'confidence_margin': 5.0, 'rank_weight': 9.0, 'seed': 3, 'peak_distance': 0.0}
    for classification, values in ((None, {}), (small_classification, others)):
        tracker = make(name, classification, scales=3, confidence_peak=0.1, **values)
        target = tracker.start(frames[0], HERE)
        found = [tracker.step(shown, [target])[0] for shown in frames[1:]]
        runs.append([(e.box, e.score, e.similarity, e.update_reason) for e in found])
    assert runs[0] == runs[1]


@of_each
@pytest.mark.parametrize(
    ('margins', 'values', 'chosen'),
    [
        ((0.0, 6.0), {}, 'beside'),
        ((6.0, 0.0), {}, 'middle'),
        # As the response has it, where the classifier does not know.
        ((1.0, 1.0), {}, 'middle'),
        ((0.0, 6.0), {'rank_weight': 100.0}, 'middle'),
        ((1.0, 1.1), {'rank_weight': 0.0}, 'beside'),
        ((0.0, 6.0), {'online_candidates': 1}, 'middle'),
        ((0.0, 6.0), {'rival_candidate': 1.0, 'rival_update': 1.0}, 'middle'),
        ((0.0, 6.0), {'peak_distance': 6.0}, 'middle'),
        ((math.nan, 6.0), {}, 'beside'),
    ],
)
def test_margin_and_response_choose(
    make_online, frame, show, prefer, name, margins, values, chosen
):
    tracker = make_online(name, window_influence=0.0, **values)
    show(tracker, MIDDLE, BESIDE)
    target = tracker.start(frame, HERE)
    calls = prefer(tracker, (HERE.cx, HERE.cy, margins[0]), (ASIDE, HERE.cy, margins[1]))
    (estimate,) = tracker.step(frame, [target])
    at, margin, logit = {
        'middle': (HERE.cx, margins[0], MIDDLE[2]), 'beside': (ASIDE, margins[1], BESIDE[2]),
    }[chosen]  # fmt: skip
    assert place_of(target.box) == pytest.approx((at, *place_of(HERE)[1:]), abs=1e-3)
    assert estimate.classification == pytest.approx(chance(margin))
    # The response is a logit with and without a classifier.
    assert estimate.similarity == pytest.approx(logit, abs=1e-4)
    # What the response chose comes first, and all of one target are asked about at once.
    ((rows,),) = calls
    assert float(rows[0, 0]) == pytest.approx(HERE.cx, abs=1e-3)


@of_each
@pytest.mark.parametrize(
    ('influence', 'far', 'first'), [(0.0, 3.2, 'far'), (0.5, 3.2, 'near'), (0.1, 9.0, 'far')]
)
def test_what_the_window_takes_off_counts_as_without_a_classifier(
    make, make_online, frame, show, prefer, name, influence, far, first
):
    found = []
    for maker, values in ((make, {}), (make_online, {}), (make_online, {'rank_weight': 0.0})):
        tracker = maker(name, window_influence=influence, rival_candidate=0.5, **values)
        target = tracker.start(frame, HERE)
        target.origin = (0.0, 0.0)
        show(tracker, (6, 0, far), (-1, 0, 3.0))
        if tracker.following.teacher is not None:
            prefer(tracker, (HERE.cx - CELL, HERE.cy, -0.9))
        tracker.step(frame, [target])
        found.append((target.box.cx - HERE.cx) / CELL)
    # Both candidates are as good to the classifier, but for a little.
    at = {'far': 6.0, 'near': -1.0}
    assert found[0] == pytest.approx(at[first], abs=0.2)
    assert found[1] == found[0]
    assert found[2] == pytest.approx(-1.0, abs=0.2)


@of_each
def test_the_classifier_is_asked_once_for_all_targets(make_online, frame, show, prefer, name):
    tracker = make_online(name, window_influence=0.0)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[1].lose()
    show(tracker, MIDDLE, BESIDE)
    calls = prefer(tracker)
    tracker.step(frame, targets)
    assert [[len(rows) for rows in call] for call in calls] == [[2, 2]]


@of_each
@pytest.mark.parametrize(('margin', 'counted'), [(3.0, 3.0), (500.0, 8.0), (-500.0, -8.0)])
def test_where_there_is_one_candidate_only_the_evidence_changes(
    make, make_online, frame, show, prefer, name, margin, counted
):
    fitted = {'confidence_bias': 0.5, 'confidence_margin': 0.3, 'certain_score': 0.0}
    values = {**fitted, 'lost_score': 0.0, 'scales': 3}
    runs = []
    for maker in (make, make_online):
        tracker = maker(name, **values)
        target = tracker.start(frame, HERE)
        show(tracker, (3, -2, 2.0))
        if tracker.following.teacher is not None:
            calls = prefer(tracker, (HERE.cx + 3 * CELL, HERE.cy - 2 * CELL, margin))
        runs.append((target, tracker.step(frame, [target])[0]))
    (other, expected), (target, estimate) = runs
    assert [len(rows) for rows in calls[0]] == [1]
    assert target.box == other.box
    assert target.box != HERE
    assert estimate.similarity == expected.similarity
    assert estimate.score == pytest.approx(chance(0.5 + 0.3 * counted))
    assert expected.score == pytest.approx(chance(0.5))
    assert target.monitor.features[3] == counted


@of_each
def test_a_still_object_keeps_its_box(make_online, frame, name):
    tracker = make_online(name, online_candidates=1)
    target = tracker.start(frame, HERE)
    for _ in range(4):
        (estimate,) = tracker.step(frame, [target])
        assert target.box == HERE
    assert estimate.state is State.TRACKING


@of_each
@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'online': 'yes'}, "online is 'yes' .*: expected true or false"),
        ({'online_candidates': 0}, 'online_candidates is 0: expected a whole number from 1 to 64'),
        ({'peak_distance': -1.0}, 'peak_distance is -1.0: expected a number from 0 to 16'),
        ({'rival_candidate': 0.9}, 'rival_candidate is 0.9: expected at most rival_update'),
        ({'scales': 2}, 'scales is 2: expected an odd number'),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(name, values, sentence):
    with pytest.raises(UserError, match=sentence):
        settings_class(name).from_dict(values)


@of_each
def test_a_tracker_without_a_classifier_cannot_be_told_to_learn(make, name):
    tracker = make(name)
    with pytest.raises(UserError, match='online is true: it cannot change while the tracker'):
        tracker.with_settings(tracker.settings.replaced(online=True))
    with pytest.raises(UserError, match='online is true, but this tracker was made without'):
        make(name, online=True)


def test_a_lost_target_is_searched_without_the_window(make_online, frame, show, prefer):
    tracker = make_online('sasiam', window_influence=0.9)
    target = tracker.start(frame, HERE)
    target.origin = (0.0, 0.0)
    target.lose()
    show(tracker, (8, 0, 3.0), (-1, 0, 2.9))
    prefer(tracker)
    tracker.step(frame, [target])
    assert target.box.cx - HERE.cx == pytest.approx(8 * CELL, abs=1e-3)
