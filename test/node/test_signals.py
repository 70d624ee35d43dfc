# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Signals in every state and in the middle of work, and a process that was killed.

`make signals` does the same again and again, with both signals for each.
"""

from contextlib import ExitStack
import os
import signal
import time

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')

from node_signals import (
    ACTIVE,
    SEARCHING,
    SITUATIONS,
    brought_there,
    ended,
    started,
    wait_for,
)

KNOWN = {situation.name: situation for situation in SITUATIONS}
# The others are in test_process.py.
SIGNALS = {
    'configuring': signal.SIGINT,
    'loading': signal.SIGTERM,
    'inactive': signal.SIGTERM,
    'searching': signal.SIGINT,
    'hanging': signal.SIGTERM,
    'finalized': signal.SIGINT,
}


@pytest.fixture(scope='module')
def children(ros, tmp_path_factory):
    """A process for each situation; all begin at once, because that takes longest."""
    logs = tmp_path_factory.mktemp('logs')
    with ExitStack() as stack:
        yield {name: stack.enter_context(started(KNOWN[name], logs)) for name in SIGNALS}


@pytest.fixture
def client(ros):
    from node_signals_client import Client

    from siam_tracker_ros.node.companion import accompanied

    with accompanied(Client) as client:
        yield client


def test_every_situation_is_tried_somewhere():
    assert set(KNOWN) - set(SIGNALS) == {'unconfigured', 'active'}


@pytest.mark.parametrize('name', SIGNALS)
def test_l7_a_signal_ends_it_soon_with_0(children, client, name):
    brought_there(KNOWN[name], children[name], client)
    # Two seconds on a machine that does nothing else, for which `make signals` is.
    found = ended(children[name], SIGNALS[name], most=5.0)
    assert found == [], children[name].log.read_text()


def test_l8_after_a_kill_it_comes_back_and_takes_a_box(ros, client, tmp_path):
    situation = KNOWN['searching']
    seconds = []
    for killed in (True, False):
        begin = time.monotonic()
        with started(situation, tmp_path) as child:
            wait_for(child, ACTIVE)
            seconds.append(time.monotonic() - begin)
            assert SEARCHING not in child.log.read_text()
            brought_there(situation, child, client)
            if killed:
                os.kill(child.pid, signal.SIGKILL)
    # What it left in shared memory holds nobody up.
    assert seconds[1] <= 2 * seconds[0] + 10
