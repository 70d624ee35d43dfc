# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the soak of the node takes for a growth; the soak itself is `make soak`."""

import os
import re
import time

from node_soak import Mark, accounted, grown, grown_in_cycles, look
import pytest

HOUR = 3600.0
MARKS = [Mark(HOUR * k / 50, 500.0, 20, 18, 30.0) for k in range(1, 51)]


def late(**changes):
    """Marks that differ in the last tenth of the run."""
    return [
        Mark(**{**vars(mark), **(changes if mark.seconds > 0.85 * HOUR else {})}) for mark in MARKS
    ]


def test_p2_what_stays_as_it_is_has_no_fault():
    assert grown(MARKS) == []
    # One percent in an hour, noise of an allocator, and a machine that is busy for a while.
    assert grown(late(memory=504.9, age=49.0)) == []
    assert grown([*MARKS[:30], Mark(0.61 * HOUR, 900.0, 40, 30, 9e3), *MARKS[31:]]) == []


@pytest.mark.parametrize(
    ('changes', 'fault'),
    [
        ({'memory': 506.0}, r'memory: \+6.0 MiB, at most 5.0'),
        ({'files': 21}, 'files: 20 became 21'),
        ({'threads': 19}, 'threads: 18 became 19'),
        ({'age': 60.0}, 'age of results: 30 ms became 60'),
    ],
)
def test_p2_what_grows_is_named(changes, fault):
    (found,) = grown(late(**changes))
    assert re.match(fault, found)


@pytest.mark.parametrize('marks', [[], MARKS[:4]])
def test_p2_too_short_a_run_is_no_success(marks):
    assert grown(marks) == ['too short to tell a growth: give more --minutes']


def test_l4_what_cycles_leave_is_named():
    first = Mark(0.0, 300.0, 20, 18)
    assert grown_in_cycles(first, Mark(9.0, 305.0, 20, 17)) == []
    assert grown_in_cycles(first, Mark(9.0, 306.0, 22, 19)) == [
        'cycles: +6.0 MiB, at most 5', 'cycles: 2 more files', 'cycles: 1 more threads',
    ]  # fmt: skip


class Client:
    """What the soak asks the one of it that listens."""

    tracked = 90

    def __init__(self, received, processed, dropped):
        self.newest = self
        self.received, self.processed, self.dropped = received, processed, dropped


def test_p2_every_image_is_accounted_for():
    assert accounted(Client(100, 95, 5), 100) == []
    (fault,) = accounted(Client(100, 95, 4), 100)
    assert fault == 'received 100 is not processed 95 + dropped 4'
    (fault,) = accounted(Client(40, 40, 0), 100)
    assert fault == '40 of 100 images arrived'


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'), reason='no /proc here')
def test_p2_what_a_process_holds_is_read():
    with open(os.devnull) as _:
        more = look(os.getpid(), time.monotonic())
    less = look(os.getpid(), time.monotonic())
    assert more.files == less.files + 1
    assert more.threads >= 1
    assert more.memory > 10
