# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking by proposals: what becomes of a target by the proposal that was chosen."""

import math

from places import place_of
import pytest
from rpn_bench import GONE, HERE, THERE, of_each, scale_of
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.proposing import Proposals
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.proposals import choose
from siam_tracker_ros.trackers.rpn import Origin


def kept_of(function, given):
    """The function, of whose results a list is kept."""

    def spy(*arguments):
        given.append(function(*arguments))
        return given[-1]

    return spy


@pytest.mark.parametrize('box', [HERE, Box(160.25, 90.5, 31.5, 80.0), Box(20.0, 20.0, 40.0, 40.0)])
@pytest.mark.parametrize('values', [{}, {'size_rate': 1.0, 'search_size': 287}], ids=str)
def test_a_still_object_keeps_its_box(make, frame, show, box, values):
    """A network that finds it beside its place and of another size does so in each frame."""
    tracker = make(**values)
    scale = scale_of(box)
    show(tracker, ((4.0, -2.0, box.w / scale * 1.1, box.h / scale * 0.93), 2.0))
    target = tracker.start(frame, box)
    for _ in range(20):
        (estimate,) = tracker.step(frame, [target])
        assert target.box == box
        assert estimate.box == box


def test_published_code_follows_what_it_finds_of_a_still_object(make, frame, show):
    tracker = make(keep_first_box=False, size_rate=1.0)
    target = tracker.start(frame, HERE)
    show(tracker, ((4.0, -2.0, 60.0, 60.0), 9.0))
    tracker.step(frame, [target])
    scale = scale_of(HERE)
    assert target.box.cx == pytest.approx(120 + 4 * scale, abs=1e-3)
    assert target.box.cy == pytest.approx(100 - 2 * scale, abs=1e-3)


def test_what_was_found_of_the_first_box_is_taken_off(make, frame, show):
    tracker = make(size_rate=1.0, penalty=0.0)
    scale = scale_of(HERE)
    # A network that finds it a little to the right, and a tenth larger.
    w, h = HERE.w / scale * 1.1, HERE.h / scale * 1.1
    show(tracker, ((4.0, -2.0, w, h), 30.0))
    target = tracker.start(frame, HERE)
    show(tracker, ((20.0, 6.0, w * 1.2, h), 30.0))
    tracker.step(frame, [target])
    expected = (120 + 16 * scale, 100 + 8 * scale, HERE.w * 1.2, HERE.h)
    assert place_of(target.box) == pytest.approx(expected, abs=1e-3)


def test_proposals_are_ranked_against_what_was_found_of_the_first_box(make, frame, monkeypatch):
    tracker = make(penalty=0.1, window_influence=0.0)
    scale = scale_of(HERE)
    w, h = HERE.w / scale, HERE.h / scale
    # One anchor sees the object too large, and is surer than the one that sees it right.
    large, right = (4.0, 0.0, w * 1.4, h * 1.4), (0.0, 0.0, w, h)
    seen = {1: (large, 3.0), 3: (right, 2.0)}

    def propose(template, x):
        cells = (x.shape[-1] - 127) // 8 + 1
        logits = torch.full((1, 5, cells, cells), -9.0)
        boxes = torch.tensor(right).view(1, 4, 1, 1, 1).repeat(1, 1, 5, cells, cells)
        for anchor, (box, logit) in seen.items():
            logits[0, anchor, cells // 2, cells // 2] = logit
            boxes[0, :, anchor, cells // 2, cells // 2] = torch.tensor(box)
        return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))

    monkeypatch.setattr(tracker.network, 'propose', propose)
    target = tracker.start(frame, HERE)
    assert (target.origin.width, target.origin.height) == pytest.approx((1.4, 1.4))
    # A little less sure, but no other size than at first, where the other one is.
    seen[1] = (large, 1.9)
    (estimate,) = tracker.step(frame, [target])
    assert estimate.similarity == pytest.approx(1 / (1 + math.exp(-1.9)))
    assert target.box == HERE


def test_a_wild_box_elsewhere_does_not_touch_a_target(make, frame, monkeypatch):
    tracker = make(penalty=0.0)
    target = tracker.start(frame, HERE)
    side = 127 / 2

    def propose(template, x):
        logits = torch.full((1, 5, 17, 17), -9.0)
        boxes = torch.tensor([0.0, 0.0, side, side]).view(1, 4, 1, 1, 1).repeat(1, 1, 5, 17, 17)
        logits[0, 0, 8, 8] = 2.0
        boxes[0, 2, 4, 0, 0] = math.inf
        return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))

    monkeypatch.setattr(tracker.network, 'propose', propose)
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.TRACKING
    assert all(map(math.isfinite, place_of(target.box)))


@pytest.mark.parametrize(
    'found', [(12.0, 0.0, 60.0, 60.0), (0.0, 0.0, 140.0, 60.0), (0.0, 0.0, 60.0, 20.0)]
)
def test_what_is_far_from_the_first_box_corrects_nothing(make, frame, show, found):
    tracker = make()
    show(tracker, (found, 9.0))
    origin = tracker.start(frame, HERE).origin
    assert (origin.dx, origin.dy, origin.width, origin.height) == (0.0, 0.0, 1.0, 1.0)


def test_the_size_follows_by_score_and_steadiness(make, frame, show):
    tracker = make(keep_first_box=False, size_rate=0.4, penalty=0.1)
    target = tracker.start(frame, HERE)
    scale = scale_of(HERE)
    # Half as large again in both directions: s changes by 1.5, r does not.
    show(tracker, ((0.0, 0.0, 90.0 / scale, 75.0 / scale), 1.0))
    tracker.step(frame, [target])
    rate = 0.4 * math.exp(-0.1 * 0.5) / (1 + math.exp(-1.0))
    expected = (120, 100, 60 + rate * 30, 50 + rate * 25)
    assert place_of(target.box) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(('first', 'least'), [(HERE, 10.0), (Box(120.0, 100.0, 6.0, 50.0), 6.0)])
def test_the_size_is_bounded(make, frame, show, first, least):
    tracker = make(keep_first_box=False, size_rate=1.0, penalty=0.0)
    for side, bounds in ((1e-3, (least, 10.0)), (1e5, (frame.width, frame.height))):
        target = tracker.start(frame, first)
        show(tracker, ((0.0, 0.0, side, side), 30.0))
        tracker.step(frame, [target])
        assert (target.box.w, target.box.h) == pytest.approx(bounds)


def test_a_box_keeps_its_centre_in_the_frame(make, frame, show):
    tracker = make(keep_first_box=False)
    target = tracker.start(frame, Box(20.0, 20.0, 40.0, 40.0))
    show(tracker, ((-64.0, -64.0, 60.0, 60.0), 9.0))
    (estimate,) = tracker.step(frame, [target])
    assert (target.box.cx, target.box.cy) == (0.0, 0.0)
    assert estimate.box.ltwh[:2] == (0.0, 0.0)


def test_a_lost_target_keeps_its_box_until_it_is_found(make, frame, show):
    values = {'certain_score': 0.5, 'lost_score': 0.2, 'found_score': 0.7, 'lost_patience': 2}
    tracker = make(confidence_bias=0.0, confidence_peak=1.0, keep_first_box=False, **values)
    target = tracker.start(frame, HERE)
    scale, side = scale_of(HERE), 127 / 2
    show(tracker, ((8.0, 0.0, side, side), -4.0))
    states = [tracker.step(frame, [target])[0].state for _ in range(2)]
    assert states == [State.UNCERTAIN, State.LOST]
    left = place_of(target.box)
    # Not sure enough, then sure, and further off than the search of a tracked target reaches.
    far = (112.0, -112.0, side, side)
    show(tracker, (far, 0.5))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.LOST
    assert place_of(target.box) == left
    show(tracker, (far, 2.0))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.TRACKING
    scale = scale_of(Box(*left))
    expected = (left[0] + 112 * scale, max(left[1] - 112 * scale, 0.0))
    assert (target.box.cx, target.box.cy) == pytest.approx(expected, abs=1e-2)


@of_each
def test_g4_a_nan_loses_its_own_target_only(make, frame, name):
    tracker = make(name)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[0].template = tuple(part * math.nan for part in targets[0].template)
    ill, well = tracker.step(frame, targets)
    assert (ill.state, ill.score, ill.box) == (State.LOST, 0.0, HERE)
    assert well.state is State.TRACKING


def test_a_changed_size_of_the_image_moves_all_that_is_known(make, frame, texture):
    tracker = make()
    target = tracker.start(frame, HERE)
    target.rescale(2.0, 3.0)
    assert place_of(target.box) == place_of(target.first) == (240.0, 300.0, 120.0, 150.0)


def test_evidence_is_the_logit_and_the_sharpness(make, frame, show, monkeypatch):
    tracker = make(confidence_bias=0.5, keep_first_box=False)
    target, given = tracker.start(frame, HERE), []
    show(tracker, ((0.0, 0.0, 60.0, 60.0), 1.5))
    monkeypatch.setattr('siam_tracker_ros.trackers.rpn.choose', kept_of(choose, given))
    (estimate,) = tracker.step(frame, [target])
    (choice,) = given
    features = target.monitor.features
    assert float(choice.sharpness) > 5
    assert features[0] == 1.5
    assert features[1] == pytest.approx(math.log(float(choice.sharpness)))
    # What the network says of the proposal, and what the fit makes of it, are two things.
    assert estimate.similarity == pytest.approx(1 / (1 + math.exp(-1.5)))
    assert estimate.score == pytest.approx(1 / (1 + math.exp(-0.5)))


def test_the_candidate_of_a_lost_target_is_what_was_found(make, frame, show):
    tracker = make(**GONE, lost_patience=1, keep_first_box=False)
    target = tracker.start(frame, HERE)
    show(tracker, ((24.0, -16.0, 60.0, 60.0), 2.0))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.LOST
    assert target.box == HERE
    scale = scale_of(HERE)
    assert target.candidate.cx == pytest.approx(120 + 24 * scale, abs=1e-3)
    assert target.candidate.cy == pytest.approx(100 - 16 * scale, abs=1e-3)


@pytest.mark.parametrize(
    ('box', 'logit'), [((0.0, 0.0, 70.0, 55.0), math.nan), ((math.nan, 0.0, 70.0, 55.0), 9.0)]
)
def test_what_is_no_number_corrects_nothing(make, frame, monkeypatch, box, logit):
    tracker = make()

    def propose(template, x):
        boxes = torch.tensor(box).view(1, 4, 1, 1, 1).expand(1, 4, 5, 17, 17)
        logits = torch.full((1, 5, 17, 17), logit)
        return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))

    monkeypatch.setattr(tracker.network, 'propose', propose)
    assert tracker.start(frame, HERE).origin == Origin()
