# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps that cannot be trusted."""

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.node.timeline import CLOCK_JUMP_S, Timeline

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


# Those that come next to each other, none, and any.
STAMPS = st.one_of(
    st.integers(START, START + 20 * SECOND), st.just(0), st.integers(0, 2**31 * SECOND)
)


@settings(max_examples=1000)
@given(st.lists(st.tuples(STAMPS, st.floats(0, 1e6)), max_size=10))
def test_i5_time_never_runs_backwards_and_no_stamp_takes_it_far_ahead(images):
    timeline = Timeline()
    before = last = 0.0
    for place, (stamp, arrival) in enumerate(images):
        timeline.advance(stamp, arrival)
        waited = max(0.0, arrival - last)
        assert before <= timeline.elapsed <= before + (waited + CLOCK_JUMP_S if place else 0.0)
        before, last = timeline.elapsed, arrival
