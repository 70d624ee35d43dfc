# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking by proposals."""

import math

import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, SearchWindow, context_side
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.proposing import Proposals
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.proposals import choose
from siam_tracker_ros.trackers.rpn import Origin, RPNTracker
from siam_tracker_ros.trackers.rpn_settings import RPNSettings

CPU = torch.device('cpu')
# A random network's logits mean nothing, so its score is fixed where the state shall not matter.
SURE = {'confidence_bias': 9.0, 'confidence_peak': 0.0}
GONE = {'confidence_bias': -9.0, 'confidence_peak': 0.0}
LIGHT = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [8, 8, 16], 'depths': [2, 2]},
    'channels': [8, 8],
}
NETWORKS = {
    'siamrpnpp': lambda: SiamRPN(**LIGHT),
    'crpn': lambda: CRPN(**LIGHT, block='depthwise', stages=2),
}
of_each = pytest.mark.parametrize('name', NETWORKS)
HERE, THERE = Box(120.0, 100.0, 60.0, 50.0), Box(220.0, 140.0, 40.0, 56.0)


@pytest.fixture
def make():
    """Makes a tracker around a small random network."""

    def make(name='siamrpnpp', **values):
        torch.manual_seed(0)
        settings = {**SURE, 'lost_search_size': 383, **values}
        return RPNTracker(NETWORKS[name](), RPNSettings.from_dict(settings), CPU)

    return make


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture())


@pytest.fixture
def show(monkeypatch):
    """Makes a tracker's network see boxes, in pixels of the crop from its middle.

    One (box, logit) for each target, or one for all.
    """

    def show(tracker, *found):
        def propose(template, x):
            n, cells = len(x), (x.shape[-1] - 127) // 8 + 1
            logits = torch.full((n, 5, cells, cells), -9.0)
            boxes = torch.empty(n, 4, 5, cells, cells)
            for k in range(n):
                box, logit = found[k % len(found)]
                column, row = (
                    min(max(round(v / 8 + (cells - 1) / 2), 0), cells - 1) for v in box[:2]
                )
                logits[k, 2, row, column] = logit
                boxes[k] = torch.tensor(box).view(4, 1, 1, 1)
            return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))

        monkeypatch.setattr(tracker.network, 'propose', propose)

    return show


def scale_of(box):
    """Pixels of the image in one of the crop."""
    return context_side(box.w, box.h) / 127


def place_of(box):
    return (box.cx, box.cy, box.w, box.h)


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


@of_each
def test_several_targets_are_found_as_each_alone(make, frame, name):
    tracker = make(name)
    boxes = (HERE, THERE)
    alone = []
    for box in boxes:
        target = tracker.start(frame, box)
        alone.append([tracker.step(frame, [target])[0] for _ in range(3)])
    targets = [tracker.start(frame, box) for box in boxes]
    for step in range(3):
        for k, estimate in enumerate(tracker.step(frame, targets)):
            assert place_of(estimate.box) == pytest.approx(place_of(alone[k][step].box), abs=1e-3)
            assert estimate.score == pytest.approx(alone[k][step].score, abs=1e-5)


@of_each
def test_one_run_of_the_network_serves_all_targets(make, frame, monkeypatch, name):
    tracker = make(name)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    true, sizes = tracker.network.propose, []

    def propose(template, x):
        sizes.append(tuple(x.shape))
        return true(template, x)

    monkeypatch.setattr(tracker.network, 'propose', propose)
    tracker.step(frame, targets)
    targets[0].lose()
    tracker.step(frame, targets)
    assert sizes[0] == (2, 3, 255, 255)
    assert sorted(sizes[1:]) == [(1, 3, 255, 255), (1, 3, 383, 383)]


def test_the_search_for_a_lost_target_grows(make, frame, monkeypatch):
    tracker = make(**GONE, lost_search_growth=64, lost_patience=1)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    true, sizes = tracker.network.propose, []

    def propose(template, x):
        sizes.append(tuple(x.shape[::3]))
        return true(template, x)

    monkeypatch.setattr(tracker.network, 'propose', propose)
    targets[0].lose()
    for _ in range(3):
        tracker.step(frame, targets)
    # Each at its own size, and together where that is one.
    assert sizes == [(1, 319), (1, 255), (1, 383), (1, 319), (2, 383)]


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
def test_a_nan_loses_its_own_target_only(make, frame, name):
    tracker = make(name)
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[0].template = tuple(part * math.nan for part in targets[0].template)
    ill, well = tracker.step(frame, targets)
    assert (ill.state, ill.score, ill.box) == (State.LOST, 0.0, HERE)
    assert well.state is State.TRACKING


@of_each
def test_the_response_map_covers_its_cells(make, frame, name):
    tracker = make(name)
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    # Two units fewer than in csn's network, so two cells more.
    cells = 19
    assert estimate.response.logits.shape == (cells, cells)
    window = estimate.response.window
    assert (window.cx, window.cy) == (HERE.cx, HERE.cy)
    assert window.side == pytest.approx(cells * 8 * scale_of(HERE), rel=1e-6)


def test_a_changed_size_of_the_image_moves_all_that_is_known(make, frame, texture):
    tracker = make()
    target = tracker.start(frame, HERE)
    target.rescale(2.0, 3.0)
    assert place_of(target.box) == place_of(target.first) == (240.0, 300.0, 120.0, 150.0)


def test_other_settings_share_the_network(make):
    tracker = make()
    other = tracker.with_settings(tracker.settings.replaced(penalty=0.3))
    assert other.network is tracker.network
    assert other.settings.penalty == 0.3


@pytest.mark.parametrize('size', [250, 127, 119])
def test_crops_without_a_cell_in_the_middle_are_refused(size):
    with pytest.raises(UserError, match='so that a cell'):
        RPNSettings.from_dict({'search_size': size})


@pytest.mark.parametrize('values', [{}, {'context': 0.3, 'search_size': 287}], ids=str)
def test_crops_are_of_the_box_and_its_context(make, frame, monkeypatch, values):
    tracker = make(keep_first_box=False, **values)
    s, seen = tracker.settings, []
    for name in ('template', 'propose'):
        monkeypatch.setattr(tracker.network, name, spied(getattr(tracker.network, name), seen))
    target = tracker.start(frame, HERE)
    target.box = THERE
    tracker.step(frame, [target])
    target.box = THERE
    target.lose()
    tracker.step(frame, [target])
    sizes = (127, s.search_size, s.lost_search_size)
    for box, size, crop in zip((HERE, THERE, THERE), sizes, seen):
        side = context_side(box.w, box.h, s.context)
        window = SearchWindow(box.cx, box.cy, side * size / 127)
        wanted = frame.crop([window], size, frame.mean_colour())
        torch.testing.assert_close(crop, wanted, rtol=0, atol=1e-3)
    assert len(seen) == 3


def spied(function, seen):
    """The function, of whose last argument a list is kept."""

    def spy(*arguments):
        seen.append(arguments[-1])
        return function(*arguments)

    return spy


def test_lost_and_tracked_targets_keep_their_order_and_their_maps(make, frame):
    tracker = make()
    boxes = (HERE, THERE, Box(70.0, 170.0, 50.0, 40.0))
    alone = [tracker.start(frame, box) for box in boxes]
    together = [tracker.start(frame, box) for box in boxes]
    # The one in the middle is of another group, so the groups' order is not the targets'.
    for targets in (alone, together):
        targets[1].lose()
    estimates = tracker.step(frame, together)
    for target, moved, estimate in zip(alone, together, estimates):
        (wanted,) = tracker.step(frame, [target])
        assert place_of(estimate.box) == pytest.approx(place_of(wanted.box), abs=1e-3)
        assert place_of(moved.box) == pytest.approx(place_of(target.box), abs=1e-3)
        torch.testing.assert_close(
            estimate.response.logits, wanted.response.logits, rtol=1e-3, atol=1e-4
        )
        window, own = estimate.response.window, wanted.response.window
        assert (window.cx, window.cy) == (own.cx, own.cy)
        assert window.side == pytest.approx(own.side)


def test_the_window_is_for_tracked_targets_only(make, frame, monkeypatch):
    tracker = make(window_influence=0.3)
    target, seen = tracker.start(frame, HERE), []
    monkeypatch.setattr('siam_tracker_ros.trackers.rpn.choose', spied(choose, seen))
    # The origin is measured as later boxes are, with the window.
    tracker.start(frame, HERE)
    tracker.step(frame, [target])
    target.lose()
    tracker.step(frame, [target])
    assert seen == [0.3, 0.3, 0.0]


def test_each_target_is_surrounded_by_the_colour_of_its_own_first_frame(make, frame, monkeypatch):
    tracker = make(keep_first_box=False)
    other = Frame.from_numpy(np.full((240, 320, 3), 40, np.uint8))
    corner = Box(10.0, 10.0, 20.0, 20.0)
    targets = [tracker.start(first, corner) for first in (frame, other)]
    seen = []
    monkeypatch.setattr(tracker.network, 'propose', spied(tracker.network.propose, seen))
    tracker.step(frame, targets)
    for crop, first in zip(seen[0], (frame, other)):
        torch.testing.assert_close(crop[:, 0, 0], first.mean_colour())


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


def kept_of(function, given):
    """The function, of whose results a list is kept."""

    def spy(*arguments):
        given.append(function(*arguments))
        return given[-1]

    return spy


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


@of_each
def test_bfloat16_tracks_as_float32_does(make, frame, name):
    whole = make(name)
    half = RPNTracker(NETWORKS[name](), whole.settings, CPU, torch.bfloat16)
    half.network.load_state_dict(whole.network.state_dict())
    target, other = whole.start(frame, HERE), half.start(frame, HERE)
    assert {part.dtype for part in other.template} == {torch.bfloat16}
    for _ in range(3):
        whole.step(frame, [target])
        (estimate,) = half.step(frame, [other])
        assert estimate.response.logits.dtype == torch.float32
        assert other.box.iou(target.box) > 0.8
    assert {p.dtype for p in half.network.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in whole.network.parameters()} == {torch.float32}
    # Other settings do not change the format.
    again = half.with_settings(half.settings.replaced(penalty=0.3))
    assert again.dtype == torch.bfloat16
    assert {p.dtype for p in again.network.parameters()} == {torch.bfloat16}


def test_no_targets_are_no_work(make, frame):
    assert make().step(frame, []) == []
