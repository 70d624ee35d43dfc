# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the score of a frame rests on, and the states that follow from it."""

import math

from csn_bench import GONE, HERE, SURE, THERE, equal, follow
import numpy as np
from places import place_of
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import State

# The score is the classifier's.
MARGIN = {**SURE, 'confidence_bias': 0.0, 'confidence_margin': 1.0}


def spoil(target):
    """Put a NaN into a learned layer."""
    head = target.classifier.head.row(0)
    with torch.inference_mode():
        head.weights[1][0, 3, 5] = torch.nan
    target.classifier.head = head


def test_scores_are_probabilities(make, texture):
    tracker = make(
        confidence_bias=0.0, confidence_peak=3.0, confidence_sharpness=1.0, confidence_drop=-2.0,
        confidence_margin=5.0,
    )  # fmt: skip
    frames = [Frame.from_numpy(texture(seed=k)) for k in range(6)]
    _, estimates = follow(tracker, frames, HERE)
    for estimate in estimates:
        for score in (estimate.score, estimate.similarity, estimate.classification):
            assert 0.0 <= score <= 1.0
    # They are not all the same.
    assert len({estimate.score for estimate in estimates}) > 1


@pytest.mark.parametrize(('margin', 'bounded'), [(3.0, 3.0), (500.0, 8.0), (-500.0, -8.0)])
def test_the_margin_is_evidence_but_never_more_than_certain(
    make, frame, show, monkeypatch, margin, bounded
):
    tracker = make(**MARGIN)
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    monkeypatch.setattr(
        tracker.classifier, 'margins', lambda f, t, boxes: [torch.full((len(boxes[0]),), margin)]
    )
    (estimate,) = tracker.step(frame, [target])
    assert estimate.score == pytest.approx(1 / (1 + math.exp(-bounded)))
    assert estimate.similarity == pytest.approx(1 / (1 + math.exp(-2.0)), abs=1e-6)
    assert target.monitor.features[3] == bounded


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_margins_that_are_none_of_them_finite_lose_the_target(
    make, frame, show, monkeypatch, value
):
    """Large layers may be finite and their scores not."""
    tracker = make()
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    head = target.classifier.head
    with monkeypatch.context() as patch:
        patch.setattr(
            tracker.classifier, 'margins', lambda f, t, b: [torch.full((len(b[0]),), value)]
        )
        (estimate,) = tracker.step(frame, [target])
    assert (estimate.state, estimate.score, estimate.updated) == (State.LOST, 0.0, False)
    tracker.step(frame, [target])
    assert not equal(target.classifier.head, head)
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize('candidates_from', ['peaks', 'draws'])
def test_g4_a_nan_in_a_learned_layer_loses_the_target_until_it_is_rebuilt(
    make, frame, candidates_from
):
    tracker = make(candidates_from=candidates_from)
    target = tracker.start(frame, HERE)
    tracker.step(frame, [target])
    before = target.box
    spoil(target)
    (first,) = tracker.step(frame, [target])
    assert (first.state, first.score, first.updated) == (State.LOST, 0.0, False)
    assert math.isfinite(first.similarity)
    assert first.classification == 0.0
    assert target.box == before
    # Its new layers find it from the frame after this one on.
    (second,) = tracker.step(frame, [target])
    assert target.classifier.head.finite().all()
    assert (second.state, second.score) == (State.LOST, 0.0)
    (third,) = tracker.step(frame, [target])
    assert third.state is State.TRACKING
    assert third.score > 0.9


def test_a_lesson_that_ends_ill_loses_the_target_until_it_is_rebuilt(make, frame):
    tracker = make()
    target = tracker.start(frame, HERE)
    before = target.classifier.head
    target.classifier.healthy = False
    (first,) = tracker.step(frame, [target])
    assert (first.state, first.score) == (State.LOST, 0.0)
    assert target.classifier.healthy
    assert not equal(target.classifier.head, before)
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize('values', [{}, {'decide_by': 'matching'}], ids=str)
@pytest.mark.parametrize('where', ['template', 'fill'])
def test_g4_a_nan_in_the_map_loses_the_target_and_keeps_its_box(make, frame, where, values):
    tracker = make(**values)
    target = tracker.start(frame, Box(20, 120, 36, 60))
    true = getattr(target, where)
    setattr(target, where, torch.full_like(true, torch.nan))
    (estimate,) = tracker.step(frame, [target])
    assert (estimate.state, estimate.score, estimate.updated) == (State.LOST, 0.0, False)
    assert estimate.similarity == 0.0
    assert target.box == Box(20, 120, 36, 60)
    assert estimate.box.is_valid
    setattr(target, where, true)
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize('fault', ['layer', 'map', 'lesson'])
def test_an_ill_target_does_not_touch_the_others(make, texture, fault):
    tracker = make()
    frames = [Frame.from_numpy(np.roll(texture(), (k, 2 * k), (0, 1))) for k in range(6)]
    expected = follow(tracker, frames, HERE)[1]
    healthy, ill = tracker.start(frames[0], HERE), tracker.start(frames[0], THERE)
    if fault == 'layer':
        spoil(ill)
    elif fault == 'map':
        ill.template = torch.full_like(ill.template, torch.nan)
    else:
        ill.classifier.healthy = False
    states = []
    for shown, alone in zip(frames[1:], expected):
        good, bad = tracker.step(shown, [healthy, ill])
        states.append(bad.state)
        assert good.state is alone.state is State.TRACKING
        assert place_of(good.box) == pytest.approx(place_of(alone.box), abs=1e-3)
        assert good.score == pytest.approx(alone.score, abs=1e-4)
        assert good.updated is alone.updated
    assert states[0] is State.LOST


def test_a_target_is_lost_after_its_patience_and_then_keeps_its_box(make, frame):
    tracker = make(**GONE, lost_patience=3)
    target = tracker.start(frame, HERE)
    states = []
    for _ in range(2):
        states.append(tracker.step(frame, [target])[0].state)
    box = target.box
    for _ in range(3):
        states.append(tracker.step(frame, [target])[0].state)
    assert states == [State.UNCERTAIN, State.UNCERTAIN, State.LOST, State.LOST, State.LOST]
    assert target.box == box


def test_a_target_declared_lost_must_be_found_again(make, frame):
    doubtful = make(**{**SURE, 'confidence_bias': 0.2})  # a score of 0.55: certain, but not found
    target = doubtful.start(frame, HERE)
    assert doubtful.step(frame, [target])[0].state is State.TRACKING
    target.lose()
    assert doubtful.step(frame, [target])[0].state is State.LOST
    assert make().step(frame, [target])[0].state is State.TRACKING
