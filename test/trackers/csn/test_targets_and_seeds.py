# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several targets do not touch each other, and a seed determines everything."""

from csn_bench import AWAY, GONE, HERE, THERE, equal, follow
import numpy as np
from places import place_of
import pytest

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.trackers import State


@pytest.mark.parametrize(
    'values',
    [{}, {'iterations_per_frame': 1, 'grid': 5}, {'candidates_from': 'draws'}],
    ids=str,
)
def test_targets_in_one_step_equal_targets_alone(make, texture, values):
    tracker = make(**values)
    frames = [Frame.from_numpy(np.roll(texture(), (2 * k, 3 * k), (0, 1))) for k in range(7)]
    boxes = (HERE, THERE, AWAY)
    together, alone = ([tracker.start(frames[0], box) for box in boxes] for _ in range(2))
    for number, shown in enumerate(frames[1:]):
        if number == 2:
            together[1].lose()
            alone[1].lose()
        batch = tracker.step(shown, together)
        singles = [tracker.step(shown, [target])[0] for target in alone]
        for one, other in zip(batch, singles):
            assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-3)
            assert one.score == pytest.approx(other.score, abs=1e-4)
            assert one.similarity == pytest.approx(other.similarity, abs=1e-4)
            assert one.classification == pytest.approx(other.classification, abs=1e-3)
            assert (one.state, one.updated) == (other.state, other.updated)
            assert one.update_reason.split('score')[0] == other.update_reason.split('score')[0]


@pytest.mark.parametrize('values', [{}, {'decide_by': 'matching'}], ids=str)
def test_a_lost_and_a_tracked_target_in_one_step(make, frame, values):
    tracker = make(**GONE, redetect_tiles=0, **values)
    boxes = (HERE, THERE)
    lost, tracked = (tracker.start(frame, box) for box in boxes)
    alone = tracker.start(frame, THERE)
    lost.lose()
    first, second = tracker.step(frame, [lost, tracked])
    (expected,) = tracker.step(frame, [alone])
    # In the order of the targets, whichever is searched first.
    assert first.state is State.LOST
    assert second.state is expected.state is State.UNCERTAIN
    assert place_of(second.box) == pytest.approx(place_of(expected.box), abs=1e-3)


def test_no_targets_give_no_estimates(make, frame):
    assert make().step(frame, []) == []


@pytest.mark.parametrize(
    'values', [{}, {'grid': 5, 'iterations_per_frame': 1}, {'candidates_from': 'draws'}], ids=str
)
def test_a_seed_determines_everything(make, texture, values):
    frames = [Frame.from_numpy(np.roll(texture(), 3 * k, 1)) for k in range(6)]
    runs = []
    for seed in (0, 0, 1):
        target, estimates = follow(make(seed=seed, **values), frames, HERE)
        numbers = [(*place_of(e.box), e.score, e.similarity, e.classification) for e in estimates]
        runs.append((numbers, target.classifier.head))
    (first, head), (again, same), (_, other) = runs
    assert first == again
    assert equal(head, same)
    assert not equal(head, other)
