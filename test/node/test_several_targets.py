# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several targets in a session: ids, the primary one, limits, one batch."""

import pytest
from session_stream import Stream

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.exchange import Change, Stop
from siam_tracker_ros.node.roi import Refusal
from siam_tracker_ros.node.settings import NodeSettings
from siam_tracker_ros.node.targets import TargetState
from siam_tracker_ros.trackers import State


@pytest.fixture
def stream():
    return Stream()


def test_the_same_id_starts_anew_and_others_are_added(stream):
    stream.show()
    stream.ask(id='a')
    stream.ask()
    report = stream.show()
    assert stream.states(report) == {'a': TargetState.NEW, '1': TargetState.NEW}
    stream.ask(Box(40, 40, 10, 10), id='a')
    report = stream.show()
    assert stream.states(report) == {'a': TargetState.NEW, '1': TargetState.TRACKED}
    assert report.targets[0].estimate.box == Box(40, 40, 10, 10)


def test_new_ids_are_those_of_no_target_that_is_or_was(stream):
    stream.ask(id='1')
    stream.ask()
    assert set(stream.states(stream.show())) == {'1', '2'}
    stream.ask(id='5')
    stream.show()
    stream.session.apply([Stop()])
    stream.show()
    for id in ('', '9' * 5000, '7a', ''):
        stream.ask(id=id)
    assert set(stream.states(stream.show())) == {'6', '9' * 5000, '7a', '7'}


def test_ids_last_while_targets_are_lost(stream):
    for id in 'ab':
        stream.ask(id=id)
    stream.show()
    stream.tracker.state = State.LOST
    assert stream.states(stream.show()) == dict.fromkeys('ab', TargetState.LOST)
    stream.tracker.state = State.TRACKING
    assert stream.states(stream.show()) == dict.fromkeys('ab', TargetState.TRACKED)


def test_one_that_replaces_all_ends_the_others(stream):
    stream.ask(id='a')
    stream.ask(id='b')
    stream.show()
    stream.ask(replaces_all=True)
    report = stream.show()
    assert stream.states(report) == {
        '1': TargetState.NEW, 'a': TargetState.REMOVED, 'b': TargetState.REMOVED}
    assert stream.states(stream.show()) == {'1': TargetState.TRACKED}


def test_stop_drops_one_or_all(stream):
    stream.ask(id='a')
    stream.ask(id='b')
    stream.show()
    stream.session.apply([Stop('a'), Stop('nobody')])
    assert stream.states(stream.show()) == {'b': TargetState.TRACKED, 'a': TargetState.REMOVED}
    stream.session.apply([Stop()])
    assert stream.states(stream.show()) == {'b': TargetState.REMOVED}
    assert stream.show().targets == []


def test_when_the_primary_target_ends_the_next_one_takes_its_place(stream):
    for id in 'abc':
        stream.ask(id=id)
    stream.show()
    # Started again it keeps its place.
    stream.ask(id='b')
    stream.show()
    stream.session.apply([Stop('a')])
    assert list(stream.states(stream.show())) == ['b', 'c', 'a']
    stream.ask(id='a')
    assert list(stream.states(stream.show())) == ['b', 'c', 'a']


def test_no_more_than_max_targets():
    stream = Stream(max_targets=1)
    stream.ask(id='a')
    stream.ask(id='b')
    assert set(stream.states(stream.show())) == {'a'}
    assert stream.answers[-1].code is Refusal.TOO_MANY_TARGETS
    stream.session.apply([Change(NodeSettings(max_targets=2), stream.tracker)])
    stream.ask(id='b')
    assert set(stream.states(stream.show())) == {'a', 'b'}


def test_at_the_limit_a_target_may_start_again_or_be_replaced():
    stream = Stream(max_targets=1)
    for options in ({'id': 'a'}, {'id': 'a'}, {'replaces_all': True}):
        stream.ask(**options)
        stream.show()
    assert [answer.code for answer in stream.answers] == [Refusal.NONE] * 3


def test_a_lower_limit_leaves_those_that_there_are(stream):
    for id in 'abc':
        stream.ask(id=id)
    stream.show()
    stream.session.apply([Change(NodeSettings(max_targets=1), stream.tracker)])
    assert list(stream.states(stream.show())) == ['a', 'b', 'c']
    stream.session.apply([Stop('b')])
    stream.ask(id='b')
    stream.show()
    assert stream.answers[-1].code is Refusal.TOO_MANY_TARGETS


def test_two_targets_take_one_step(stream):
    stream.ask(id='a')
    stream.ask(id='b')
    stream.show()
    stream.show()
    assert stream.tracker.steps == 1
