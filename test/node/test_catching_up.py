# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happens to a target on its way from a kept image to the camera's newest one."""

import pytest
from session_stream import SECOND, START, box_at, drawn, place, watched

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.exchange import Stop
from siam_tracker_ros.node.image_rules import MalformedImage
from siam_tracker_ros.node.roi import Refusal, stamp_ns
from siam_tracker_ros.node.targets import TargetState

NEW, TRACKED, LOST, REMOVED = (
    TargetState.NEW, TargetState.TRACKED, TargetState.LOST, TargetState.REMOVED)


def test_another_size_on_the_way_rescales_it():
    stream, _ = watched(seconds=0.3)
    old = stream.stamp
    for _ in range(5):
        stream.arrive(120, 100, size=(320, 240))
    stream.ask(box_at(old), stamp=old)
    report = stream.show(120, 100, size=(320, 240))
    (target,) = report.targets
    # Told in pixels of the image at hand.
    assert target.state is NEW
    assert target.estimate.box == Box(2 * place(old), 100, 40, 40)
    while stream.session.catch_up():
        pass
    report = stream.show(130, 100, size=(320, 240))
    assert report.targets[0].state is TRACKED
    assert report.targets[0].estimate.box == Box(130, 100, 40, 40)


def test_a_rotation_on_the_way_loses_it_until_it_is_found_again():
    stream, _ = watched(seconds=0.3)
    old = stream.stamp
    for _ in range(3):
        stream.arrive(60, 100, size=(120, 160))
    stream.ask(box_at(old), stamp=old)
    report = stream.show(60, 100, size=(120, 160))
    left, top, right, bottom = report.targets[0].estimate.box.ltrb
    assert 0 <= left < right <= 120
    assert 0 <= top < bottom <= 160
    assert stream.session.catch_up()
    (followed,) = stream.session._book
    assert followed.report.state is LOST
    assert 'from 160x120 to 120x160' in followed.report.estimate.update_reason
    while stream.session.catch_up():
        pass
    assert stream.show(60, 100, size=(120, 160)).targets[0].state is TRACKED


def test_i6_a_jump_of_the_clock_on_the_way_loses_it():
    stream, stamps = watched(cost=0.01)
    drawn(stream, stamps, 50)
    report = stream.show(place(stream.stamp), seconds=1 / 30)
    assert stream.states(report) == {'1': NEW}
    assert stream.session.catch_up()
    report = stream.show(stamp=START - 95 * SECOND, seconds=1 / 30)
    assert stream.states(report) == {'1': LOST}
    assert not stream.session.catch_up()
    assert stream.states(stream.show(seconds=1 / 30)) == {'1': TRACKED}
    drawn(stream, stamps, 1)
    stream.show(seconds=1 / 30)
    stream.session.expire(stream.now + 2.0)
    assert stream.answers[-1].code is Refusal.TOO_NEW


@pytest.mark.parametrize('id', ['a', ''])
def test_stop_ends_it_on_the_way(id):
    stream, stamps = watched(cost=0.01)
    stream.ask(box_at(stamps[-30]), stamp=stamps[-30], id='a')
    assert stream.states(next(iter(stream.play(0.1, place=place)))) == {'a': NEW}
    assert stream.session.catch_up()
    stream.session.apply([Stop(id)])
    assert not stream.session.catch_up()
    assert stream.states(stream.show()) == {'a': REMOVED}
    assert stream.show().targets == []


def test_the_end_of_the_session_ends_it_on_the_way():
    stream, stamps = watched(cost=0.01)
    drawn(stream, stamps, 30)
    next(iter(stream.play(0.1, place=place)))
    assert stream.states(stream.session.end()) == {'1': REMOVED}
    assert not stream.session.catch_up()


def test_started_anew_on_the_way_only_the_new_one_goes_on():
    stream, stamps = watched(cost=0.01)
    stream.ask(box_at(stamps[-50]), stamp=stamps[-50], id='a')
    next(iter(stream.play(0.1, place=place)))
    stream.session.catch_up()
    stream.ask(box_at(stamps[-5]), stamp=stamps[-5], id='a')
    stream.show(place(stream.stamp), seconds=1 / 30)
    before = len(stream.tracker.searched)
    *_, report = stream.play(0.5, place=place)
    assert stream.states(report) == {'a': TRACKED}
    later = stream.tracker.searched[before:]
    assert {len(targets) for _, targets in later} == {1}
    assert later[0][0] == pytest.approx(stamps[-4], abs=1000)


def test_an_image_that_cannot_be_read_is_passed_by():
    stream, stamps = watched(cost=0.01)
    bad = {stamps[-10], stamps[-5]}

    def decode(message):
        if stamp_ns(message.header.stamp) in bad:
            raise MalformedImage('corrupt_file', 'of the test')
        return message.pixels

    stream.decode = decode
    drawn(stream, stamps, 14)
    *_, report = stream.play(0.6, place=place)
    assert stream.states(report) == {'1': TRACKED}
    searched = {stamp for stamp, _ in stream.tracker.searched}
    assert {stamp for stamp in stamps[-14:] if stamp not in searched} == bad
    assert stream.counters.snapshot().left_out == 2


def test_a_tracker_that_fails_in_a_kept_image_is_not_asked_again_there():
    stream, stamps = watched(cost=0.01)
    drawn(stream, stamps, 10)
    next(iter(stream.play(0.1, place=place)))
    stream.tracker.error = ZeroDivisionError('of the test')
    with pytest.raises(ZeroDivisionError):
        stream.session.catch_up()
    stream.tracker.error = None
    failed = stream.tracker.searched[-1]
    while stream.session.catch_up():
        pass
    assert stream.tracker.searched.count(failed) == 1
    assert stream.states(stream.show(seconds=1 / 30)) == {'1': TRACKED}
