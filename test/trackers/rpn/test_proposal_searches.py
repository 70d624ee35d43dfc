# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking by proposals: what a network is shown of each target, and what belongs to which."""

import numpy as np
from places import place_of
import pytest
from rpn_bench import CPU, GONE, HERE, NETWORKS, THERE, of_each, scale_of
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, SearchWindow, context_side
from siam_tracker_ros.trackers.proposals import choose
from siam_tracker_ros.trackers.rpn import RPNTracker
from siam_tracker_ros.trackers.rpn_settings import RPNSettings


def spied(function, seen):
    """The function, of whose last argument a list is kept."""

    def spy(*arguments):
        seen.append(arguments[-1])
        return function(*arguments)

    return spy


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
