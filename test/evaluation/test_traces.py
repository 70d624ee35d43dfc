# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.traces import (
    FAILURE,
    INIT,
    TRACKED,
    Trace,
    read_trace,
    write_trace,
)


@pytest.fixture
def trace():
    noise = np.random.default_rng(0)
    trace = Trace.empty(5)
    trace.boxes[:3] = noise.normal(size=(3, 4)) * 1e3
    trace.scores[1:3] = noise.random(2)
    trace.seconds[:3] = noise.random(3)
    trace.states[1:3] = ['tracking', 'lost']
    trace.events[:3] = [INIT, TRACKED, FAILURE]
    trace.stages['crop'] = noise.random(5)
    return trace


def test_a_trace_reads_back_to_the_same_bits(trace, tmp_path):
    path = tmp_path / 'trace.csv'
    write_trace(path, trace)
    again = read_trace(path)
    for name in ('boxes', 'scores', 'states', 'seconds', 'events'):
        np.testing.assert_array_equal(getattr(again, name), getattr(trace, name))
    np.testing.assert_array_equal(again.stages['crop'], trace.stages['crop'])
    assert list(tmp_path.iterdir()) == [path]
    assert len(again) == 5
    assert again.tracked.tolist() == [False, True, True, False, False]


def test_a_write_that_breaks_off_leaves_the_old_file(trace, tmp_path, monkeypatch):
    path = tmp_path / 'trace.csv'
    write_trace(path, trace)
    before = path.read_bytes()
    monkeypatch.setattr('os.fsync', lambda _: (_ for _ in ()).throw(OSError('disk full')))
    trace.boxes[0] = 7
    with pytest.raises(OSError, match='disk full'):
        write_trace(path, trace)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    'spoil',
    [
        lambda text: '',
        lambda text: 'frame,x\n0,1\n',
        lambda text: text.replace('init', 'begun'),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('0.', 'x.', 1),
    ],
    ids=['empty', 'header', 'event', 'cut', 'number'],
)
def test_another_file_is_refused(trace, tmp_path, spoil):
    path = tmp_path / 'trace.csv'
    write_trace(path, trace)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(UserError, match='is not a trace of this program'):
        read_trace(path)


def test_a_trace_without_rows_reads_back(tmp_path):
    path = tmp_path / 'trace.csv'
    write_trace(path, Trace.empty(0))
    assert read_trace(path).boxes.shape == (0, 4)
