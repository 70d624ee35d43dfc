# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A transition whose answer is lost is not repeated: the node's state says what became of it."""

import time

import pytest

from siam_tracker_ros.errors import UserError

pytest.importorskip('rclpy', reason='rclpy is not installed')

PATIENCE = 0.3
UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED, CONFIGURING = 1, 2, 3, 4, 10


def lose(service, monkeypatch, number):
    """Let the first answers of a service vanish; return the list of all its requests."""
    requests, send, call = [], service.send_response, service.callback

    def callback(request, response):
        requests.append(request)
        return call(request, response)

    def send_response(*arguments):
        if len(requests) > number:
            send(*arguments)

    monkeypatch.setattr(service, 'callback', callback)
    monkeypatch.setattr(service, 'send_response', send_response)
    return requests


@pytest.fixture
def follow(bench, monkeypatch):
    """Makes a client of the node, whose services lose so many answers first."""
    from siam_tracker_ros.node.lifecycle_client import LifecycleClient

    def follow(changes, states, patience=PATIENCE):
        asked = (
            lose(bench.node._service_change_state, monkeypatch, changes),
            lose(bench.node._service_get_state, monkeypatch, states),
        )
        client = LifecycleClient(
            bench.client, bench.name, lambda condition, *_: bench.until(condition), patience
        )
        return client, *asked

    return follow


def configure(client):
    return client.change(1, INACTIVE, 10.0, 'configure')


def activate(client):
    return client.change(3, ACTIVE, 10.0, 'activate')


def test_where_answers_arrive_no_state_is_asked_for(bench, follow):
    client, changes, states = follow(0, 0, 10.0)
    assert configure(client)
    assert activate(client)
    assert [request.transition.id for request in changes] == [1, 3]
    assert states == []
    assert bench.state() == 'active'


@pytest.mark.parametrize('states_lost', [0, 2])
def test_a_lost_answer_is_read_from_the_state(bench, follow, states_lost):
    client, changes, states = follow(2, states_lost)
    begin = time.monotonic()
    assert configure(client)
    # As often as it has to be, and not at once: most answers come a little later.
    assert time.monotonic() - begin >= (states_lost + 1) * PATIENCE
    assert len(states) == states_lost + 1
    assert activate(client)
    assert [request.transition.id for request in changes] == [1, 3]
    assert len(bench.creations) == 1
    assert bench.state() == 'active'


@pytest.mark.parametrize('changes_lost', [0, 1])
def test_a_refusal_is_one_whether_or_not_it_is_heard(bench, follow, monkeypatch, changes_lost):
    attempts = []

    def refuse():
        attempts.append(1)
        raise UserError('no')

    monkeypatch.setattr(bench.node, 'configure', refuse)
    client, changes, states = follow(changes_lost, 0, PATIENCE if changes_lost else 10.0)
    assert not configure(client)
    assert len(attempts) == len(changes) == 1
    assert len(states) == 2 * changes_lost
    assert bench.state() == 'unconfigured'


def test_what_is_active_already_refuses_and_stays_so(bench, follow):
    client, *_ = follow(0, 0, 10.0)
    assert configure(client)
    assert activate(client)
    assert not activate(client)
    assert bench.state() == 'active'


@pytest.mark.parametrize(
    ('states', 'success'),
    [
        ([INACTIVE], True),
        # The question overtook the transition.
        ([UNCONFIGURED, INACTIVE], True),
        ([CONFIGURING, CONFIGURING, CONFIGURING, INACTIVE], True),
        ([UNCONFIGURED, CONFIGURING, INACTIVE], True),
        ([UNCONFIGURED, CONFIGURING, UNCONFIGURED, UNCONFIGURED], False),
        ([UNCONFIGURED, UNCONFIGURED], False),
        ([CONFIGURING, FINALIZED, FINALIZED], False),
    ],
)
def test_the_outcome_is_that_of_a_node_at_rest(bench, follow, monkeypatch, states, success):
    client, changes, asked = follow(1, 0)
    left = list(states)

    def tell(request, response):
        asked.append(request)
        response.current_state.id = left.pop(0)
        return response

    monkeypatch.setattr(bench.node._service_get_state, 'callback', tell)
    assert configure(client) is success
    assert len(asked) == len(states)
    assert len(changes) == 1


def test_waiting_has_an_end(bench, follow, monkeypatch):
    client, changes, states = follow(1, 10**9)

    def wait(condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise UserError(f'{what} did not happen')
            bench.executor.spin_once(timeout_sec=0.02)

    monkeypatch.setattr(client, '_wait', wait)
    with pytest.raises(UserError, match='a word did not happen'):
        client.change(1, INACTIVE, 5 * PATIENCE, 'a word')
    assert len(changes) == 1
    assert len(states) >= 3
