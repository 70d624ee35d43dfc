# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: what a failure drops, and what is no frame to learn from."""


from dsiam_bench import BOX, LOST, OTHER_SIZE, PAPER, SEARCH, UNCERTAIN, shifted
import pytest

from siam_tracker_ros.trackers import State, dsiam_settings
from siam_tracker_ros.trackers.dsiam import LEARNED_FROM, DSiamTarget


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'success_peak': 1e6}, 'is not above 1e+06'),
        (LOST, 'the target is lost'),
    ],
)
def test_a_failure_drops_what_was_learned(make, texture, values, reason):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    assert target.learned is not None
    strict = tracker.with_settings(tracker.settings.replaced(**values))
    (estimate,) = strict.step(shifted(texture, 2), [target])
    assert target.learned is None
    assert target.origin == target.first_origin
    assert not estimate.updated
    assert reason in estimate.update_reason
    # The next success is learned from again.
    (estimate,) = tracker.step(shifted(texture, 2), [target])
    assert (estimate.updated, estimate.update_reason) == (True, LEARNED_FROM)


def test_before_the_first_success_nothing_is_transformed(make, texture):
    target = make(PAPER).start(shifted(texture, 0), BOX)
    assert isinstance(target, DSiamTarget)
    assert target.learned is None


def test_a_target_that_is_declared_lost_is_searched_as_it_was_at_first(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    target.lose()
    assert target.learned is None


@pytest.mark.parametrize('values', [PAPER, SEARCH], ids=['paper', 'search'])
def test_what_is_found_in_a_larger_region_is_not_learned_from(make, texture, values):
    tracker = make(values, lost_search_size=223)
    target = tracker.start(shifted(texture, 0), BOX)
    target.lose()
    (estimate,) = tracker.step(shifted(texture, 0), [target])
    assert target.state is State.TRACKING
    assert estimate.update_reason == OTHER_SIZE
    assert tracker.step(shifted(texture, 0), [target])[0].updated


def test_with_learning_off_what_is_known_stays(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    known = target.learned
    frozen = tracker.with_settings(tracker.settings.replaced(learning=False))
    (estimate,) = frozen.step(shifted(texture, 2), [target])
    assert target.learned is known
    assert (estimate.updated, estimate.update_reason) == (False, 'learning is off')


def test_an_uncertain_success_is_not_learned_from_and_what_is_known_stays(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    known, origin = target.learned, target.origin
    doubting = tracker.with_settings(tracker.settings.replaced(**UNCERTAIN))
    (estimate,) = doubting.step(shifted(texture, 2), [target])
    assert estimate.state is State.UNCERTAIN
    assert (target.learned, target.origin) == (known, origin)
    assert (estimate.updated, estimate.update_reason) == (False, 'the target is uncertain')
    # The paper's rule.
    eager = doubting.with_settings(doubting.settings.replaced(learn_uncertain=True))
    (estimate,) = eager.step(shifted(texture, 2), [target])
    assert estimate.state is State.UNCERTAIN
    assert target.learned is not known
    assert (estimate.updated, estimate.update_reason) == (True, LEARNED_FROM)


def test_an_uncertain_failure_is_a_failure(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    strict = tracker.with_settings(tracker.settings.replaced(**UNCERTAIN, success_peak=1e6))
    (estimate,) = strict.step(shifted(texture, 2), [target])
    assert estimate.state is State.UNCERTAIN
    assert target.learned is None


def test_some_successes_are_learned_from_and_the_first_after_a_failure(make, texture):
    tracker = make(PAPER, learn_every=3)
    target = tracker.start(shifted(texture, 0), BOX)

    def taught(by=tracker):
        return by.step(shifted(texture, 1), [target])[0].updated

    assert [taught() for _ in range(8)] == [True, False, False] * 2 + [True, False]
    failing = tracker.with_settings(tracker.settings.replaced(success_peak=1e6))
    assert not taught(failing)
    assert [taught() for _ in range(4)] == [True, False, False, True]
    assert tracker.step(shifted(texture, 1), [target])[0].update_reason == (
        'one in 3 successes is learned from'
    )


def test_what_is_not_learned_from_is_no_success_that_counts(make, texture):
    tracker = make(PAPER, learn_every=2)
    target = tracker.start(shifted(texture, 0), BOX)
    doubting = tracker.with_settings(tracker.settings.replaced(**UNCERTAIN))
    taught = [
        by.step(shifted(texture, 1), [target])[0].updated
        for by in (tracker, doubting, tracker, tracker)
    ]
    assert taught == [True, False, False, True]


def test_both_presets_learn_from_all_successes():
    for preset in (dsiam_settings.PAPER, dsiam_settings.AUTHORS):
        assert (preset['learn_uncertain'], preset['learn_every']) == (True, 1)


@pytest.mark.parametrize('way', [PAPER, SEARCH], ids=['paper', 'search'])
@pytest.mark.parametrize('values', [{'search_size': 223}, {'exemplar_size': 95}], ids=str)
def test_other_settings_serve_old_targets(make, texture, way, values):
    tracker = make(way)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    other = tracker.with_settings(tracker.settings.replaced(**values))
    assert other.network is tracker.network
    (estimate,) = other.step(shifted(texture, 1), [target])
    assert estimate.box.is_valid
    assert estimate.update_reason == OTHER_SIZE
