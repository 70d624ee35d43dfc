# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bearings through real messages: of the primary target, while it is tracked, never wrong."""

import math

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')

# Of the scenes of the bench, whose images are 160x120.
MATRIX = [100.0, 0.0, 79.5, 0.0, 100.0, 59.5, 0.0, 0.0, 1.0]


def calibration(**fields):
    from sensor_msgs.msg import CameraInfo

    info = CameraInfo(**{
        'width': 160, 'height': 120, 'k': MATRIX, 'd': [0.0] * 5,
        'distortion_model': 'plumb_bob', **fields,
    })  # fmt: skip
    info.header.frame_id = 'camera'
    return info


def calibrate(bench, **fields):
    """Publish a calibration; the node uses it from the next image on."""
    before = bench.node._bearings._info
    bench.until(lambda: bench.camera_info.get_subscription_count() > 0)
    # Reliable from here on, see `Bench.match`.
    bench.until(lambda: bench.node._calibration.reliability.name == 'RELIABLE')
    bench.rest(0.1)
    bench.camera_info.publish(calibration(**fields))
    bench.until(lambda: bench.node._bearings._info is not before)


def state(entry):
    return {v.key: v.value for v in entry.values}.get('bearing')


def test_the_ray_goes_through_the_middle_of_the_box_with_the_header_of_the_image(bench):
    from ros_bench import scene

    bench.activate()
    calibrate(bench)
    bench.start(scene(50, 40), (60, 50, 20, 20))
    sent = [bench.show(scene(x, 20), frame_id='camera').header for x in (70, 120)]
    bench.until(lambda: len(bench.received['bearing']) == 2)
    assert [m.header for m in bench.received['bearing']] == sent
    for message, (x, y) in zip(bench.received['bearing'], ((80, 30), (130, 30))):
        u, v = (x - 80) / 100, (y - 60) / 100
        norm = math.sqrt(u * u + v * v + 1)
        found = (message.vector.x, message.vector.y, message.vector.z)
        assert found == pytest.approx((u / norm, v / norm, 1 / norm))
    bench.diagnosed(lambda d: state(d) == 'from camera_info, for 160x120 images')


def test_there_is_none_without_calibration_and_without_a_target_that_is_tracked(bench):
    from ros_bench import scene

    from siam_tracker_ros.trackers import State

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    bench.show(scene(54, 40))
    bench.diagnosed(lambda d: state(d) == 'none: no camera_info has come')
    calibrate(bench)
    for spoiled in (State.LOST, State.UNCERTAIN):
        bench.tracker.state = spoiled
        bench.show(scene(54, 40))
    bench.tracker.state = State.TRACKING
    bench.tracker.spoil = 'box'
    bench.show(scene(54, 40))
    bench.rest(0.1)
    assert bench.received['bearing'] == []
    bench.tracker.spoil = None
    bench.show(scene(54, 40))
    bench.until(lambda: bench.received['bearing'])


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        ({'k': [0.0] * 9}, 'not calibrated'),
        ({'height': 90}, 'is of 160x90 images, they are 160x120'),
        ({'k': [math.nan] * 9}, 'focal lengths nan'),
        ({'distortion_model': 'fov'}, "lens model is 'fov'"),
        # r (1 - 3 r^2) never exceeds 0.22: the border of the image has no direction.
        ({'d': [-3.0, 0.0, 0.0, 0.0, 0.0]}, 'no inverse at pixel 140.0, 50.0'),
    ],
)
def test_a_calibration_that_cannot_be_used_is_told_and_nothing_is_published(bench, wrong, words):
    from ros_bench import scene

    bench.activate()
    calibrate(bench, **wrong)
    bench.start(scene(130, 40), (140, 50, 20, 20))
    bench.show(scene(130, 40))
    bench.diagnosed(lambda d: words in (state(d) or ''))
    assert bench.received['bearing'] == []
    calibrate(bench)
    bench.show(scene(130, 40))
    bench.until(lambda: bench.received['bearing'])
    assert len(bench.received['bearing']) == 1
    bench.diagnosed(lambda d: (state(d) or '').startswith('from'))


def test_rectified_images_take_the_projection(ros):
    from ros_bench import Bench, scene

    with Bench(parameters={'image_rectified': True}) as bench:
        bench.activate()
        p = [50.0, 0.0, 69.5, 0.0, 0.0, 50.0, 59.5, 0.0, 0.0, 0.0, 1.0, 0.0]
        calibrate(bench, p=p, d=[-0.3, 0.1, 0.0, 0.0, 0.0])
        bench.start(scene(110, 50), (120, 60, 20, 20))
        bench.show(scene(110, 50))
        bench.until(lambda: bench.received['bearing'])
        ray = bench.received['bearing'][0].vector
        assert (ray.x / ray.z, ray.y) == pytest.approx((1.0, 0.0))
