# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What holds of all trackers whose targets a classifier learns, whatever its candidates are."""

from places import place_of
import pytest


def lessons_go_on(tracker, settings, frame, target, show):
    """Lessons change the layers, and go on under new `settings`; the tracker that has these.

    `show` makes a tracker see one candidate only.
    """
    before = target.pupil.classifier.head
    for _ in range(2):
        tracker.step(frame, [target])
    lesson = target.pupil.classifier.lesson
    assert lesson is not None
    other = tracker.with_settings(settings)
    show(other)
    for _ in range(3):
        assert target.pupil.classifier.lesson is lesson
        assert target.pupil.classifier.head is before
        other.step(frame, [target])
    assert target.pupil.classifier.lesson is None
    assert target.pupil.classifier.head is not before
    return other


def found_as_each_alone(tracker, frames, boxes):
    """Several targets are found as each alone; one of them is lost on the way."""
    together, alone = ([tracker.start(frames[0], box) for box in boxes] for _ in range(2))
    for number, shown in enumerate(frames[1:]):
        if number == 2:
            together[1].lose()
            alone[1].lose()
        singles = [tracker.step(shown, [target])[0] for target in alone]
        for one, other in zip(tracker.step(shown, together), singles):
            assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-3)
            assert one.score == pytest.approx(other.score, abs=1e-4)
            assert one.classification == pytest.approx(other.classification, abs=1e-3)
            assert (one.state, one.updated) == (other.state, other.updated)


def determined_by_the_seed(make, frames, box):
    """A seed determines everything; `make` makes a tracker with some settings."""
    runs = []
    for seed in (0, 0, 1):
        tracker = make(seed=seed, iterations_per_frame=1, grid=5)
        target = tracker.start(frames[0], box)
        found = [tracker.step(shown, [target])[0] for shown in frames[1:]]
        numbers = [(*place_of(e.box), e.score, e.classification) for e in found]
        runs.append((numbers, [t.tolist() for t in target.pupil.classifier.head.tensors]))
    assert runs[0] == runs[1]
    assert runs[0][1] != runs[2][1]
