# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exception in any callback, or in the worker's own reports: the process and the node go on."""

from operator import attrgetter

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


def fail(*arguments, **options):
    raise ZeroDivisionError('of the test')


@pytest.fixture
def tracking(bench):
    from ros_bench import scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    return bench


def goes_on(bench):
    """Whether the target is followed in the next image."""
    from ros_bench import scene

    return bench.show(scene(54, 40)).targets[0].state == 1


def publish_image(bench):
    from ros_bench import image_message, scene

    bench.images.publish(image_message(scene(50, 40), bench.tick()))


def publish_region(bench):
    from ros_bench import detection

    bench.init.publish(detection(60, 50, 20, 20))


def publish_plain_region(bench):
    from ros_bench import RegionOfInterest

    bench.init_roi.publish(RegionOfInterest(x_offset=50, y_offset=40, width=20, height=20))


def publish_stop(bench):
    from ros_bench import String

    bench.stop.publish(String())


@pytest.mark.parametrize(
    ('owner', 'method', 'publish'),
    [
        ('_activity.mailbox', 'put', publish_image),
        ('_activity.mailbox', 'command', publish_region),
        ('_activity.mailbox', 'command', publish_plain_region),
        ('_activity.mailbox', 'command', publish_stop),
        ('_health', 'judge', None),
    ],
    ids=['image', 'init', 'init_roi', 'stop', 'timer'],
)
def test_l3_a_subscription_or_a_timer(tracking, logged, monkeypatch, owner, method, publish):
    bench = tracking
    with monkeypatch.context() as patch:
        patch.setattr(attrgetter(owner)(bench.node), method, fail)
        if publish is not None:
            publish(bench)
        bench.until(lambda: logged)
    assert 'Traceback' in logged[0]
    assert 'ZeroDivisionError: of the test' in logged[0]
    assert goes_on(bench)


def test_l3_the_calibration(bench, logged, monkeypatch):
    from ros_bench import CameraInfo, scene

    from siam_tracker_ros.node.bearing import Bearings

    # Before it is subscribed to: the node keeps the method.
    monkeypatch.setattr(Bearings, 'take', fail)
    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    bench.until(lambda: bench.camera_info.get_subscription_count() > 0)
    bench.rest(0.1)
    bench.camera_info.publish(CameraInfo())
    bench.until(lambda: logged)
    assert 'ZeroDivisionError: of the test' in logged[0]
    assert goes_on(bench)


def test_l3_the_guard_condition(tracking, logged, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tracking.node, 'trigger_deactivate', fail)
        # As a worker that gives up.
        tracking.node._outputs.broken('of the test')
        tracking.until(lambda: len(logged) > 1)
    assert 'ZeroDivisionError: of the test' in logged[1]
    # Asked once more, it can.
    tracking.node._gave_up.trigger()
    tracking.until(lambda: tracking.state() == 'inactive')


def test_l3_a_service_answers_that_it_failed(tracking, logged, monkeypatch):
    from ros_bench import SetBool, Trigger

    with monkeypatch.context() as patch:
        patch.setattr(tracking.node._activity.mailbox, 'command', fail)
        patch.setattr(tracking.node.parameters, 'table', fail)
        answers = [
            tracking.call(tracking.reset, Trigger.Request()),
            tracking.call(tracking.freeze, SetBool.Request(data=True)),
        ]
    for answer in answers:
        assert not answer.success
        assert 'ZeroDivisionError' in answer.message
    assert ['_reset failed' in logged[0], '_freeze failed' in logged[1]] == [True, True]
    assert goes_on(tracking)
    assert tracking.call(tracking.reset, Trigger.Request()).success


def test_l3_a_parameter_that_cannot_be_taken_over_is_refused(tracking, logged, monkeypatch):
    from test_parameters import set_parameter

    before = tracking.node.get_parameter('siamfc.window_influence').value
    with monkeypatch.context() as patch:
        patch.setattr(tracking.tracker, 'with_settings', fail)
        result = set_parameter(tracking, 'siamfc.window_influence', 0.5)
    assert not result.successful
    assert 'ZeroDivisionError' in result.reason
    assert 'Traceback' in logged[0]
    assert tracking.node.get_parameter('siamfc.window_influence').value == before
    assert goes_on(tracking)
    assert set_parameter(tracking, 'siamfc.window_influence', 0.5).successful


@pytest.mark.parametrize('method', ['apply', 'process', 'expire', 'catch_up'])
def test_l3_a_part_of_the_workers_turn(tracking, logged, monkeypatch, method):
    session = tracking.node._activity.worker._session
    with monkeypatch.context() as patch:
        patch.setattr(session, method, fail)
        publish_image(tracking)
        tracking.until(lambda: logged)
    assert 'ZeroDivisionError: of the test' in logged[0]
    tracking.rest(0.2)
    assert goes_on(tracking)


@pytest.mark.parametrize('owner', ['_bearings', '_score_map', '_overlay'])
def test_l3_an_output_that_nothing_else_needs(tracking, logged, monkeypatch, owner):
    """Of the bearing or a debug image: the detections of the image are there."""
    method = 'look' if owner == '_bearings' else 'get_subscription_count'
    with monkeypatch.context() as patch:
        patch.setattr(getattr(tracking.node._outputs, owner), method, fail)
        assert goes_on(tracking)
        tracking.until(lambda: logged)
    assert len(tracking.received['detections'][-1].detections) == 1
    assert 'ZeroDivisionError: of the test' in logged[0]


def test_l3_a_worker_that_ended_without_a_word_is_seen(tracking, monkeypatch):
    from diagnostic_msgs.msg import DiagnosticStatus
    from ros_bench import ACTIVATE, scene

    with monkeypatch.context() as patch:
        # The report of the first exception raises a second one.
        patch.setattr(tracking.tracker, 'error', ZeroDivisionError('of the test'))
        patch.setattr(tracking.node._outputs, 'failed', fail)
        patch.setattr('threading.excepthook', lambda arguments: None)
        worker = tracking.node._activity.worker
        publish_image(tracking)
        tracking.until(lambda: not worker.is_alive())
    tracking.until(lambda: tracking.state() == 'inactive')
    entry = tracking.diagnosed(lambda d: d.level == DiagnosticStatus.ERROR)
    assert 'has ended: activate again' in entry.message
    assert tracking.transition(ACTIVATE) == (True, 'active')
    tracking.match()
    tracking.start(scene(50, 40), (60, 50, 20, 20))
    assert goes_on(tracking)
