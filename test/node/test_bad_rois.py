# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Regions of interest through real messages: each gets an answer."""

import math

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


@pytest.fixture
def tracking(bench):
    """A bench that follows one target, 'a'."""
    from ros_bench import scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20), id='a', class_id='cat')
    return bench


@pytest.mark.parametrize(
    ('box', 'code'),
    [
        ((math.nan, 50, 20, 20), 'NON_FINITE'),
        ((60, 50, math.inf, 20), 'NON_FINITE'),
        ((60, 50, 0, 20), 'NOT_POSITIVE'),
        ((60, 50, 20, -3), 'NOT_POSITIVE'),
        ((60, 50, 1, 1), 'TOO_SMALL'),
        ((60, 50, 20, 3.5), 'TOO_SMALL'),
        ((999, 50, 20, 20), 'OUTSIDE'),
        ((-4, 50, 20, 20), 'OUTSIDE'),
        ((80, 60, 4000, 3000), 'OUTSIDE'),
    ],
)
def test_r1_bad_boxes_are_refused_and_the_running_target_goes_on(tracking, box, code):
    from ros_bench import detection, scene

    from siam_tracker_ros.msg import InitResult

    region = detection(*box, id='a')
    answer, status = tracking.offer(scene(54, 40), tracking.init, region)
    assert (answer.accepted, answer.code) == (False, getattr(InitResult, code))
    assert answer.id == 'a'
    assert answer.reason
    assert answer.started_at.sec == 0
    (target,) = status.targets
    assert (target.id, target.class_id, target.state) == ('a', 'cat', 1)
    assert target.center_x == 64


def test_r4_another_camera_is_refused_with_both_names(tracking):
    from ros_bench import detection, scene

    from siam_tracker_ros.msg import InitResult

    region = detection(60, 50, 20, 20, frame_id='left')
    answer, _ = tracking.offer(scene(54, 40), tracking.init, region)
    assert answer.code == InitResult.WRONG_FRAME
    assert "'left'" in answer.reason
    assert "'camera'" in answer.reason
    assert answer.header.frame_id == 'left'


def test_r2_one_older_than_the_kept_images_is_refused(tracking):
    from ros_bench import detection, scene

    from siam_tracker_ros.msg import InitResult

    region = detection(60, 50, 20, 20, nanoseconds=tracking.clock - 3 * 10**9)
    answer, _ = tracking.offer(scene(54, 40), tracking.init, region)
    assert answer.code == InitResult.TOO_OLD


def test_r2_one_later_than_every_image_is_refused(tracking):
    from ros_bench import detection

    from siam_tracker_ros.msg import InitResult

    answer = tracking.ask(tracking.init, detection(60, 50, 20, 20, nanoseconds=2 * 10**18))
    assert answer.code == InitResult.TOO_NEW


def test_r3_before_any_image_and_while_inactive(bench):
    from ros_bench import DEACTIVATE, detection
    from sensor_msgs.msg import RegionOfInterest

    from siam_tracker_ros.msg import InitResult

    bench.activate()
    region = RegionOfInterest(x_offset=50, y_offset=40, width=20, height=20)
    assert bench.ask(bench.init_roi, region).code == InitResult.NO_IMAGE
    bench.transition(DEACTIVATE)
    for publisher, message in (
        (bench.init_roi, region), (bench.init, detection(60, 50, 20, 20, id='x')),
    ):
        answer = bench.ask(publisher, message)
        assert (answer.accepted, answer.code) == (False, InitResult.INACTIVE)
    assert answer.id == 'x'


def test_no_more_than_max_targets(ros):
    from ros_bench import Bench, detection, scene

    from siam_tracker_ros.msg import InitResult

    with Bench(parameters={'max_targets': 1}) as bench:
        bench.activate()
        bench.start(scene(50, 40), (60, 50, 20, 20), id='a')
        region = detection(30, 30, 20, 20, id='b')
        answer, _ = bench.offer(scene(50, 40), bench.init, region)
        assert answer.code == InitResult.TOO_MANY_TARGETS


def test_r1_half_inside_is_clipped(tracking):
    from ros_bench import detection, scene

    answer, status = tracking.offer(scene(54, 40), tracking.init, detection(0, 50, 20, 20))
    assert (answer.accepted, answer.clipped) == (True, True)
    assert answer.started_at == status.header.stamp
    (target,) = [t for t in status.targets if t.id == answer.id]
    assert (target.state, target.center_x, target.size_x) == (0, 5.0, 10.0)


def test_r3_an_unstamped_region_replaces_all_and_the_last_one_wins(tracking):
    from ros_bench import scene
    from sensor_msgs.msg import RegionOfInterest

    from siam_tracker_ros.msg import InitResult

    starts = tracking.tracker.starts
    regions = [
        RegionOfInterest(x_offset=x, y_offset=40, width=20, height=20) for x in (0, 30, 90)
    ]
    _, status = tracking.offer(scene(54, 40), tracking.init_roi, *regions)
    codes = [answer.code for answer in tracking.received['init_result'][1:]]
    assert codes == [InitResult.SUPERSEDED, InitResult.SUPERSEDED, InitResult.NONE]
    assert tracking.tracker.starts == starts + 1
    assert {t.id: t.state for t in status.targets} == {'a': 4, '1': 0}
    assert tracking.received['init_result'][-1].header == status.header


def test_r3_a_flood_starts_no_more_than_one_target_in_an_image(tracking):
    from ros_bench import detection, scene
    from sensor_msgs.msg import RegionOfInterest

    from siam_tracker_ros.msg import InitResult

    answers = tracking.received['init_result']
    for publisher, region in (
        (tracking.init_roi, RegionOfInterest(x_offset=50, y_offset=40, width=20, height=20)),
        (tracking.init, detection(60, 50, 20, 20, id='b')),
    ):
        answers.clear()
        for _ in range(6):
            starts = tracking.tracker.starts
            _, status = tracking.offer(scene(50, 40), publisher, *[region] * 5)
            assert tracking.tracker.starts <= starts + 1
            assert sum(target.state == 0 for target in status.targets) <= 1
        assert len(answers) == 30
        codes = {answer.code for answer in answers}
        assert codes == {InitResult.NONE, InitResult.SUPERSEDED}
        assert answers[-1].accepted
