# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking through real messages: boxes, headers, states, commands and counts."""

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


def test_b3_every_output_has_the_header_of_its_image(bench):
    from ros_bench import DEACTIVATE, detection, qos, scene
    from sensor_msgs.msg import Image

    from siam_tracker_ros.msg import TrackerStatus

    bench.listen(Image, 'debug/overlay', qos.DEBUG)
    bench.listen(Image, 'debug/score_map', qos.DEBUG)
    bench.activate()
    region = detection(60, 50, 20, 20, nanoseconds=0, frame_id='front_optical')
    bench.init.publish(region)
    bench.rest(0.1)
    sent = []
    for x in (50, 54, 58):
        status = bench.show(scene(x, 40), frame_id='front_optical')
        sent.append(status.header)
        # Of debug images only the newest is kept: each is taken before the next replaces it.
        bench.until(lambda: len(bench.received['debug/overlay']) == len(sent))
        # The first frame has no search.
        bench.until(lambda: len(bench.received['debug/score_map']) == len(sent) - 1)
    assert [h.frame_id for h in sent] == ['front_optical'] * 3
    assert [h.stamp.nanosec for h in sent] == [40_000_000, 80_000_000, 120_000_000]
    bench.until(lambda: len(bench.received['detection']) == 2)
    for topic, headers in (
        ('detections', sent), ('debug/overlay', sent), ('detection', sent[1:]),
        ('debug/score_map', sent[1:]),
    ):
        assert [m.header for m in bench.received[topic]] == headers, topic
    inner = [d.header for m in bench.received['detections'] for d in m.detections]
    assert inner == sent[1:]
    (answer,) = bench.received['init_result']
    assert answer.header == region.header
    assert answer.started_at == sent[0].stamp
    assert bench.transition(DEACTIVATE) == (True, 'inactive')
    bench.until(lambda: bench.received['status'][-1].targets[0].state == 4)
    last = bench.received['status'][-1]
    assert isinstance(last, TrackerStatus)
    assert last.header == sent[-1]


def test_an_array_for_every_image_and_only_what_is_tracked_in_it(bench):
    from ros_bench import scene

    from siam_tracker_ros.trackers import State

    bench.activate()
    bench.show(scene(50, 40))
    assert bench.received['detections'][-1].detections == []
    bench.start(scene(50, 40), (60, 50, 20, 20), class_id='cat')
    bench.show(scene(54, 40))
    (found,) = bench.received['detections'][-1].detections
    assert (found.id, found.results[0].hypothesis.class_id) == ('1', 'cat')
    assert found.results[0].hypothesis.score == 0.9
    assert (found.bbox.center.position.x, found.bbox.size_x) == (64.0, 20.0)
    bench.until(lambda: bench.received['detection'])
    assert bench.received['detection'][-1] == found
    for state, number in ((State.LOST, 3), (State.UNCERTAIN, 2)):
        bench.tracker.state = state
        (target,) = bench.show(scene(58, 40)).targets
        assert (target.id, target.state) == ('1', number)
        assert bench.received['detections'][-1].detections == []
    bench.tracker.state = State.TRACKING
    bench.show(scene(62, 40))
    assert bench.received['detections'][-1].detections[0].id == '1'
    bench.rest(0.1)
    assert len(bench.received['detection']) == 2


def test_the_place_of_the_score_map_is_told(bench):
    from ros_bench import scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    (target,) = bench.show(scene(54, 40)).targets
    assert (target.score_map_center_x, target.score_map_center_y) == (64.0, 50.0)
    assert (target.score_map_size_x, target.score_map_size_y) == (80.0, 80.0)


def test_two_targets_and_stop_and_reset(bench):
    from ros_bench import detection, scene
    from std_msgs.msg import String
    from std_srvs.srv import Trigger

    bench.activate()
    regions = [detection(60, 50, 20, 20, id=name) for name in 'ab']
    bench.offer(scene(50, 40), bench.init, *regions)
    bench.show(scene(54, 40))
    assert [d.id for d in bench.received['detections'][-1].detections] == ['a', 'b']
    assert bench.received['detection'][-1].id == 'a'
    bench.stop.publish(String(data='a'))
    bench.rest(0.1)
    status = bench.show(scene(54, 40))
    assert [(t.id, t.state) for t in status.targets] == [('b', 1), ('a', 4)]
    answer = bench.call(bench.reset, Trigger.Request())
    assert answer.success
    status = bench.show(scene(54, 40))
    assert [(t.id, t.state) for t in status.targets] == [('b', 4)]
    assert bench.show(scene(54, 40)).targets == []


def test_reset_and_freeze_say_what_they_do(bench):
    from ros_bench import CONFIGURE
    from std_srvs.srv import SetBool, Trigger

    bench.transition(CONFIGURE)
    assert not bench.call(bench.reset, Trigger.Request()).success
    answer = bench.call(bench.freeze, SetBool.Request(data=True))
    assert answer.success
    assert 'does not learn' in answer.message
    assert not bench.call(bench.freeze, SetBool.Request(data=False)).success


def test_freeze_holds_a_tracker_that_learns(ros):
    from fake_tracker import FakeTracker
    from ros_bench import CONFIGURE, Bench
    from std_srvs.srv import SetBool

    from siam_tracker_ros import trackers

    tracker = FakeTracker()
    tracker.settings = trackers.settings_class('csn')()
    with Bench(tracker, parameters={'tracker': 'csn'}) as bench:
        bench.transition(CONFIGURE)
        for held in (True, False):
            answer = bench.call(bench.freeze, SetBool.Request(data=held))
            assert answer.success
            assert f'csn.learning: {"false" if held else "true"}' in answer.message
            assert bench.node.get_parameter('csn.learning').value is not held
            assert tracker.settings.learning is not held


def test_freeze_says_that_nothing_learns_where_it_was_not_told_to(ros):
    from fake_tracker import FakeTracker
    from ros_bench import CONFIGURE, Bench
    from std_srvs.srv import SetBool

    from siam_tracker_ros import trackers

    plain = {'template': 'first', 'suppression': 'none'}
    for name, values, learns in (
        ('siamrpnpp', {}, False),
        ('siamrpnpp', {'online': True}, True),
        ('sasiam', {}, False),
        ('sasiam', {'online': True}, True),
        # What it transforms is learned without a classifier, too.
        ('dsiam', {}, True),
        ('dsiam', plain, False),
        ('dsiam', {**plain, 'online': True}, True),
    ):
        tracker = FakeTracker()
        tracker.settings = trackers.settings_class(name).from_dict(values)
        words = {f'{name}.{key}': value for key, value in values.items()}
        with Bench(tracker, parameters={'tracker': name, **words}) as bench:
            bench.transition(CONFIGURE)
            answer = bench.call(bench.freeze, SetBool.Request(data=True))
            assert answer.success
            assert ('does not learn' in answer.message) is not learns
            assert tracker.settings.learning is not learns


def test_the_vision_info_waits_for_late_subscribers(bench):
    from ros_bench import CONFIGURE, VisionInfo, qos

    bench.transition(CONFIGURE)
    bench.received['vision_info'].clear()
    bench.listen(VisionInfo, 'vision_info', qos.LATEST)
    bench.until(lambda: bench.received['vision_info'])
    info = bench.received['vision_info'][0]
    assert (info.method, info.database_location) == ('siamfc', 'auto')


def test_p2_under_load_every_image_is_processed_or_dropped(bench):
    from ros_bench import image_message, scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    bench.tracker.seconds = 0.05
    for _ in range(40):
        bench.images.publish(image_message(scene(50, 40), bench.tick()))
        bench.rest(0.01)
    bench.tracker.seconds = 0.0
    bench.rest(0.2)
    status = bench.show(scene(50, 40))
    assert status.received == status.processed + status.dropped
    assert status.received >= 30
    assert status.processed == len(bench.received['detections'])
    assert status.dropped > 5


def test_g4_no_number_that_is_none_is_published(bench):
    import math

    import numpy as np
    from ros_bench import qos, scene
    from sensor_msgs.msg import Image

    bench.listen(Image, 'debug/score_map', qos.DEBUG)
    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    for spoil in ('map', 'box', 'score'):
        bench.tracker.spoil = spoil
        (target,) = bench.show(scene(54, 40)).targets
        numbers = [getattr(target, name) for name in target.get_fields_and_field_types()]
        assert all(math.isfinite(n) for n in numbers if isinstance(n, float)), spoil
        assert target.state == (1 if spoil == 'map' else 3)
    bench.until(lambda: bench.received['debug/score_map'])
    scores = np.frombuffer(bench.received['debug/score_map'][0].data, np.float32)
    assert np.isfinite(scores).all()


def test_latency_is_told_where_the_stamp_is_of_this_clock(bench):
    from ros_bench import image_message, scene

    bench.activate()
    now = bench.client.get_clock().now().nanoseconds
    status = bench.send(image_message(scene(50, 40), now))
    assert 0 < status.latency_seconds < 5
    assert status.step_seconds > 0
    assert bench.send(image_message(scene(50, 40), now - 3600 * 10**9)).latency_seconds == -1
    assert bench.send(image_message(scene(50, 40), 0)).latency_seconds == -1


def test_l3_an_exception_in_a_frame_drops_it_and_tracking_goes_on(bench):
    from ros_bench import image_message, scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    bench.tracker.error = ZeroDivisionError('of the test')
    bench.images.publish(image_message(scene(50, 40), bench.tick()))
    bench.until(lambda: bench.node._outputs.counters.snapshot().reasons['tracker_error'] == 1)
    bench.tracker.error = None
    status = bench.show(scene(54, 40))
    assert status.targets[0].state == 1
    assert (status.received, status.processed, status.dropped) == (3, 2, 1)


def test_i7_a_silent_camera_is_a_warning_within_two_seconds(bench):
    import time

    from ros_bench import scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    begin = time.monotonic()
    bench.diagnosed(lambda d: 'no image for' in d.message)
    assert time.monotonic() - begin < 2.0
    bench.clock += 2 * 10**9
    assert bench.show(scene(54, 40)).targets[0].state == 1
