# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: a still scene gives exactly zero displacement, whatever is learned."""


from dsiam_bench import AUTHORS, BOX, PAPER, SEARCH, WAYS
import pytest

from siam_tracker_ros import trackers
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box


@pytest.mark.parametrize('values', WAYS, ids=[
    'paper', 'search', 'code', 'no W', 'no V', 'previous'])  # fmt: skip
def test_a_still_scene_gives_exactly_zero_displacement(make, texture, values):
    tracker, frame = make(values), Frame.from_numpy(texture(240, 320, 2))
    target = tracker.start(frame, BOX)
    for _ in range(4):
        (estimate,) = tracker.step(frame, [target])
        assert estimate.box == target.box == BOX
        assert estimate.updated
        assert target.learned is not None


@pytest.mark.parametrize('values', [PAPER, SEARCH, AUTHORS], ids=['paper', 'search', 'code'])
def test_so_it_is_with_the_shipped_weights_and_their_scales(shipped_weights, texture, values):
    tracker = trackers.create('dsiam', str(shipped_weights), 'cpu', overrides=values)
    frame = Frame.from_numpy(texture(240, 320, 1))
    box = Box.from_ltwh(130.3, 81.7, 70, 35.5)
    target = tracker.start(frame, box)
    for _ in range(3):
        tracker.step(frame, [target])
        assert target.box == box


def test_the_origin_follows_what_is_learned(make, texture):
    tracker, frame = make(PAPER, lambda_w=1e-6, weight_spread=0.3), Frame.from_numpy(texture())
    moved = []
    for x in range(40, 240, 40):
        box = Box.from_ltwh(x, 90, 40, 50)
        target = tracker.start(frame, box)
        for _ in range(2):
            tracker.step(frame, [target])
            assert target.box == box
        moved.append(target.origin != target.first_origin)
        assert max(map(abs, target.origin)) <= 1
        target.drop()
        assert target.origin == target.first_origin
    # Without that, these objects would have moved.
    assert any(moved)
