# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.node import demo_processes
from siam_tracker_ros.node.demo_processes import Child, deferred_signals, free_domain_id

STUBBORN = """
import signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])
print(grandchild.pid, flush=True)
time.sleep(300)
"""


def python(code: str) -> list[str]:
    return [sys.executable, '-c', code]


def wait_for_text(child: Child, seconds: float = 20.0) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = child.log.read_text()
        if text.endswith('\n'):
            return text
        time.sleep(0.02)
    raise AssertionError('the child wrote nothing')


def is_running(pid: int) -> bool:
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def test_a_stubborn_child_and_its_children_are_ended(tmp_path, monkeypatch):
    quick = ((signal.SIGINT, 0.2), (signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
    monkeypatch.setattr(demo_processes, 'STOP_SIGNALS', quick)
    with Child('stubborn', python(STUBBORN), tmp_path) as child:
        grandchild = int(wait_for_text(child))
        assert child.exit_code is None
    assert child.exit_code == -signal.SIGKILL
    end = time.monotonic() + 5
    while is_running(grandchild) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(grandchild)


def test_a_child_is_ended_when_the_demo_is_interrupted(tmp_path):
    code = "print('up', flush=True); import time; time.sleep(9)"
    child = Child('sleeper', python(code), tmp_path)

    def interrupted():
        with child:
            wait_for_text(child)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert child.exit_code == -signal.SIGINT


def test_a_signal_waits_for_the_end_of_the_block():
    done = []

    def interrupted():
        with deferred_signals():
            signal.raise_signal(signal.SIGINT)
            done.append('start')
            signal.raise_signal(signal.SIGINT)
            done.append('registration')

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ['start', 'registration']
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_impatient_user_leaves_no_child_behind(tmp_path, monkeypatch):
    quick = ((signal.SIGINT, 0.2), (signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
    monkeypatch.setattr(demo_processes, 'STOP_SIGNALS', quick)
    child = Child('stubborn', python(STUBBORN), tmp_path)
    wait_for_text(child)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))

    def interrupted():
        with child:
            timer.start()

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert child.exit_code == -signal.SIGKILL


def test_an_ended_child_is_reported_with_its_last_error(tmp_path):
    code = (
        "print('[INFO] [1.0] [node]: up'); print('[ERROR] [2.0] [node]: weights x: not found');"
        "print('bye'); raise SystemExit(3)"
    )
    with Child('node', python(code), tmp_path) as child:
        while child.exit_code is None:
            time.sleep(0.02)
        with pytest.raises(UserError) as caught:
            child.check_alive()
    text = str(caught.value)
    assert text.startswith('node ended with exit code 3: weights x: not found')
    assert str(tmp_path / 'node.log') in text


def test_a_silent_child_is_reported_too(tmp_path):
    with Child('node', python('pass'), tmp_path) as child:
        while child.exit_code is None:
            time.sleep(0.02)
        with pytest.raises(UserError, match='it wrote nothing'):
            child.check_alive()


def test_child_has_its_own_environment(tmp_path):
    environment = {**os.environ, 'ROS_DOMAIN_ID': '77'}
    code = "import os; print(os.environ['ROS_DOMAIN_ID'], flush=True)"
    with Child('node', python(code), tmp_path, environment) as child:
        assert wait_for_text(child) == '77\n'


@pytest.mark.parametrize('participant', [0, 3])
@pytest.mark.parametrize('number', [None, 0, 1])
def test_a_domain_in_use_is_not_chosen(monkeypatch, participant, number):
    # Other tests, which run beside this one, choose theirs from 1 to 101.
    monkeypatch.setattr(demo_processes, 'DOMAINS', range(102, 104))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(('', 7400 + 250 * 102 + 10 + 2 * participant))
        assert {free_domain_id(number) for _ in range(10)} == {103}
        monkeypatch.setattr(demo_processes, 'DOMAINS', range(102, 103))
        with pytest.raises(UserError, match='no free ROS domain id'):
            free_domain_id(number)


def test_processes_that_choose_at_once_choose_apart(monkeypatch):
    monkeypatch.setattr(demo_processes, '_is_free', lambda domain: True)
    assert len({free_domain_id(number) for number in range(1000, 1101)}) == 101
    taken = free_domain_id(1000)
    monkeypatch.setattr(demo_processes, '_is_free', lambda domain: domain != taken)
    assert free_domain_id(1000) not in {taken, *(free_domain_id(n) for n in range(1001, 1010))}
