# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam with ``online``: what the classifier's choice is to the transformations."""

from matched_bench import CELL, HERE
import pytest
import torch

from siam_tracker_ros.models.dynamic import weight_map
from siam_tracker_ros.trackers.transforming import Transforming

NO_SUCCESS = 'the response 0.90 is not above 1.5'
RIVAL = 'a rival peak, and no history to compare with'


@pytest.fixture
def chosen(make_online, frame, show, prefer):
    """Steps once, with the classifier for the lower one of two peaks: target and estimate."""

    def chosen(**values):
        tracker = make_online('dsiam', window_influence=0.0, **values)
        show(tracker, (0, 0, 2.0), (4, 0, 0.9))
        target = tracker.start(frame, HERE)
        prefer(tracker, (HERE.cx + 4 * CELL, HERE.cy, 9.0))
        (estimate,) = tracker.step(frame, [target])
        assert target.box.cx == pytest.approx(HERE.cx + 4 * CELL, abs=1e-3)
        return target, estimate

    return chosen


def test_they_learn_from_the_place_that_was_chosen(chosen, monkeypatch):
    lessons = []
    learn = Transforming.learn

    def look(transforming, lesson):
        lessons.append(lesson)
        return learn(transforming, lesson)

    monkeypatch.setattr(Transforming, 'learn', look)
    target, estimate = chosen(weight_spread=0.3, weight_window=False)
    # What was searched is weighted around it.
    [lesson] = lessons
    plain, weighted = lesson.plain[0], lesson.weighted[0]
    around = weight_map(plain.shape[-1], torch.tensor([[4.0, 0.0]]), 0.3 * 127 / 8, False)
    torch.testing.assert_close(weighted, plain * around, rtol=1e-4, atol=1e-5)
    assert target.learned is not None
    assert estimate.updated
    assert estimate.update_reason == (
        f'transformations: the response is a success; classifier: {RIVAL}'
    )


def test_success_is_that_of_the_place_that_was_chosen(chosen):
    target, estimate = chosen(success_peak=1.5)
    assert target.learned is None
    assert not estimate.updated
    assert estimate.update_reason == f'transformations: {NO_SUCCESS}; classifier: {RIVAL}'


def test_with_learning_off_neither_learns(make_online, frame, show, prefer):
    tracker = make_online('dsiam', update_every=10)
    show(tracker, (0, 0, 2.0))
    target = tracker.start(frame, HERE)
    prefer(tracker, (HERE.cx, HERE.cy, 3.0))
    frozen = tracker.with_settings(tracker.settings.replaced(learning=False))
    show(frozen, (0, 0, 2.0))
    prefer(frozen, (HERE.cx, HERE.cy, 3.0))
    (estimate,) = frozen.step(frame, [target])
    assert target.learned is None
    assert target.pupil.news == 0
    assert not estimate.updated
    assert estimate.update_reason == (
        'transformations: learning is off; classifier: learning is off'
    )
    (estimate,) = tracker.step(frame, [target])
    assert target.learned is not None
    assert (target.pupil.news, estimate.updated) == (1, True)


def test_layers_that_break_drop_the_transformations_too(make_online, frame):
    tracker = make_online('dsiam')
    target = tracker.start(frame, HERE)
    tracker.step(frame, [target])
    assert target.learned is not None
    target.pupil.classifier.healthy = False
    tracker.step(frame, [target])
    assert target.learned is None
