# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""New settings serve old targets; those that contradict each other are refused."""

from csn_bench import HERE, NO_RIVAL, SMALL
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.csn import CSNSettings


def test_new_settings_share_the_network_and_serve_old_targets(make, frame):
    tracker = make()
    target = tracker.start(frame, HERE)
    assert tracker.step(frame, [target])[0].state is State.TRACKING
    strict = tracker.with_settings(
        tracker.settings.replaced(
            certain_score=1.0, lost_score=1.0, found_score=1.0, lost_patience=1
        )
    )
    assert strict.network is tracker.network
    assert strict.step(frame, [target])[0].state is State.LOST
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize(
    'change',
    [
        {'update_rate': 0.02},
        {'lost_score': 0.1},
        {'update_iterations': 7},
        {'iterations_per_frame': 3},
        {'iterations_per_frame': 0},
    ],
    ids=str,
)
def test_a_lesson_goes_on_as_it_was_begun(make, frame, show, change):
    tracker = make(update_every=2, update_iterations=3, iterations_per_frame=1)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    for _ in range(2):
        tracker.step(frame, [target])
    lesson, before = target.classifier.lesson, target.classifier.head
    assert lesson is not None
    other = tracker.with_settings(tracker.settings.replaced(update_every=1000, **change))
    for _ in range(3):
        assert target.classifier.head is before
        assert target.classifier.lesson is lesson
        other.step(frame, [target])
    assert target.classifier.head is not before
    assert target.classifier.healthy


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'exemplar_size': 90}, 'exemplar_size is 90: expected at least 95, and 7 more than'),
        ({'exemplar_size': 87, 'search_size': 151}, 'exemplar_size is 87: expected at least 95'),
        ({'exemplar_size': 97, 'search_size': 161}, 'exemplar_size is 97: .* and 7 more than'),
        ({'candidate_scales': 2}, 'candidate_scales is 2: expected an odd number, so that one'),
        (
            {'candidates_from': 'draws', 'decide_by': 'matching'},
            "candidates_from is 'draws' and decide_by is matching: one of the two subnetworks",
        ),
        ({'candidates_from': 'luck'}, "candidates_from is 'luck': expected one of peaks, draws"),
        ({'redetect_cells': 4}, 'redetect_cells is 4: expected an odd number'),
        ({'search_size': 192}, r'search_size is 192: expected exemplar_size \(127\) plus a mult'),
        ({'scales': 2}, 'scales is 2: expected an odd number'),
        ({'grid': 4}, 'grid is 4: expected 0 or an odd number'),
        ({'rival_candidate': 0.9}, 'rival_candidate is 0.9: expected at most rival_update'),
        ({'lost_score': 0.6}, r'lost_score is 0.6: expected at most certain_score \(0.5\)'),
    ],
    ids=str,
)
def test_settings_that_contradict_each_other_are_refused(values, sentence):
    given = {**SMALL, **values}
    if 'exemplar_size' in values:
        given['lost_search_size'] = given['exemplar_size'] + 64
        given['search_size'] = given['exemplar_size'] + 32
    with pytest.raises(UserError, match=sentence):
        CSNSettings.from_dict(given)


def test_factors_of_candidates_rise_around_one():
    settings = CSNSettings.from_dict({
        **SMALL, 'candidate_scales': 5, 'candidate_step': 1.1, 'size_from': 'classification',
    })
    expected = [1.1**-2, 1 / 1.1, 1.0, 1.1, 1.21]
    assert settings.candidate_factors == pytest.approx(expected)
