# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which frames a target remembers, and when its classifier learns from them."""

from csn_bench import GONE, HERE, NO_RIVAL, THERE, cell_of
import pytest

RIVAL = ((-2.0, 0.0, 2.0), (2.0, 0.0, 1.9))


@pytest.fixture
def watch(monkeypatch):
    """Notes for each call of a method of a tracker's classifier which targets it was about."""

    def watch(tracker, name):
        calls = []
        true = getattr(tracker.classifier, name)

        def spy(*args, **more):
            calls.append(next(a for a in args if isinstance(a, list)))
            return true(*args, **more)

        monkeypatch.setattr(tracker.classifier, name, spy)
        return calls

    return watch


@pytest.mark.parametrize(
    ('peaks', 'values', 'past', 'updated', 'reason'),
    [
        ([NO_RIVAL], {}, 3.0, True, 'no rival peak'),
        (RIVAL, {}, 3.0, True, 'a rival peak, but both scores hold'),
        (RIVAL, {'classification_share': 0.999}, 9.0, False, 'and the classification score'),
        (RIVAL, {'rival_update': 0.8}, None, False, 'no history to compare with'),
        ([NO_RIVAL], {**GONE, 'lost_patience': 1}, 3.0, False, 'the target is lost'),
        ([NO_RIVAL], {'learning': False}, 3.0, False, 'learning is off'),
        ([NO_RIVAL], {'remember_every': 5}, 3.0, False, 'one frame in 5 is remembered'),
        ([NO_RIVAL], {'remember_every': 2}, 3.0, True, 'no rival peak'),
        ([NO_RIVAL], {'decide_by': 'matching'}, 3.0, False, 'matching alone does not learn'),
    ],
)
def test_a_frame_is_learned_from_only_where_the_gate_is_open(
    make, frame, show, prefer, watch, peaks, values, past, updated, reason
):
    tracker = make(**values)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    if past is not None:
        # A frame before this one, for the history.
        prefer(tracker, (HERE.cx, HERE.cy), margin=past)
        tracker.step(frame, [target])
    show(tracker, *peaks)
    at = cell_of(target.box, *peaks[0][:2])
    prefer(tracker, at)
    remembered = watch(tracker, 'remember')
    (estimate,) = tracker.step(frame, [target])
    assert estimate.updated is updated
    assert reason in estimate.update_reason
    assert remembered == ([[target.classifier]] if updated else [])


def test_a_low_matching_score_closes_the_gate(make, frame, show, prefer, watch):
    tracker = make()
    show(tracker, *RIVAL, fine=2.0)
    target = tracker.start(frame, HERE)
    prefer(tracker, cell_of(HERE, -2.0, 0.0))
    tracker.step(frame, [target])
    remembered = watch(tracker, 'remember')
    show(tracker, *RIVAL, fine=0.0)
    prefer(tracker, cell_of(target.box, -2.0, 0.0))
    (estimate,) = tracker.step(frame, [target])
    assert not estimate.updated
    assert 'the matching score 0.5 is not above' in estimate.update_reason
    assert remembered == []


def test_only_fit_targets_of_a_frame_are_remembered(make, frame, show, watch):
    tracker = make()
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[1].lose()
    show(tracker, NO_RIVAL)
    strict = tracker.with_settings(tracker.settings.replaced(found_score=1.0))
    remembered = watch(strict, 'remember')
    estimates = strict.step(frame, targets)
    assert [e.updated for e in estimates] == [True, False]
    assert remembered == [[targets[0].classifier]]


def test_a_lesson_is_begun_in_its_frames_and_only_with_news(make, frame, show, watch):
    tracker = make(update_every=3)
    target = tracker.start(frame, HERE)
    learned = watch(tracker, 'learn')
    counts = []
    # A rival without a history is no news, and neither is one whose scores fall.
    show(tracker, NO_RIVAL)
    for _ in range(6):
        tracker.step(frame, [target])
        counts.append(len(learned))
    show(tracker, *RIVAL, fine=-5.0)
    for _ in range(3):
        assert not tracker.step(frame, [target])[0].updated
        counts.append(len(learned))
    assert counts == [0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_a_frozen_classifier_learns_nothing(make, frame, show):
    tracker = make(update_every=2)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    assert tracker.step(frame, [target])[0].updated
    frozen = tracker.with_settings(tracker.settings.replaced(learning=False))
    before = target.classifier.head
    for _ in range(3):
        frozen.step(frame, [target])
    assert target.classifier.head is before
    for _ in range(2):
        tracker.step(frame, [target])
    assert target.classifier.head is not before


def test_news_wait_for_a_lesson_in_progress(make, frame, show, watch):
    tracker = make(update_every=2, update_iterations=3, iterations_per_frame=1)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    learned = watch(tracker, 'learn')
    news = []
    for _ in range(6):
        tracker.step(frame, [target])
        news.append(target.pupil.news)
    # Begun in frame 2 and done in frame 5: frame 4 begins none, frame 6 does.
    assert news == [1, 0, 1, 2, 3, 0]
    assert len(learned) == 2


def test_a_lost_target_does_not_begin_a_lesson(make, frame, show, watch):
    tracker = make(update_every=2)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    tracker.step(frame, [target])
    target.lose()
    learned = watch(tracker, 'learn')
    gone = tracker.with_settings(tracker.settings.replaced(found_score=1.0))
    gone_learned = watch(gone, 'learn')
    gone.step(frame, [target])
    assert target.pupil.news == 1
    assert learned == gone_learned == []
