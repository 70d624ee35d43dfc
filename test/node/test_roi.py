# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Regions of interest: how they are read, which are refused, and on which image they start."""

import math
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.roi import (
    Refusal,
    RefusedRoi,
    RoiRequest,
    Start,
    check_box,
    check_frame_id,
    choose_image,
    from_detection,
    from_region,
    superseded,
    too_old,
)

SECOND = 10**9


def request(stamp=0, id='', replaces_all=False, frame_id=''):
    return RoiRequest(
        Box(50, 50, 20, 20), 0.0, stamp=stamp, id=id, replaces_all=replaces_all, frame_id=frame_id
    )


@pytest.mark.parametrize(
    ('box', 'code'),
    [
        (Box(math.nan, 50, 20, 20), Refusal.NON_FINITE),
        (Box(50, math.inf, 20, 20), Refusal.NON_FINITE),
        (Box(50, 50, 20, -math.inf), Refusal.NON_FINITE),
        (Box(50, 50, 0, 20), Refusal.NOT_POSITIVE),
        (Box(50, 50, 20, -1), Refusal.NOT_POSITIVE),
        (Box(50, 50, 1, 1), Refusal.TOO_SMALL),
        (Box(50, 50, 20, 3.99), Refusal.TOO_SMALL),
        (Box(500, 50, 20, 20), Refusal.OUTSIDE),
        (Box(-0.1, 50, 20, 20), Refusal.OUTSIDE),
        (Box(50, 50, 1e4, 1e4), Refusal.OUTSIDE),
        (Box(50, 50, 1e308, 1e308), Refusal.OUTSIDE),
    ],
)
def test_r1_each_bad_box_has_its_code(box, code):
    with pytest.raises(RefusedRoi) as refusal:
        check_box(box, 100, 80)
    assert refusal.value.code is code
    assert refusal.value.sentence


# Such as people draw, and any at all: NaN, infinite, subnormal, beyond what their sum can be.
NUMBERS = st.one_of(st.integers(-150, 250).map(lambda n: n / 2), st.floats())


@settings(max_examples=2000)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from((0.0, 0.3, 1e300, math.nan, math.inf)))
def test_r1_any_numbers_are_a_box_inside_the_image_or_a_refusal(x, y, width, height, theta):
    place = SimpleNamespace(position=SimpleNamespace(x=x, y=y), theta=theta)
    stamp = SimpleNamespace(sec=1, nanosec=0)
    message = SimpleNamespace(
        bbox=SimpleNamespace(center=place, size_x=width, size_y=height), id='', results=[],
        header=SimpleNamespace(stamp=stamp, frame_id=''),
    )
    asked = from_detection(message, 1.0).box
    refusal = None
    try:
        box = check_box(asked, 100, 80)
    except RefusedRoi as error:
        refusal = error
    if refusal is not None:
        assert refusal.code is not Refusal.NONE
        assert '\n' not in refusal.sentence
        return
    left, top, right, bottom = box.ltrb
    assert 0 <= left < right <= 100
    assert 0 <= top < bottom <= 80
    assert box.w * box.h >= 0.5 * asked.w * asked.h * (1 - 1e-9)


def test_r1_half_outside_is_clipped():
    assert check_box(Box(0, 40, 20, 20), 100, 80) == Box(5, 40, 10, 20)


def test_r4_the_frame_id_must_agree_where_it_is_given():
    check_frame_id(request(), 'camera')
    check_frame_id(request(frame_id='camera'), 'camera')
    with pytest.raises(RefusedRoi, match=r"'left'.*'right'") as refusal:
        check_frame_id(request(frame_id='left'), 'right')
    assert refusal.value.code is Refusal.WRONG_FRAME


@pytest.mark.parametrize(
    ('stamp', 'place'),
    [
        (0, Start.CURRENT),
        (10 * SECOND, Start.CURRENT),
        (9 * SECOND, Start.KEPT),
        (11 * SECOND, Start.LATER),
    ],
)
def test_a_stamp_chooses_the_image(stamp, place):
    assert choose_image(request(stamp), 10 * SECOND) is place


def test_one_that_is_too_old_is_told_what_is_kept():
    refusal = too_old(request(7 * SECOND), 10 * SECOND, 1.5)
    assert refusal.code is Refusal.TOO_OLD
    for words in ('3.000 s older', '1.500 s', 'frame_buffer_seconds', 'frame_buffer_megabytes'):
        assert words in refusal.sentence


@pytest.mark.parametrize(
    ('newer', 'is_late'),
    [
        ([], False),
        ([request(), request(id='b')], False),
        ([request(id='a'), request(id='b')], True),
        ([request(id='a', stamp=5 * SECOND)], True),
        ([request(replaces_all=True)], True),
    ],
)
def test_r3_the_last_region_for_a_target_wins(newer, is_late):
    assert superseded(request(id='a'), newer) is is_late


def test_r3_one_without_an_id_is_replaced_by_one_that_replaces_all_only():
    assert not superseded(request(), [request(), request(id='a')])
    assert superseded(request(), [request(id='a'), request(replaces_all=True)])


def test_a_detection_is_read_with_its_centre():
    messages = pytest.importorskip('vision_msgs.msg')
    message = messages.Detection2D(id='7')
    message.bbox.center.position.x, message.bbox.center.position.y = 30.5, 20.25
    message.bbox.size_x, message.bbox.size_y = 10.0, 8.0
    message.header.stamp.sec, message.header.stamp.nanosec = 3, 5
    message.header.frame_id = 'camera'
    read = from_detection(message, 1.0)
    assert read.box == Box(30.5, 20.25, 10, 8)
    assert (read.stamp, read.frame_id, read.id) == (3 * SECOND + 5, 'camera', '7')
    assert not read.replaces_all


@pytest.mark.parametrize(
    ('theta', 'size'), [(0.0, (10, 8)), (math.pi / 2, (8, 10)), (math.pi, (10, 8))]
)
def test_a_rotated_box_becomes_the_upright_one_around_it(theta, size):
    messages = pytest.importorskip('vision_msgs.msg')
    message = messages.Detection2D()
    message.bbox.size_x, message.bbox.size_y = 10.0, 8.0
    message.bbox.center.theta = theta
    box = from_detection(message, 1.0).box
    assert (box.w, box.h) == pytest.approx(size)


@pytest.mark.parametrize('theta', [math.nan, math.inf])
def test_a_rotation_that_is_no_number_is_refused(theta):
    messages = pytest.importorskip('vision_msgs.msg')
    message = messages.Detection2D()
    message.bbox.size_x, message.bbox.size_y = 10.0, 8.0
    message.bbox.center.theta = theta
    with pytest.raises(RefusedRoi) as refusal:
        check_box(from_detection(message, 1.0).box, 100, 80)
    assert refusal.value.code is Refusal.NON_FINITE


def test_a_region_is_read_as_a_corner():
    messages = pytest.importorskip('sensor_msgs.msg')
    message = messages.RegionOfInterest(x_offset=10, y_offset=20, width=6, height=8)
    read = from_region(message, 1.0)
    assert read.box == Box(13, 24, 6, 8)
    assert read.replaces_all
    assert read.stamp == 0


def test_the_numbers_are_those_of_the_messages():
    messages = pytest.importorskip(
        'siam_tracker_ros.msg', reason='the messages of this package are not built'
    )
    from siam_tracker_ros.node.targets import TargetState

    assert {code.name: int(code) for code in Refusal} == {
        code.name: getattr(messages.InitResult, code.name) for code in Refusal
    }
    assert {state.name: int(state) for state in TargetState} == {
        state.name: getattr(messages.TargetStatus, state.name) for state in TargetState
    }
