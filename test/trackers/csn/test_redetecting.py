# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Looking for a lost target."""

from csn_bench import AWAY, GONE, HERE, THERE
from places import place_of
import pytest

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.csn import positions


@pytest.fixture
def hit(monkeypatch):
    """Makes re-detection find the same in each frame; returns the boxes of all lost targets."""

    def hit(*found):
        asked = []

        def redetect(network, frame, heads, boxes, sweeps, settings):
            asked.append(boxes)
            return list(found)[: len(boxes)]

        monkeypatch.setattr(positions, 'redetect', redetect)
        return asked

    return hit


def test_a_hit_is_searched_beside_the_last_place(make, frame, hit, show, prefer):
    tracker = make(**GONE, lost_patience=1)
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker, (200, 60))
    places = [tracker.start(frame, box) for box in (HERE, THERE, AWAY)]
    for target in (places[0], places[2]):
        target.lose()
    asked = hit(Box(200, 60, 60, 50), None)
    found, tracked, nowhere = tracker.step(frame, places)
    assert asked == [[HERE, AWAY]]
    windows = [e.response.window for e in (found, tracked, nowhere)]
    centres = [(w.cx, w.cy) for w in windows]
    assert centres == [(200, 60), (THERE.cx, THERE.cy), (AWAY.cx, AWAY.cy)]
    cells = [e.response.logits.shape[0] for e in (found, tracked, nowhere)]
    assert cells == [9, 9, 17]


def test_the_surroundings_that_are_searched_grow(make, frame, hit):
    tracker = make(**GONE, search_size=143, lost_search_growth=32)
    target = tracker.start(frame, HERE)
    target.lose()
    hit(None)
    # Cells of maps of 175, 207, 239 and, at most, 255 pixels.
    cells = [len(tracker.step(frame, [target])[0].response.logits) for _ in range(4)]
    assert cells == [7, 11, 15, 17]


def test_a_target_may_be_back_where_it_was_while_something_else_is_hit(
    make, frame, hit, show, prefer
):
    tracker = make()
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker, (HERE.cx, HERE.cy), (200, 60))
    target = tracker.start(frame, HERE)
    target.lose()
    hit(Box(200, 60, 60, 50))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.TRACKING
    assert place_of(target.box) == pytest.approx(place_of(HERE), abs=1e-3)


@pytest.mark.parametrize(
    ('place', 'updated'), [(Box(200, 60, 60, 50), False), (Box(124, 98, 60, 50), True)]
)
def test_what_the_other_search_comes_up_with_is_a_rival(
    make, frame, hit, show, prefer, place, updated
):
    """Not where both come up with the same place."""
    tracker = make()
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker, (place.cx, place.cy))
    target = tracker.start(frame, HERE)
    target.lose()
    hit(place)
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.TRACKING
    assert estimate.updated is updated


def test_a_target_is_searched_in_one_order_whoever_is_beside_it(make, frame, hit, show):
    tracker = make(**GONE)
    show(tracker, (0.0, 0.0, 2.0))
    lost, other = (tracker.start(frame, box) for box in (HERE, THERE))
    lost.lose()
    hit(Box(200, 60, 60, 50))
    alone = tracker.finder.searcher.search(frame, [lost])[0]
    beside = tracker.finder.searcher.search(frame, [other, lost])[1]
    places = [[p for found in searches for p in found.places] for searches in (alone, beside)]
    assert places[0] == places[1]
    assert places[0][0] == pytest.approx((HERE.cx, HERE.cy), abs=1e-3)


def test_a_hit_that_the_score_confirms_is_the_target(make, frame, hit, show, prefer):
    tracker = make()
    show(tracker, (0.0, 0.0, 2.0))
    prefer(tracker, (200, 60))
    target = tracker.start(frame, HERE)
    target.lose()
    target.sweep.seen = 7
    hit(Box(200, 60, 60, 50))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.TRACKING
    assert place_of(target.box) == pytest.approx((200, 60, 60, 50), abs=1)
    # The next search begins at its place.
    assert target.sweep.seen == 0


def test_a_hit_that_the_score_refuses_changes_nothing(make, frame, hit, show):
    tracker = make(**GONE)
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    target.lose()
    hit(Box(200, 60, 60, 50))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.LOST
    assert target.box == HERE


def test_each_frame_looks_into_other_tiles(make, frame):
    tracker = make(**GONE, redetect_tiles=2)
    target = tracker.start(frame, HERE)
    target.lose()
    for seen in (2, 4, 6):
        tracker.step(frame, [target])
        assert target.sweep.seen == seen
    none = tracker.with_settings(tracker.settings.replaced(redetect_tiles=0))
    none.step(frame, [target])
    assert target.sweep.seen == 6
