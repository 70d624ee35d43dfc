# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The image subscription follows what its publishers offer."""

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


def test_the_rules():
    from rclpy.qos import ReliabilityPolicy

    from siam_tracker_ros.node.qos import choose_reliability

    reliable, best_effort = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
    assert choose_reliability('auto', []) == best_effort
    assert choose_reliability('auto', [reliable, reliable]) == reliable
    assert choose_reliability('auto', [reliable, best_effort]) == best_effort
    for setting, policy in (('reliable', reliable), ('best_effort', best_effort)):
        for offered in ([], [reliable], [best_effort]):
            assert choose_reliability(setting, offered) == policy


def test_a_fixed_reliability_is_that_of_the_images_only(ros):
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from ros_bench import CONFIGURE, Bench, CameraInfo

    with Bench(parameters={'image_reliability': 'reliable'}) as bench:
        bench.client.destroy_publisher(bench.camera_info)
        offered = bench.client.create_publisher(
            CameraInfo, 'camera_info',
            QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
        bench.transition(CONFIGURE)
        assert bench.node._images.reliability == ReliabilityPolicy.RELIABLE
        # What asks for more than is offered is not matched.
        bench.until(lambda: offered.get_subscription_count() == 1)


def test_i7_a_subscription_that_hears_nothing_is_made_anew_with_growing_patience():
    from types import SimpleNamespace

    from rclpy.qos import ReliabilityPolicy

    from siam_tracker_ros.node.qos import PATIENCE_S, ImageSubscription

    made, now, heard = [], [0.0], []
    publishers = []
    node = SimpleNamespace(
        resolve_topic_name=lambda topic: topic,
        get_publishers_info_by_topic=lambda topic: publishers,
        create_subscription=lambda kind, topic, take, profile: made.append(take) or len(made),
        destroy_subscription=lambda subscription: None,
    )
    source = ImageSubscription(
        node, object, 'image', 'reliable', heard.append, clock=lambda: now[0]
    )

    def wait(seconds):
        for _ in range(int(seconds)):
            now[0] += 1.0
            source.refresh()
        return len(made)

    # A camera that is not there yet is no reason.
    assert wait(100) == 1
    profile = SimpleNamespace(reliability=ReliabilityPolicy.RELIABLE)
    publishers.append(SimpleNamespace(qos_profile=profile, endpoint_gid=[1, 2]))
    assert wait(PATIENCE_S) == 1
    assert wait(1) == 2
    assert wait(2 * PATIENCE_S - 1) == 2
    assert wait(1) == 3
    made[-1]('image')
    assert heard == ['image']
    # It works: a camera may pause as long as it likes.
    assert wait(1000) == 3
    # Another process takes its place, at once or after a while, and is not heard.
    publishers[:] = [SimpleNamespace(qos_profile=profile, endpoint_gid=[3, 4])]
    assert wait(PATIENCE_S) == 3
    assert wait(1) == 4
    # What the old one had sent may still come when the new one is there, before the old one goes.
    publishers.append(SimpleNamespace(qos_profile=profile, endpoint_gid=[4, 5]))
    source.refresh()
    made[-1]('image')
    del publishers[0]
    assert wait(PATIENCE_S) == 4
    assert wait(1) == 5
    made[-1]('image')
    publishers.clear()
    assert wait(1000) == 5
    publishers.append(SimpleNamespace(qos_profile=profile, endpoint_gid=[5, 6]))
    assert wait(PATIENCE_S) == 5
    assert wait(1) == 6


def test_i7_auto_follows_a_camera_that_changes(bench):
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from ros_bench import image_message, scene
    from sensor_msgs.msg import Image

    bench.client.destroy_publisher(bench.images)
    for policy in (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE):
        bench.images = bench.client.create_publisher(
            Image, 'image', QoSProfile(depth=1, reliability=policy))
        if bench.state() == 'unconfigured':
            from ros_bench import ACTIVATE, CONFIGURE

            bench.transition(CONFIGURE)
            bench.transition(ACTIVATE)
        bench.until(lambda policy=policy: bench.node._images.reliability == policy)
        bench.until(lambda: bench.images.get_subscription_count() == 1)
        bench.rest(0.1)
        before = len(bench.received['status'])

        def processed(before=before):
            bench.images.publish(image_message(scene(50, 40), bench.tick()))
            bench.rest(0.05)
            return len(bench.received['status']) > before

        bench.until(processed)
        bench.client.destroy_publisher(bench.images)
