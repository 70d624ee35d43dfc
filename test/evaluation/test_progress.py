# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import io

import pytest

from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.evaluation.progress import Bar
from siam_tracker_ros.evaluation.protocols.one_pass import OnePass
from siam_tracker_ros.evaluation.units import Unit


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def units(benchmark):
    [mil] = parse_entrants(['mil'])
    return [Unit(mil, OnePass(), sequence) for sequence in benchmark]


def test_frames_are_counted_once_and_stored_ones_at_once(units, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr('sys.stderr', terminal)
    long, short = units
    with Bar(units, [short.key], True) as bar:
        assert '4/10' in terminal.getvalue()
        for frames in (2, 5, 6, 9):
            bar.hear(long, frames)
        bar.note('something')
    assert '10/10' in terminal.getvalue().rpartition('something')[2]
    assert 'long mil' in terminal.getvalue()


def test_there_is_no_bar_without_a_terminal_or_where_none_is_wanted(units, monkeypatch):
    for stream, show in ((io.StringIO(), True), (Terminal(), False)):
        monkeypatch.setattr('sys.stderr', stream)
        with Bar(units, [], show) as bar:
            bar.hear(units[0], 6)
        assert stream.getvalue() == ''
