# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""With ``online`` matched targets learn as those of csn do: what is theirs, and when."""

from functools import partial
import math

from matched_bench import CELL, GONE, HERE, THERE, of_each
import numpy as np
import pytest
from short_lessons import spoil
from taught_bench import determined_by_the_seed, found_as_each_alone, lessons_go_on
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.trackers import State

ALONE = ((0, 0, 2.0),)
RIVALLED = (*ALONE, (5, 0, 1.9))


@pytest.fixture
def frames(texture):
    return [Frame.from_numpy(np.roll(texture(), (2 * k, 3 * k), (0, 1))) for k in range(5)]


@of_each
@pytest.mark.parametrize(
    ('shown', 'values', 'updated', 'reason'),
    [
        (ALONE, {}, True, 'no rival peak'),
        (RIVALLED, {}, False, 'a rival peak, and no history to compare with'),
        (ALONE, {'learning': False}, False, 'learning is off'),
        (ALONE, {'remember_every': 2}, False, 'one frame in 2 is remembered'),
        (ALONE, {'least_classification': 0.99}, False, 'the classification score 0.953 is below'),
        (ALONE, {**GONE, 'lost_patience': 1}, False, 'the target is lost'),
    ],
)
def test_the_gate_decides_what_is_learned(
    make_online, frame, show, prefer, name, shown, values, updated, reason
):
    tracker = make_online(name, window_influence=0.0, **values)
    show(tracker, *shown)
    target = tracker.start(frame, HERE)
    prefer(tracker, (HERE.cx, HERE.cy, 3.0))
    (estimate,) = tracker.step(frame, [target])
    assert reason in estimate.update_reason.split('classifier: ')[-1]
    assert estimate.classification == pytest.approx(0.953, abs=1e-3)
    assert target.pupil.news == updated
    if name == 'sasiam':
        assert estimate.updated is updated


@of_each
def test_what_the_classifier_was_not_for_closes_the_gate(make_online, frame, show, prefer, name):
    """It is the response's best one that is a rival of a lower one."""
    tracker = make_online(name, window_influence=0.0)
    show(tracker, *ALONE, (5, 0, 0.9))
    target = tracker.start(frame, HERE)
    prefer(tracker, (HERE.cx + 5 * CELL, HERE.cy, 9.0))
    (estimate,) = tracker.step(frame, [target])
    assert target.box.cx > HERE.cx + 20
    assert 'a rival peak, and no history to compare with' in estimate.update_reason
    assert target.pupil.news == 0


@of_each
def test_lessons_change_the_layers_and_go_on_under_new_settings(make_online, frame, show, name):
    tracker = make_online(name, iterations_per_frame=1)
    show(tracker, *ALONE)
    target = tracker.start(frame, HERE)
    settings = tracker.settings.replaced(update_every=1000, scale_rate=0.3)
    other = lessons_go_on(tracker, settings, frame, target, lambda new: show(new, *ALONE))
    assert other.following.classification is tracker.following.classification


@of_each
def test_several_targets_are_found_as_each_alone(make_online, frames, name):
    found_as_each_alone(make_online(name), frames, (HERE, THERE))


@of_each
def test_a_seed_determines_everything(make_online, frames, name):
    determined_by_the_seed(partial(make_online, name), frames, HERE)


@of_each
def test_g4_a_nan_in_a_learned_layer_loses_its_own_target_until_it_is_rebuilt(
    make_online, frame, name
):
    tracker = make_online(name)
    well, ill = (tracker.start(frame, box) for box in (HERE, THERE))
    tracker.step(frame, [well, ill])
    before = ill.box
    spoil(ill)
    good, bad = tracker.step(frame, [well, ill])
    assert good.state is State.TRACKING
    assert (bad.state, bad.score, bad.classification) == (State.LOST, 0.0, 0.0)
    assert not bad.updated
    assert ill.box == before
    # Its new layers find it from the frame after this one on.
    _, bad = tracker.step(frame, [well, ill])
    assert ill.pupil.classifier.head.finite().all()
    assert (bad.state, bad.score) == (State.LOST, 0.0)
    _, bad = tracker.step(frame, [well, ill])
    assert bad.state is State.TRACKING


@of_each
def test_g4_a_nan_in_the_map_loses_its_own_target_and_breaks_no_layer(make_online, frame, name):
    tracker = make_online(name, scales=3)
    ill, well = (tracker.start(frame, box) for box in (HERE, THERE))
    where = 'exemplars' if name == 'dsiam' else 'template'
    known = getattr(ill, where)
    spoilt = [torch.full_like(part, math.nan) for part in known]
    setattr(ill, where, tuple(spoilt) if name == 'dsiam' else torch.stack(spoilt))
    bad, good = tracker.step(frame, [ill, well])
    assert (bad.state, bad.score, bad.box) == (State.LOST, 0.0, HERE)
    assert good.state is State.TRACKING
    assert ill.pupil.classifier.healthy
    setattr(ill, where, known)
    assert tracker.step(frame, [ill, well])[0].state is State.TRACKING


@of_each
def test_one_scale_that_is_not_finite_leaves_no_candidate_but_the_first(
    make_online, frame, monkeypatch, prefer, name
):
    tracker = make_online(name, scales=3)
    target = tracker.start(frame, HERE)
    compare = tracker.matcher.compare

    def shown(targets, crops):
        maps = torch.full_like(compare(targets, crops), -9.0)
        maps[:, 1, 8, 8], maps[:, 1, 8, 13] = 3.0, 2.9
        maps[:, 0, 0, 0] = math.nan
        return maps

    monkeypatch.setattr(tracker.matcher, 'compare', shown)
    calls = prefer(tracker, (HERE.cx + 5 * CELL, HERE.cy, 6.0))
    (estimate,) = tracker.step(frame, [target])
    assert [len(rows) for rows in calls[0]] == [1]
    assert (estimate.state, estimate.score) == (State.LOST, 0.0)


@of_each
def test_no_targets_are_no_work(make_online, frame, name):
    assert make_online(name).step(frame, []) == []
