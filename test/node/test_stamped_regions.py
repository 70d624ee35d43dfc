# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Regions drawn on an earlier image: they start there and catch up with the camera."""

from itertools import pairwise

import pytest
from session_stream import SECOND, box_at, drawn, place, watched
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.image_rules import MalformedImage
from siam_tracker_ros.node.roi import Refusal, stamp_ns
from siam_tracker_ros.node.targets import BEHIND, TargetState

NEW, TRACKED = TargetState.NEW, TargetState.TRACKED


@pytest.mark.parametrize(
    ('cost', 'start_cost'),
    [(0.001, 0.0), (0.01, 0.0), (0.025, 0.0), (0.05, 0.0), (0.1, 0.0), (0.3, 0.0), (0.01, 0.52),
     (0.1, 0.52)],
)  # fmt: skip
@pytest.mark.parametrize('age', [1, 4, 15, 30, 59])
def test_r2_it_starts_on_its_own_image_and_is_live_within_half_a_second(age, cost, start_cost):
    stream, stamps = watched(cost=cost, start_cost=start_cost)
    asked = stream.now
    stamp = drawn(stream, stamps, age)
    live = None
    for report in stream.play(start_cost + 1.0, place=place):
        (target,) = report.targets
        if live is None and target.state is TRACKED:
            live = stream.now
        assert live is None or target.state is TRACKED
        if target.state is TRACKED:
            assert target.estimate.box == box_at(stamp_ns(report.header.stamp))
        else:
            assert (target.state, target.estimate.update_reason) == (NEW, BEHIND)
    assert stamp_ns(stream.answers[0].started_at) == stamp
    # The next image comes, and the target is started there.
    assert live - asked <= 1 / 30 + start_cost + 0.5
    assert target.age_seconds == pytest.approx((stream.stamp - stamp) / SECOND, abs=1e-6)
    searched = [stamp for stamp, _ in stream.tracker.searched]
    assert searched == sorted(set(searched))
    assert searched[0] > stamp
    assert target.frames_since_accepted == len(searched)


def test_r2_with_time_no_image_is_left_out():
    stream, stamps = watched(cost=0.001)
    drawn(stream, stamps, 30)
    reports = list(stream.play(0.2, place=place))
    counts = stream.counters.snapshot()
    assert counts.left_out == 0
    # All between, those that came meanwhile, too, but for those searched as the camera's own.
    live = sum(stream.states(report)['1'] is TRACKED for report in reports)
    assert counts.searched == 30 + len(reports) - live
    assert live > 2


def test_r2_what_there_is_no_time_for_is_left_out_evenly_and_counted():
    stream, stamps = watched(cost=0.05)
    stamp = drawn(stream, stamps, 45)
    for report in stream.play(1.0, place=place):
        if stream.states(report)['1'] is TRACKED:
            break
    counts = stream.counters.snapshot()
    assert counts.searched > 3
    assert counts.left_out > 3 * counts.searched
    searched = [stamp, *(stamp for stamp, _ in stream.tracker.searched)]
    every = [s for s in stamps if s > stamp]
    assert counts.searched + counts.left_out >= len(every)
    # The first search is a single step; from then on the gaps are alike.
    gaps = [b - a for a, b in pairwise(searched[1:])]
    assert max(gaps) < 3 * min(gaps)


@pytest.mark.parametrize('cost', [0.01, 0.02, 0.03])
def test_targets_that_are_followed_already_lose_no_image_to_one_that_catches_up(cost):
    stream, stamps = watched(cost=cost)
    stream.ask(id='a', box=box_at(stream.stamp))
    list(stream.play(0.1, place=place))
    stream.ask(box_at(stamps[-30]), stamp=stamps[-30], id='b')
    latest = stream.stamp
    for report in stream.play(0.6, place=place):
        stamp = stamp_ns(report.header.stamp)
        assert stamp - latest == pytest.approx(SECOND / 30, abs=10)
        latest = stamp
        assert stream.states(report)['a'] is TRACKED
        # Later than without the other by at most one search in one image.
        assert stream.now - stream.arrival <= 2 * cost + 1e-9
    assert stream.states(report) == {'a': TRACKED, 'b': TRACKED}
    assert stream.counters.snapshot().searched >= {0.01: 20, 0.02: 8, 0.03: 1}[cost]


def test_r2_the_start_itself_takes_nothing_from_the_way():
    gaps, counts = [], []
    for start_cost in (0.0, 0.52):
        stream, stamps = watched(cost=0.02, start_cost=start_cost)
        stream.tracker.start_cost = 0.0
        stream.ask(id='a', box=box_at(stream.stamp))
        list(stream.play(0.1, place=place))
        stream.tracker.start_cost = start_cost
        stream.ask(box_at(stamps[-30]), stamp=stamps[-30], id='b')
        followed = [
            stamp_ns(report.header.stamp) for report in stream.play(1.2, place=place)
            if stream.states(report)['a'] is TRACKED
        ]
        gaps.append(max(b - a for a, b in pairwise(followed)))
        counts.append(stream.counters.snapshot())
    assert min(count.searched for count in counts) > 5
    # Nothing is tracked while a start is computed, and nothing else is missed.
    assert gaps[0] == pytest.approx(SECOND / 30, abs=10)
    assert gaps[1] == pytest.approx(0.52 * SECOND, abs=SECOND / 30)


def test_r2_each_of_several_has_its_time_after_the_last_start():
    stream, stamps = watched(cost=0.02, start_cost=0.4)
    for id in 'abc':
        stream.ask(box_at(stamps[-20]), stamp=stamps[-20], id=id)
    *_, report = stream.play(1.9, place=place)
    assert stream.states(report) == {'a': TRACKED, 'b': TRACKED, 'c': TRACKED}
    assert {len(targets) for _, targets in stream.tracker.searched} == {3}
    assert stream.counters.snapshot().searched >= 3 * 5


def test_after_a_long_pause_there_is_time_as_before():
    stream, stamps = watched(cost=0.01)
    stream.arrival = stream.now = stream.arrival + 30.0
    list(stream.play(0.1, place=place))
    drawn(stream, stamps, 20)
    list(stream.play(0.6, place=place))
    assert stream.counters.snapshot().searched > 10


def test_where_the_camera_leaves_no_time_it_joins_soon():
    stream, stamps = watched(cost=0.06)
    stream.ask(id='a', box=box_at(stream.stamp))
    list(stream.play(0.3, place=place))
    stream.ask(box_at(stamps[-10]), stamp=stamps[-10], id='b')
    states = [stream.states(report) for report in stream.play(0.4, place=place)]
    assert [state['a'] for state in states] == [TRACKED] * len(states)
    assert [state['b'] for state in states][:4] == [NEW, NEW, TRACKED, TRACKED]
    counts = stream.counters.snapshot()
    assert counts.searched == 0
    assert counts.left_out > 10


def test_several_of_one_image_share_its_decoding_and_every_search():
    stream, stamps = watched(cost=0.01)
    decoded = []
    stream.decode = lambda message: decoded.append(message) or message.pixels
    for id in 'abc':
        stream.ask(box_at(stamps[-20]), stamp=stamps[-20], id=id)
    report = next(iter(stream.play(0.1, place=place)))
    assert stream.states(report) == {'a': NEW, 'b': NEW, 'c': NEW}
    assert len(decoded) == 1
    *_, report = stream.play(0.6, place=place)
    assert stream.states(report) == {'a': TRACKED, 'b': TRACKED, 'c': TRACKED}
    assert {len(targets) for _, targets in stream.tracker.searched} == {3}


def test_several_of_different_images_merge_into_one_batch():
    stream, stamps = watched(cost=0.01)
    for id, age in (('a', 40), ('b', 20), ('c', 2)):
        stream.ask(box_at(stamps[-age]), stamp=stamps[-age], id=id)
    *_, report = stream.play(0.6, place=place)
    assert stream.states(report) == {'a': TRACKED, 'b': TRACKED, 'c': TRACKED}
    started = [stamp_ns(answer.started_at) for answer in stream.answers]
    assert started == [stamps[-40], stamps[-20], stamps[-2]]
    searched = stream.tracker.searched
    # Those of older images meet those of newer ones before they meet the camera.
    assert max(len(targets) for stamp, targets in searched if stamp <= stamps[-1]) >= 2
    assert len(searched[-1][1]) == 3
    for followed in stream.session._book:
        own = [stamp for stamp, targets in searched if followed.target in targets]
        assert own == sorted(set(own))


def test_a_camera_that_pauses_lets_it_catch_up():
    stream, stamps = watched(cost=0.01)
    drawn(stream, stamps, 20)
    stream.show(place(stream.stamp), seconds=1 / 30)
    while stream.session.catch_up():
        pass
    assert stream.counters.snapshot().searched == 21
    assert stream.states(stream.show(place(stream.stamp), seconds=1 / 30)) == {'1': TRACKED}
    assert stream.counters.snapshot().left_out == 0


def test_while_the_camera_pauses_it_starts_on_the_image_that_is_seen():
    stream, stamps = watched()
    last = stream.stamp
    stream.ask(box_at(last), stamp=last, id='a')
    stream.ask(box_at(stamps[-9]), stamp=stamps[-9], id='b')
    stream.ask(id='next')
    assert not stream.session.catch_up()
    assert stream.answers == []
    stream.now += 0.6
    while stream.session.catch_up():
        pass
    assert [stamp_ns(answer.started_at) for answer in stream.answers] == [last, stamps[-9]]
    report = stream.show(place(stream.stamp), seconds=5.0)
    assert stream.states(report) == {'a': TRACKED, 'b': TRACKED, 'next': NEW}
    assert stream.counters.snapshot().left_out == 0


def test_while_the_camera_pauses_regions_keep_their_order():
    stream, stamps = watched()
    stream.ask(replaces_all=True)
    stream.ask(box_at(stamps[-9]), stamp=stamps[-9], id='b')
    stream.now += 0.6
    assert not stream.session.catch_up()
    assert stream.answers == []
    report = stream.show(place(stream.stamp), seconds=1.0)
    assert stream.states(report) == {'1': NEW, 'b': NEW}
    assert [answer.code for answer in stream.answers] == [Refusal.NONE, Refusal.NONE]


def test_while_the_camera_pauses_one_waits_no_longer_than_the_one_before_it():
    stream, stamps = watched()
    stream.ask(replaces_all=True)
    stream.now += 1.0
    stream.ask(box_at(stamps[-9]), stamp=stamps[-9], id='b')
    stream.now += 1.0
    stream.session.expire(stream.now)
    while stream.session.catch_up():
        pass
    assert [answer.code for answer in stream.answers] == [Refusal.NO_IMAGE, Refusal.NONE]
    assert stream.states(stream.show(place(stream.stamp), seconds=1.0)) == {'b': TRACKED}


def test_while_the_camera_pauses_a_newer_one_replaces_the_one_that_waits():
    stream, stamps = watched()
    stream.ask(id='b')
    stream.ask(box_at(stamps[-9]), stamp=stamps[-9], id='b')
    stream.now += 0.6
    while stream.session.catch_up():
        pass
    assert [answer.code for answer in stream.answers] == [Refusal.SUPERSEDED, Refusal.NONE]
    assert stream.states(stream.show(place(stream.stamp), seconds=1.0)) == {'b': TRACKED}


@pytest.mark.parametrize('settings', [
    {'frame_buffer_seconds': 0.5}, {'frame_buffer_megabytes': 1}])
def test_r2_one_that_is_not_kept_any_more_is_refused(settings):
    stream, stamps = watched(**settings)
    kept = stream.buffer.extent().images
    assert 10 < kept < 20
    drawn(stream, stamps, kept + 2)
    assert next(iter(stream.play(0.1, place=place))).targets == []
    assert stream.answers[-1].code is Refusal.TOO_OLD
    assert 's are kept' in stream.answers[-1].reason
    stamp = drawn(stream, stamps, kept - 5)
    list(stream.play(0.1, place=place))
    assert stamp_ns(stream.answers[-1].started_at) == stamp


def test_one_before_the_first_image_is_refused():
    stream, stamps = watched(seconds=0.3)
    stream.ask(stamp=stamps[0] - 1)
    stream.show()
    assert stream.answers[-1].code is Refusal.TOO_OLD


def test_of_an_image_that_never_came_the_nearest_is_taken():
    stream, stamps = watched()
    stream.ask(box_at(stamps[-9]), stamp=stamps[-9] + SECOND // 100)
    stream.show()
    assert stamp_ns(stream.answers[-1].started_at) == stamps[-9]


def test_an_image_that_was_replaced_before_its_turn_is_found():
    stream, _ = watched()
    stream.arrive(70)
    replaced = stream.stamp
    stream.ask(Box(70, 50, 20, 20), stamp=replaced)
    report = stream.show(80)
    assert stamp_ns(stream.answers[-1].started_at) == replaced
    # Nothing lies between.
    assert report.targets[0].state is TRACKED


@pytest.mark.parametrize('error', [
    MalformedImage('corrupt_file', 'of the test'), UserError('install OpenCV of the test')])
def test_an_image_that_cannot_be_read_refuses_its_region(error):
    def decode(message):
        raise error

    stream, stamps = watched()
    stream.decode = decode
    drawn(stream, stamps, 9)
    stream.show()
    assert stream.answers[-1].code is Refusal.NO_IMAGE
    assert 'of the test' in stream.answers[-1].reason


def test_one_that_is_dropped_for_lack_of_memory_is_answered():
    stream, stamps = watched()
    drawn(stream, stamps, 10)
    stream.tracker.memory_errors = 2
    with pytest.raises(torch.cuda.OutOfMemoryError):
        stream.show()
    stream.session.end()
    assert [answer.code for answer in stream.answers] == [Refusal.INACTIVE]
