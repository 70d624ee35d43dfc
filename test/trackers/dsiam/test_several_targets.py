# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: targets stay apart, and hold no more from frame to frame."""

import math

from dsiam_bench import (
    AUTHORS,
    BOX,
    PAPER,
    SEARCH,
    same,
    shifted,
)
from places import place_of
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import State


@pytest.mark.parametrize('values', [PAPER, SEARCH, AUTHORS], ids=['paper', 'search', 'code'])
def test_two_targets_in_one_step_equal_two_steps(make, texture, values):
    tracker = make(values, scales=3)
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(180, 100, 36, 60)]
    together, alone = ([tracker.start(shifted(texture, 0), b) for b in boxes] for _ in range(2))
    for k in range(1, 4):
        pair = tracker.step(shifted(texture, k), together)
        for one, target in zip(pair, alone):
            (other,) = tracker.step(shifted(texture, k), [target])
            assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-3)
            assert one.similarity == pytest.approx(other.similarity, rel=1e-3, abs=1e-4)
    for one, other in zip(together, alone):
        same(one, other)


def test_a_step_is_one_run_for_what_is_searched_and_one_for_what_is_learned(
    make, network, texture, monkeypatch
):
    counts = []
    layer_features = network.layer_features

    def counted(crops):
        counts.append(len(crops))
        return layer_features(crops)

    monkeypatch.setattr(network, 'layer_features', counted)
    for values, taught in ((PAPER, [6]), (SEARCH, [3]), ({**SEARCH, 'suppression': 'none'}, [3]),
                          ({**SEARCH, 'template': 'first'}, [])):  # fmt: skip
        tracker = make(values, scales=3)
        targets = [
            tracker.start(shifted(texture, 0), Box.from_ltwh(60 + 50 * k, 60, 40, 40))
            for k in range(3)
        ]
        counts.clear()
        tracker.step(shifted(texture, 0), targets)
        assert counts == [9, *taught]


def test_one_that_has_learned_nothing_is_not_touched_by_one_that_has(make, texture):
    tracker = make(PAPER)
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(180, 100, 36, 60)]
    old, new = (tracker.start(shifted(texture, 0), box) for box in boxes)
    tracker.step(shifted(texture, 0), [old])
    (expected,) = tracker.step(
        shifted(texture, 1), [tracker.start(shifted(texture, 0), boxes[1])]
    )
    _, found = tracker.step(shifted(texture, 1), [old, new])
    torch.testing.assert_close(
        found.response.logits, expected.response.logits, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize('where', ['exemplars', 'regions', 'fill'])
@pytest.mark.parametrize('values', [PAPER, SEARCH], ids=['paper', 'search'])
def test_g4_a_nan_spoils_its_own_target_alone(make, texture, where, values):
    tracker = make(values)
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(0, 100, 36, 60)]
    healthy, spoilt = (tracker.start(shifted(texture, 0), box) for box in boxes)
    alone = tracker.start(shifted(texture, 0), boxes[0])
    known = getattr(spoilt, where)
    if where == 'fill':
        spoilt.fill = torch.full_like(known, torch.nan)
    else:
        setattr(spoilt, where, tuple(torch.full_like(t, torch.nan) for t in known))
    good, bad = tracker.step(shifted(texture, 1), [healthy, spoilt])
    (expected,) = tracker.step(shifted(texture, 1), [alone])
    assert place_of(good.box) == pytest.approx(place_of(expected.box), abs=1e-3)
    same(healthy, alone)
    assert spoilt.learned is None
    assert not bad.updated
    if where == 'regions':
        assert bad.update_reason == 'what was learned is not finite'
    else:
        assert (bad.state, bad.score) == (State.LOST, 0.0)
    assert math.isfinite(bad.similarity)
    assert bad.box.is_valid


def test_a_target_holds_as_much_after_many_frames_as_after_two(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)

    def held():
        assert target.searched == ()
        tensors = (
            *target.exemplars, *target.regions, *target.learned.templates,
            *target.learned.suppression,
        )  # fmt: skip
        # What a view hangs on counts whole.
        return sum(t.untyped_storage().nbytes() for t in tensors)

    sizes = []
    for k in range(1, 7):
        tracker.step(shifted(texture, k % 3), [target])
        sizes.append(held())
    assert sizes[-1] == sizes[0]
