# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The optional box regression: when it speaks, what it may change, and what it leaves alone."""

from dataclasses import replace

from csn_bench import GONE, HERE, THERE, equal, follow
from places import place_of
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.online.bbox_regression import BoxRegression
from siam_tracker_ros.trackers import State

REGRESSION = {'box_regression': True, 'regression_samples': 24}
MOVED = (0.05, -0.1, 0.1, -0.2)


def moving(tracker, change):
    """A regression that changes every box alike."""
    dimension = tracker.network.classification.dimension
    return BoxRegression(torch.zeros(dimension + 1, 4), torch.tensor(change))


@pytest.fixture
def judged(monkeypatch):
    """Makes a tracker find a margin at the box where the target is."""

    def judged(tracker, margin):
        found = tracker.finder.find

        def find(frame, targets):
            return [
                replace(r, box=t.box, evidence=replace(r.evidence, margin=margin))
                for t, r in zip(targets, found(frame, targets))
            ]

        monkeypatch.setattr(tracker.finder, 'find', find)

    return judged


def changed(box):
    x, y, w, h = place_of(box)
    moved = torch.tensor([x + 0.05 * w, y - 0.1 * h]), torch.tensor([w, h])
    return [*moved[0].tolist(), *(moved[1] * torch.tensor([0.1, -0.2]).exp()).tolist()]


def test_without_it_nothing_is_learned_and_the_targets_box_is_reported(make, frame):
    target, estimates = follow(make(), [frame] * 3, HERE)
    assert target.regression is None
    assert place_of(estimates[-1].box) == place_of(target.box)


def test_the_reported_box_is_changed_and_the_search_goes_on_from_the_other(make, frame, judged):
    tracker = make(**REGRESSION)
    target = tracker.start(frame, HERE)
    target.regression = moving(tracker, MOVED)
    judged(tracker, 1.0)
    for _ in range(2):
        (estimate,) = tracker.step(frame, [target])
        assert place_of(target.box) == place_of(HERE)
        assert place_of(estimate.box) == pytest.approx(changed(HERE), abs=1e-3)


@pytest.mark.parametrize('margin', [-1.0, 0.0, float('nan')])
def test_it_is_silent_where_the_classifier_is_not_for_the_box(make, frame, judged, margin):
    tracker = make(**REGRESSION)
    target = tracker.start(frame, HERE)
    target.regression = moving(tracker, MOVED)
    judged(tracker, margin)
    (estimate,) = tracker.step(frame, [target])
    assert place_of(estimate.box) == place_of(HERE)


def test_it_is_silent_while_the_target_is_lost(make, frame, judged):
    tracker = make(**REGRESSION, **GONE)
    target = tracker.start(frame, HERE)
    target.regression = moving(tracker, MOVED)
    judged(tracker, 1.0)
    for _ in range(3):
        (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.LOST
    assert place_of(estimate.box) == place_of(HERE)


@pytest.mark.parametrize(
    'change', [(0.9, 0.0, 0.0, 0.0), (0.0, 0.0, 2.0, 0.0), (float('nan'),) * 4]
)
def test_changes_that_no_sample_had_are_not_believed(make, frame, judged, change):
    tracker = make(**REGRESSION)
    target = tracker.start(frame, HERE)
    target.regression = moving(tracker, change)
    judged(tracker, 1.0)
    (estimate,) = tracker.step(frame, [target])
    assert place_of(estimate.box) == place_of(HERE)


def test_each_target_has_its_own(make, frame, judged):
    tracker = make(**REGRESSION)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[1].regression = moving(tracker, MOVED)
    targets[0].regression = moving(tracker, (0.0, 0.0, 0.0, 0.0))
    judged(tracker, 1.0)
    first, second = tracker.step(frame, targets)
    assert place_of(first.box) == pytest.approx(place_of(HERE), abs=1e-3)
    assert place_of(second.box) == pytest.approx(changed(THERE), abs=1e-3)


def test_what_it_learned_in_the_first_frame_mends_boxes_that_are_off(make, frame, judged):
    tracker = make(**{**REGRESSION, 'regression_samples': 200, 'regression_ridge': 1.0})
    target = tracker.start(frame, HERE)
    judged(tracker, 1.0)
    before, after = [], []
    for dx, dy, f in ((4, 0, 1.1), (-5, 3, 1.0), (0, -5, 0.9), (3, 3, 1.15)):
        target.box = Box(HERE.cx + dx, HERE.cy + dy, HERE.w * f, HERE.h * f)
        (estimate,) = tracker.step(frame, [target])
        before.append(target.box.iou(HERE))
        after.append(estimate.box.iou(HERE))
    assert sum(after) / 4 > sum(before) / 4 + 0.05


def test_it_does_not_change_what_the_classifier_learned_first(make, frame):
    plain, regressed = (make(**v).start(frame, HERE) for v in ({}, REGRESSION))
    assert equal(plain.classifier.head, regressed.classifier.head)
