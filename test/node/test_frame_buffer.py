# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The kept images: two bounds, found by stamp, dropped where stamps jump."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.node.frame_buffer import MEGABYTE, Extent, FrameBuffer

SECOND = 10**9
START = 1_000 * SECOND
TENTH = SECOND // 10


def message(stamp, size=1000):
    sec, nanosec = divmod(stamp, SECOND)
    header = SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id='camera')
    return SimpleNamespace(header=header, data=bytes(size))


def filled(count=11, seconds=10.0, megabytes=1.0, size=1000):
    """Images every tenth of a second."""
    buffer = FrameBuffer(lambda message: message.data, seconds, megabytes)
    for k in range(count):
        buffer.put(message(START + k * TENTH, size), 50.0 + 0.1 * k)
    return buffer


def stamps(buffer):
    return [(image.stamp - START) // TENTH for image in buffer.between(0, 2**63)]


def test_it_is_bounded_in_seconds():
    assert stamps(filled(seconds=0.3)) == [7, 8, 9, 10]
    assert stamps(filled(seconds=0.0)) == [10]


def test_it_is_bounded_in_bytes_and_always_keeps_the_newest():
    assert stamps(filled(megabytes=0.0031)) == [8, 9, 10]
    assert stamps(filled(megabytes=0.0)) == [10]
    assert stamps(filled(size=2 * MEGABYTE)) == [10]


def test_new_bounds_hold_at_once():
    buffer = filled()
    buffer.limit(0.2, 1.0)
    assert stamps(buffer) == [8, 9, 10]
    buffer.limit(10.0, 0.001)
    assert stamps(buffer) == [10]
    assert buffer.extent() == Extent(1, 0.0, 0.001)


def test_messages_are_kept_and_not_copied_or_decoded():
    decoded = []
    buffer = FrameBuffer(decoded.append, 1.0, 1.0)
    sent = message(START)
    buffer.put(sent, 50.0)
    kept = buffer.nearest(START, START)
    assert kept.message is sent
    assert decoded == []
    image = buffer.decoded(kept)
    assert decoded == [sent]
    assert (image.header, image.arrival) == (sent.header, 50.0)


@pytest.mark.parametrize(
    ('tenths', 'found'),
    [(0, 0), (4, 4), (10, 10), (4.4, 4), (4.6, 5), (12, None), (-0.1, None), (-30, None)],
)
def test_an_image_is_found_by_its_stamp_or_the_nearest_one(tenths, found):
    image = filled(count=15).nearest(START + round(tenths * TENTH), START + 10 * TENTH)
    assert (None if image is None else (image.stamp - START) // TENTH) == found


def test_an_empty_one_finds_nothing():
    buffer = filled(count=0)
    assert buffer.nearest(START, START) is None
    assert buffer.between(0, 2**63) == []
    assert buffer.extent() == Extent()
    assert buffer.interval() == 0.0


def test_those_between_two_stamps_begin_after_the_first():
    between = filled().between(START + 3 * TENTH, START + 6 * TENTH)
    assert [(image.stamp - START) // TENTH for image in between] == [4, 5, 6]
    assert filled().between(START + 6 * TENTH, START + 3 * TENTH) == []


@pytest.mark.parametrize(
    'stamp',
    [
        pytest.param(START + 10 * TENTH, id='equal'),
        pytest.param(START - 95 * SECOND, id='bag loop'),
        pytest.param(START + 88 * SECOND, id='jump ahead'),
        pytest.param(0, id='stamps cease'),
    ],
)
def test_a_jump_of_the_stamps_drops_all_before_it(stamp):
    buffer = filled()
    buffer.put(message(stamp), 51.1)
    assert [image.stamp for image in buffer.between(-1, 2**63)] == [stamp]
    assert buffer.extent().megabytes == pytest.approx(0.001)


def test_without_stamps_only_the_newest_is_kept():
    buffer = FrameBuffer(lambda message: message.data, 10.0, 1.0)
    for k in range(5):
        buffer.put(message(0), 50.0 + k)
    assert buffer.extent().images == 1


def test_the_rate_of_the_camera_is_known_also_after_a_pause():
    buffer = filled()
    assert buffer.interval() == pytest.approx(0.1)
    for k in range(11, 14):
        buffer.put(message(START + k * TENTH), 80.0 + 0.1 * k)
        assert buffer.interval() == pytest.approx(0.1)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3000)), max_size=40),
    st.floats(0, 3),
    st.floats(0, 0.01),
)
def test_the_bounds_hold_whatever_comes(images, seconds, megabytes):
    buffer = FrameBuffer(lambda message: message.data, seconds, megabytes)
    stamp, arrival = START, 50.0
    for tenths, size in images:
        stamp += tenths * TENTH
        arrival += 0.1 * tenths
        buffer.put(message(stamp, size), arrival)
        extent = buffer.extent()
        assert extent.images >= 1
        assert extent.seconds <= seconds
        assert extent.images == 1 or extent.megabytes <= megabytes + 1e-9
        kept = buffer.between(0, 2**63)
        assert extent.megabytes == pytest.approx(sum(i.size for i in kept) / MEGABYTE)
        assert buffer.nearest(stamp, stamp).stamp == stamp
