# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps that cannot be trusted."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.node.timeline import Timeline

SECOND = 10**9
START = 1_000 * SECOND


@pytest.mark.parametrize(
    ('stamp', 'arrival', 'follows', 'elapsed'),
    [
        pytest.param(START + SECOND // 10, 0.1, True, 0.1, id='next image'),
        pytest.param(START + 5 * SECOND, 5.0, True, 5.0, id='silent camera'),
        pytest.param(START + 5 * SECOND, 0.1, True, 5.0, id='bag played fast'),
        pytest.param(START, 0.1, False, 0.1, id='equal'),
        pytest.param(START - 95 * SECOND, 0.1, False, 0.1, id='bag loop'),
        pytest.param(START + 88 * SECOND, 0.1, False, 0.1, id='jump ahead'),
        pytest.param(START + 3600 * SECOND, 0.1, False, 0.1, id='an hour ahead'),
        pytest.param(0, 0.1, False, 0.1, id='stamps cease'),
    ],
)
def test_i5_the_second_image(stamp, arrival, follows, elapsed):
    timeline = Timeline()
    assert timeline.advance(START, 0.0)
    assert timeline.advance(stamp, arrival) is follows
    assert timeline.elapsed == pytest.approx(elapsed)


def test_a_camera_without_stamps_is_followed_by_arrival():
    timeline = Timeline()
    assert all(timeline.advance(0, 0.1 * k) for k in range(5))
    assert timeline.elapsed == pytest.approx(0.4)


@given(st.lists(st.tuples(st.integers(0, 2**62), st.floats(0, 1e6)), max_size=30))
def test_time_never_runs_backwards(images):
    timeline = Timeline()
    before = 0.0
    for stamp, arrival in images:
        timeline.advance(stamp, arrival)
        assert timeline.elapsed >= before
        before = timeline.elapsed
