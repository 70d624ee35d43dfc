# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""With ``online`` targets learn as those of csn do: what is theirs, and when."""

import math

import numpy as np
import pytest
from rpn_bench import GONE, HERE, THERE, of_each, scale_of
from short_lessons import spoil
from taught_bench import determined_by_the_seed, found_as_each_alone, lessons_go_on

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.trackers import State

SIZE = (HERE.w / scale_of(HERE), HERE.h / scale_of(HERE))
ALONE = (((0.0, 0.0, *SIZE), 2.0),)
RIVALLED = (*ALONE, ((64.0, 0.0, *SIZE), 1.9))


@pytest.fixture
def frames(texture):
    return [Frame.from_numpy(np.roll(texture(), (2 * k, 3 * k), (0, 1))) for k in range(5)]


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
    make_online, frame, show_all, prefer, shown, values, updated, reason
):
    tracker = make_online(window_influence=0.0, **values)
    target = tracker.start(frame, HERE)
    show_all(tracker, *shown)
    prefer(tracker, (HERE.cx, HERE.cy, 3.0))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.updated is updated
    assert reason in estimate.update_reason
    assert estimate.classification == pytest.approx(0.953, abs=1e-3)
    assert target.pupil.news == updated


def test_what_the_classifier_was_not_for_closes_the_gate(make_online, frame, show_all, prefer):
    """It is the network's best one that is a rival of a lower one."""
    tracker = make_online(window_influence=0.0, keep_first_box=False)
    target = tracker.start(frame, HERE)
    show_all(tracker, *ALONE, ((64.0, 0.0, *SIZE), 0.9))
    prefer(tracker, (HERE.cx + 64.0 * scale_of(HERE), HERE.cy, 9.0))
    (estimate,) = tracker.step(frame, [target])
    assert target.box.cx > HERE.cx + 20
    assert estimate.update_reason == 'a rival peak, and no history to compare with'


def test_lessons_change_the_layers_and_go_on_under_new_settings(make_online, frame, show_all):
    tracker = make_online(iterations_per_frame=1)
    show_all(tracker, *ALONE)
    target = tracker.start(frame, HERE)
    settings = tracker.settings.replaced(update_every=1000, penalty=0.3)
    other = lessons_go_on(tracker, settings, frame, target, lambda new: show_all(new, *ALONE))
    assert other.classification is tracker.classification


@of_each
def test_several_targets_are_found_as_each_alone(make_online, frames, name):
    found_as_each_alone(make_online(name), frames, (HERE, THERE))


def test_a_seed_determines_everything(make_online, frames):
    determined_by_the_seed(make_online, frames, HERE)


def test_g4_a_nan_in_a_learned_layer_loses_its_own_target_until_it_is_rebuilt(make_online, frame):
    tracker = make_online()
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


def test_g4_a_nan_in_the_map_loses_its_own_target_and_breaks_no_layer(make_online, frame):
    tracker = make_online()
    ill, well = (tracker.start(frame, box) for box in (HERE, THERE))
    template = ill.template
    ill.template = tuple(part * math.nan for part in template)
    bad, good = tracker.step(frame, [ill, well])
    assert (bad.state, bad.score, bad.box) == (State.LOST, 0.0, HERE)
    assert good.state is State.TRACKING
    assert ill.pupil.classifier.healthy
    ill.template = template
    assert tracker.step(frame, [ill, well])[0].state is State.TRACKING


def test_no_targets_are_no_work(make_online, frame):
    assert make_online().step(frame, []) == []
