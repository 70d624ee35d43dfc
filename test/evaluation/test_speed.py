# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from siam_tracker_ros.evaluation.speed import Speed
from siam_tracker_ros.evaluation.traces import FAILURE, INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence


def timed(events, milliseconds):
    trace = Trace.empty(len(events))
    trace.events[:] = events
    trace.seconds[:] = np.array(milliseconds) / 1000
    return trace


def sequence(name, count):
    return Sequence(name, ('x.png',) * count, np.ones((count, 4)))


def test_steps_and_starts_are_told_apart_and_pooled():
    first = timed(['skipped', INIT, TRACKED, FAILURE, 'skipped', INIT, TRACKED],
                  [np.nan, 100, 10, 20, np.nan, 300, 30])  # fmt: skip
    again = timed(['skipped', INIT] + [TRACKED] * 5, [np.nan, 200, 10, 10, 10, 10, 10])
    second = timed([INIT, TRACKED, TRACKED], [900, 50, 50])
    summary = Speed().summarise(
        [sequence('a', 7), sequence('b', 3)], {'a': [first, again], 'b': [second]}
    )
    steps = [10, 20, 30, 10, 10, 10, 10, 10, 50, 50]
    assert summary.overall == pytest.approx({
        'fps': 100.0, 'p50': 10.0, 'p95': np.percentile(steps, 95),
        'p99': np.percentile(steps, 99), 'start': 250.0,
    })  # fmt: skip
    assert summary.sequences['a']['start'] == pytest.approx(200.0)
    assert summary.sequences['b'] == pytest.approx(
        {'fps': 20.0, 'p50': 50.0, 'p95': 50.0, 'p99': 50.0, 'start': 900.0}
    )


def test_images_that_were_missed_have_no_time():
    events = [INIT, TRACKED, TRACKED, TRACKED, INIT, FAILURE]
    trace = timed(events, [5, 10, np.nan, 20, np.nan, np.nan])
    overall = Speed().summarise([sequence('a', 6)], {'a': [trace]}).overall
    assert (overall['p50'], overall['start']) == (pytest.approx(15.0), pytest.approx(5.0))


def test_a_sequence_of_one_image_has_a_start_and_no_steps():
    summary = Speed().summarise([sequence('a', 1)], {'a': [timed([INIT], [5])]})
    assert summary.overall['start'] == pytest.approx(5.0)
    assert all(math.isnan(summary.overall[name]) for name in ('fps', 'p50', 'p95', 'p99'))


def test_every_measure_is_given():
    summary = Speed().summarise([], {})
    assert list(summary.overall) == [measure.name for measure in Speed.measures]
    assert all(map(math.isnan, summary.overall.values()))
