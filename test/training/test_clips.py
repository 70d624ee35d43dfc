# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.training.clips import Clips
from siam_tracker_ros.training.sources import discover


@pytest.fixture
def shot(sequence):
    """A sequence in which the object is visible all the time, with the index as its width."""
    found = discover([sequence]).shots[0]
    box = next(box for box in found.boxes if box is not None)
    boxes = tuple(replace(box, w=10.0 + i) for i in range(len(found.images)))
    return replace(found, boxes=boxes)


def places(clip):
    return [round(view.box.w - 10.0) for view in clip]


def test_a_clip_goes_forward_in_equal_steps(shot):
    clips = Clips([shot], seed=0, length=3, max_skip=2)
    steps = set()
    for index in range(40):
        a, b, c = places(clips[index])
        assert b - a == c - b
        steps.add(b - a)
    assert steps == {1, 2}


def test_an_index_always_gives_the_same_clip(shot):
    one, two = (Clips([shot], seed=3, length=3)[5] for _ in range(2))
    assert places(one) == places(two)
    assert all(torch.equal(a.image, b.image) for a, b in zip(one, two))
    assert len({tuple(places(Clips([shot], seed=s, length=3)[5])) for s in range(8)}) > 1


def test_a_clip_never_spans_an_absence(shot):
    absent = 3
    boxes = tuple(None if i == absent else box for i, box in enumerate(shot.boxes))
    clips = Clips([replace(shot, boxes=boxes)], seed=0, length=3, max_skip=3)
    drawn = {place for index in range(40) for place in places(clips[index])}
    assert absent not in drawn
    for index in range(40):
        clip = places(clips[index])
        assert max(clip) < absent or min(clip) > absent


def test_stills_and_short_sequences_are_refused(shot, stills):
    with pytest.raises(UserError, match='in 100 images in a row'):
        Clips([shot], seed=0, length=100)
    with pytest.raises(UserError, match='the longest run has 0'):
        Clips(discover([stills]).shots, seed=0)
