# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the classifier takes no peak for the target, it may look for it itself."""

from csn_bench import AWAY, GONE, HERE, THERE
from places import place_of
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.online.monitor import probability
from siam_tracker_ros.online.redetection import Hit
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.csn import finders

LOOKING = {'look_around': True, 'size_from': 'matching'}
BESIDE = Box(HERE.cx + 20, HERE.cy - 10, HERE.w, HERE.h)


@pytest.fixture
def seen(monkeypatch):
    """Makes the classifier see these hits, one of each target it is asked about; returns calls."""

    def seen(*hits):
        asked = []

        def look(network, frame, heads, tiles, cells):
            asked.append(([tuple(row) for row in torch.cat(list(tiles)).tolist()], cells))
            return list(hits)[: len(heads)]

        monkeypatch.setattr(finders, 'look', look)
        return asked

    return seen


@pytest.mark.parametrize('size_from', ['matching', 'classification'])
def test_what_it_finds_is_the_result(make, frame, show, prefer, seen, size_from):
    tracker = make(look_around=True, size_from=size_from, redetect_cells=7)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker)
    asked = seen(Hit(BESIDE, 1.5))
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    assert asked == [([place_of(HERE)], 7)]
    assert (target.box.cx, target.box.cy) == pytest.approx((BESIDE.cx, BESIDE.cy), abs=1e-3)
    assert estimate.classification == pytest.approx(probability(1.5))


@pytest.mark.parametrize(
    ('history', 'updated'), [([], False), ([0.95], False), ([0.6], True)]
)
def test_a_single_peak_is_a_rival_of_a_hit_beside_it(
    make, frame, show, prefer, seen, history, updated
):
    tracker = make(**LOOKING)
    show(tracker, (0.0, 0.0, 2.0), fine=1.0)
    prefer(tracker)
    seen(Hit(BESIDE, 1.5))
    target = tracker.start(frame, HERE)
    target.pupil.scores.matching.extend(history)
    target.pupil.scores.classification.extend(history)
    (estimate,) = tracker.step(frame, [target])
    # A peak without any rival would have been learned from whatever came before.
    assert estimate.updated is updated
    assert 'a rival peak' in estimate.update_reason


def test_a_peak_is_no_rival_of_a_hit_at_its_place(make, frame, show, prefer, seen):
    tracker = make(**LOOKING)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker)
    # One cell of this search is 7 pixels; peaks are at least two apart.
    seen(Hit(Box(HERE.cx + 10, HERE.cy, HERE.w, HERE.h), 1.5))
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    assert (estimate.updated, estimate.update_reason) == (True, 'no rival peak')


def test_the_other_peaks_stay_rivals_of_a_hit(make, frame, show, prefer, seen):
    tracker = make(**LOOKING)
    show(tracker, (0.0, 0.0, 2.0), (3.0, 0.0, 1.9))
    prefer(tracker)
    seen(Hit(HERE, 1.5))
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    assert not estimate.updated
    assert 'a rival peak' in estimate.update_reason


def test_the_size_of_a_hit_is_the_targets(make, frame, show, prefer, seen):
    tracker = make(look_around=True, size_from='classification', candidate_step=1.1)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker, margin=-0.5)
    seen(Hit(BESIDE, 1.5))
    target = tracker.start(frame, HERE)
    tracker.step(frame, [target])
    assert (target.box.w, target.box.h) == pytest.approx((HERE.w, HERE.h))


def test_without_a_hit_the_peak_is_the_result(make, frame, show, prefer, seen):
    tracker = make(**LOOKING)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker)
    assert seen(None) == []
    target = tracker.start(frame, HERE)
    (estimate,) = tracker.step(frame, [target])
    assert place_of(target.box) == pytest.approx(place_of(HERE), abs=1e-3)
    assert estimate.classification < 0.5


def test_it_does_not_look_unless_asked_to(make, frame, show, prefer, seen):
    tracker = make(size_from='matching')
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker)
    asked = seen(Hit(BESIDE, 1.5))
    tracker.step(frame, [tracker.start(frame, HERE)])
    assert not asked


def test_it_looks_for_those_alone_that_no_peak_is_taken_for_and_that_are_not_lost(
    make, frame, show, prefer, seen
):
    tracker = make(**LOOKING, **GONE)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker, (HERE.cx, HERE.cy))
    targets = [tracker.start(frame, box) for box in (HERE, THERE, AWAY)]
    targets[2].lose()
    asked = seen(Hit(Box(THERE.cx - 20, THERE.cy, THERE.w, THERE.h), 1.5))
    estimates = tracker.step(frame, targets)
    assert [rows for rows, _ in asked] == [[place_of(THERE)]]
    assert targets[2].state is State.LOST
    # It is the hit of that target, and of no other.
    assert estimates[1].classification == pytest.approx(probability(1.5))
    assert estimates[0].classification == pytest.approx(probability(3 + HERE.w / 1000))
    assert estimates[2].classification < 0.5


@pytest.mark.parametrize('margins', [(float('nan'), -1.0), (-1.0, float('nan'))])
def test_it_looks_whatever_overflowed_beside_it(make, frame, show, seen, monkeypatch, margins):
    tracker = make(**LOOKING)
    show(tracker, (-4.0, 0.0, 2.0), (4.0, 0.0, 1.9))
    target = tracker.start(frame, HERE)
    monkeypatch.setattr(tracker.classifier, 'margins', lambda *given: [torch.tensor(margins)])
    asked = seen(None)
    tracker.step(frame, [target])
    assert len(asked) == 1


def test_a_hit_beyond_the_frame_is_moved_into_it(make, frame, show, prefer, seen, monkeypatch):
    tracker = make(**LOOKING)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker)
    seen(Hit(Box(-30, HERE.cy, HERE.w, HERE.h), 1.5))
    target = tracker.start(frame, HERE)
    matched, true = [], tracker.matcher.match

    def match(frame, targets, boxes, *rest):
        matched.extend(boxes)
        return true(frame, targets, boxes, *rest)

    monkeypatch.setattr(tracker.matcher, 'match', match)
    tracker.step(frame, [target])
    assert [place_of(box) for box in matched] == [(0.0, HERE.cy, HERE.w, HERE.h)]
