# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that change their size, their clock or their quality of service, through messages."""

import math
import time

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')

TRACKED, LOST = 1, 3


def check(status, width=160, height=120):
    """Nothing that is published may be wrong, whatever came."""
    for target in status.targets:
        numbers = [getattr(target, name) for name in target.get_fields_and_field_types()]
        assert all(math.isfinite(n) for n in numbers if isinstance(n, float))
        assert target.age_seconds >= 0
        assert target.center_x - target.size_x / 2 >= 0
        assert target.center_y - target.size_y / 2 >= 0
        assert target.center_x + target.size_x / 2 <= width
        assert target.center_y + target.size_y / 2 <= height
    return [target.state for target in status.targets]


def test_i4_another_resolution_is_told_in_the_same_image(bench):
    from ros_bench import scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    assert check(bench.show(scene(50, 40))) == [TRACKED]
    doubled = bench.show(scene(100, 80, 40, 320, 240))
    assert check(doubled, 320, 240) == [TRACKED]
    (target,) = doubled.targets
    assert (target.center_x, target.center_y) == (120, 100)
    assert (target.size_x, target.size_y) == (40, 40)
    halved = bench.show(scene(56, 40))
    assert check(halved) == [TRACKED]
    assert (halved.targets[0].center_x, halved.targets[0].size_x) == (66, 20)
    bench.show(scene(130, 90))
    turned = bench.show(scene(20, 130, width=120, height=160))
    assert check(turned, 120, 160) == [LOST]
    assert '160x120 to 120x160' in turned.targets[0].update_reason
    assert bench.received['detections'][-1].detections == []
    assert check(bench.show(scene(20, 130, width=120, height=160)), 120, 160) == [TRACKED]


def test_i5_stamps_that_mean_nothing(bench):
    from ros_bench import image_message, scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    start = bench.clock
    hour = 3600 * 10**9
    stamps = [
        (start + 10**8, TRACKED), (start + 10**8, LOST), (start + 2 * 10**8, TRACKED),
        (start, LOST), (start + hour, LOST), (start + hour + 10**8, TRACKED),
        (0, LOST), (0, TRACKED), (0, TRACKED), (start, LOST), (start + 10**8, TRACKED),
    ]
    for stamp, state in stamps:
        message = image_message(scene(50, 40), stamp)
        status = bench.send(message)
        assert status.header == message.header
        assert check(status) == [state], stamp
        found = bench.received['detections'][-1]
        assert found.header == message.header
        assert len(found.detections) == (state == TRACKED)


@pytest.mark.parametrize('jump', [-95, 88])
def test_i6_a_jump_of_the_cameras_clock(bench, jump):
    from ros_bench import scene

    bench.activate()
    for _ in range(3):
        assert bench.start(scene(50, 40), (60, 50, 20, 20), id='a').accepted
        assert check(bench.show(scene(50, 40))) == [TRACKED]
        bench.clock += jump * 10**9
        assert check(bench.show(scene(50, 40))) == [LOST]
        assert bench.received['detections'][-1].detections == []
    # Images of before the jump are no more.
    bench.diagnosed(lambda d: {v.key: v.value for v in d.values}['kept images'] == '1')


@pytest.mark.parametrize('sim_time', [False, True])
def test_i6_a_bag_that_loops_twenty_times(ros, sim_time):
    from ros_bench import Bench, detection, image_message, qos, scene, stamp
    from rosgraph_msgs.msg import Clock

    begin, tenth = 1_000 * 10**9, 10**8

    def send(tenths, x=50):
        message = image_message(scene(x, 40), begin + tenths * tenth)
        if sim_time:
            clock.publish(Clock(clock=message.header.stamp))
        return bench.send(message)

    with Bench(parameters={'use_sim_time': sim_time}) as bench:
        clock = bench.client.create_publisher(Clock, '/clock', qos.RESULTS)
        bench.activate()
        if sim_time:
            # A clock that has not begun holds nothing up.
            bench.diagnosed(lambda d: 'no image for' in d.message)
        for loop in range(20):
            status = send(0)
            assert check(status) == [LOST] * bool(loop)
            assert bench.received['detections'][-1].detections == []
            region = detection(60, 50, 20, 20, nanoseconds=begin + tenth, id='a')
            answers = bench.received['init_result']
            bench.init.publish(region)
            tenths = 0
            while len(answers) == loop:
                tenths += 1
                send(tenths)
            assert answers[-1].accepted
            assert answers[-1].started_at == region.header.stamp
            status = send(95, x=54)
            assert check(status) == [TRACKED]
            assert status.targets[0].center_x == 64
        assert status.received == status.processed
        clock.publish(Clock(clock=stamp(begin + 96 * tenth)))
        bench.rest(0.1)
        latency = send(96).latency_seconds
        assert 0 <= latency <= 0.1 if sim_time else latency == -1
        bench.diagnosed(lambda d: d.level == b'\x00')


def test_i7_a_camera_that_restarts_with_another_quality_of_service(bench):
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from ros_bench import image_message, scene
    from sensor_msgs.msg import Image

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20), id='a')
    for policy in (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE):
        bench.client.destroy_publisher(bench.images)
        begin = time.monotonic()
        bench.diagnosed(lambda d: 'no image for' in d.message and d.level == b'\x01')
        assert time.monotonic() - begin < 2.0
        bench.images = bench.client.create_publisher(
            Image, 'image', QoSProfile(depth=1, reliability=policy))
        before = len(bench.received['status'])
        begin = time.monotonic()
        while len(bench.received['status']) == before:
            assert time.monotonic() - begin < 5.0
            bench.images.publish(image_message(scene(54, 40), bench.tick()))
            bench.rest(0.03)
        assert time.monotonic() - begin < 1.0
        (target,) = bench.received['status'][-1].targets
        assert (target.id, target.state) == ('a', TRACKED)
        bench.diagnosed(lambda d: d.level == b'\x00')
