# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page's side of ROS, beside a node with a fake tracker."""

import math
import time

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import decode_image
from siam_tracker_ros.web.commands import Start, Stop, StopAll
from siam_tracker_ros.web.scene import Scene

pytest.importorskip('rclpy', reason='rclpy is not installed')

WIDTH = 80
SQUARE = (50.0, 30.0, 20.0, 20.0)


@pytest.fixture
def connect(ros):
    """Makes a client of a bench's node, spun with it, and its scene."""
    from siam_tracker_ros.node.web_client import WebClient

    made = []

    def make(bench, image=None):
        scene = Scene(bench.name)
        client = WebClient(bench.name, image, WIDTH, scene)
        bench.executor.add_node(client)
        made.append((bench, client))
        return client, scene

    yield make
    for _, client in made:
        client.release()
        client.destroy_node()


def said(scene):
    return [saying['sentence'] for saying in scene.news(0, 0)[0]['sayings']]


def watch(bench, client):
    """Have it listen, and wait until the node knows."""
    client.watch(True)
    bench.until(lambda: client._images is not None)
    bench.until(lambda: bench.images.get_subscription_count() == 2)
    status = next(p for p in bench.node.publishers if p.topic_name == f'{bench.name}/status')
    bench.until(lambda: status.get_subscription_count() == 2)
    bench.until(lambda: client._init.get_subscription_count() == 1)
    bench.until(lambda: client._stop.get_subscription_count() == 1)
    bench.rest(0.6)


def test_nothing_is_listened_to_while_nobody_looks(bench, connect):
    from ros_bench import scene as draw

    bench.activate()
    client, scene = connect(bench)
    # rclpy's own, for parameters.
    before = {subscription.topic_name for subscription in client.subscriptions}
    bench.rest(0.7)
    assert {s.topic_name for s in client.subscriptions} == before
    watch(bench, client)
    topics = {subscription.topic_name for subscription in client.subscriptions} - before
    wanted = {f'{bench.name}/{name}' for name in ('image', 'status', 'init_result')}
    assert topics == wanted | {'/diagnostics'}
    assert scene.news(0, 0)[0]['topic'] == f'{bench.name}/image'
    bench.show(draw(50, 30))
    bench.until(lambda: scene.view() is not None)
    client.watch(False)
    bench.until(lambda: {s.topic_name for s in client.subscriptions} == before)
    bench.until(lambda: bench.images.get_subscription_count() == 1)
    # Images are large.
    assert scene.view() is None
    assert scene.news(0, 0)[0]['samples'] == []
    client.watch(True)
    bench.until(lambda: scene.news(0, 0)[0]['topic'] == f'{bench.name}/image')


def test_a_node_that_is_not_there_has_no_images(bench, connect):
    client, _ = connect(bench)
    client._tracker = '/nobody'
    assert client._find_topic() is None


def test_a_box_starts_on_the_image_that_was_shown(bench, connect):
    from ros_bench import scene as draw
    from ros_bench import stamp

    from siam_tracker_ros.msg import TargetStatus

    bench.activate()
    client, scene = connect(bench)
    watch(bench, client)
    bench.show(draw(50, 30))
    bench.until(lambda: scene.view() is not None)
    shown = scene.view()
    assert shown.status.targets == []
    # While one draws, the camera goes on.
    for _ in range(3):
        bench.show(draw(52, 30))
    client.act(Start(SQUARE, shown.picture.stamp, 'mine'))
    bench.until(lambda: bench.received['init_result'])
    (answer,) = bench.received['init_result']
    assert (answer.accepted, answer.id) == (True, 'mine')
    assert answer.started_at == stamp(shown.picture.stamp)
    assert answer.header.frame_id == 'camera'
    # It is NEW until it has caught up with the camera, for half a second at most; there are many
    # of these images in that.
    end = time.monotonic() + 20
    while (status := bench.show(draw(54, 30))).targets[0].state != TargetStatus.TRACKED:
        assert time.monotonic() < end
    bench.until(lambda: scene.view().picture.stamp == bench.clock)
    view = scene.view()
    (target,) = view.status.targets
    assert (target.id, target.state) == ('mine', 'tracked')
    assert target.box == (54.0, 30.0, 20.0, 20.0)
    assert target.window is not None
    assert status.header.stamp == stamp(view.picture.stamp)
    assert said(scene) == ['Target mine is followed.']
    bench.until(lambda: scene.news(0, 0)[0]['condition']['word'] == 'tracked')

    client.act(Stop('other'))
    client.act(Stop('mine'))
    bench.until(lambda: bench.show(draw(54, 30)).targets == [])
    states = [t.state for s in bench.received['status'] for t in s.targets if t.id == 'mine']
    assert states[-1] == 4


def test_a_refusal_is_told_in_the_words_of_the_node(bench, connect):
    from ros_bench import scene as draw

    bench.activate()
    client, scene = connect(bench)
    watch(bench, client)
    bench.show(draw(50, 30))
    bench.until(lambda: scene.view() is not None)
    client.act(Start((50.0, 30.0, 3.0, 20.0), scene.view().picture.stamp))
    bench.until(lambda: said(scene))
    assert said(scene)[0].startswith('The box was refused: ')
    assert 'at least 4' in said(scene)[0]


def test_all_targets_can_be_stopped(bench, connect):
    from ros_bench import scene as draw

    bench.activate()
    client, _scene = connect(bench)
    watch(bench, client)
    bench.start(draw(50, 30), (60, 40, 20, 20), id='a')
    bench.start(draw(50, 30), (62, 42, 20, 20), id='b')
    assert len(bench.show(draw(50, 30)).targets) == 2
    client.act(StopAll())
    bench.until(lambda: bench.show(draw(50, 30)).targets == [])


def test_without_a_node_a_command_is_one_sentence(bench, connect):
    client, scene = connect(bench)
    for command in (Start(SQUARE, 0), Stop('1'), StopAll()):
        with pytest.raises(UserError, match=rf'no node listens on {bench.name}/init'):
            client.act(command)
    client.watch(True)
    bench.until(lambda: scene.news(0, 0)[0]['condition']['word'] == 'idle')
    assert 'unconfigured' in scene.news(0, 0)[0]['condition']['sentence']
    assert client._images is None


def test_a_malformed_image_is_told_and_the_next_is_shown(bench, connect):
    from ros_bench import image_message
    from ros_bench import scene as draw

    bench.activate()
    client, scene = connect(bench)
    watch(bench, client)
    bad = image_message(draw(50, 30), bench.tick())
    bad.step = 7
    bench.images.publish(bad)
    bench.until(lambda: said(scene))
    assert 'An image is malformed: step is 7 bytes' in said(scene)[0]
    bench.show(draw(50, 30))
    bench.until(lambda: scene.view() is not None)


def test_compressed_images_are_found_and_shown(ros, connect):
    from ros_bench import Bench, CompressedImage, stamp
    from ros_bench import scene as draw

    from siam_tracker_ros.images import encode_jpeg

    with Bench(parameters={'image_transport': 'compressed'}) as bench:
        bench.activate()
        client, scene = connect(bench)
        client.watch(True)
        bench.until(lambda: bench.compressed.get_subscription_count() == 2)
        bench.rest(0.6)
        message = CompressedImage(format='jpeg', data=encode_jpeg(draw(50, 30)))
        message.header.stamp = stamp(bench.tick())
        bench.compressed.publish(message)
        bench.until(lambda: scene.view() is not None)
        picture = scene.view().picture
        assert (picture.width, picture.height) == (160, 120)
        assert decode_image(picture.jpeg(), 'it').shape == (60, WIDTH, 3)


def test_a_topic_may_be_chosen(bench, connect):
    client, scene = connect(bench, f'{bench.name}/other/compressed')
    client.watch(True)
    bench.until(lambda: client._images is not None)
    assert client._topic[1].__name__ == 'CompressedImage'
    client, scene = connect(bench, f'{bench.name}/image')
    client.watch(True)
    bench.until(lambda: client._images is not None)
    assert client._topic[1].__name__ == 'Image'
    assert scene.news(0, 0)[0]['topic'] == f'{bench.name}/image'


def test_wide_images_are_shrunk_and_others_left(ros):
    from ros_bench import image_message

    from siam_tracker_ros.node import web_messages

    pixels = np.zeros((90, 120, 3), np.uint8)
    pixels[:, 60:] = (0, 0, 255)
    for width, shape in ((60, (45, 60, 3)), (120, (90, 120, 3)), (500, (90, 120, 3))):
        picture = web_messages.picture(image_message(pixels, 5), width)
        assert (picture.width, picture.height, picture.stamp) == (120, 90, 5)
        shown = decode_image(picture.jpeg(), 'it')
        assert shown.shape == shape
        blue, green, red = shown[:, -5:].mean(axis=(0, 1))
        assert red > 240
        assert max(blue, green) < 15


def test_no_number_that_json_lacks_comes_through(ros):
    from ros_bench import TrackerStatus

    from siam_tracker_ros.msg import TargetStatus
    from siam_tracker_ros.node import web_messages
    from siam_tracker_ros.web.commands import pack

    target = TargetStatus(id='1', state=99, center_x=math.nan, size_x=math.inf, score=math.nan)
    status = web_messages.status(TrackerStatus(targets=[target], latency_seconds=-1.0))
    assert status.latency is None
    assert status.targets[0].state == 'unknown'
    pack({'targets': [vars(t) for t in status.targets]}, b'')


def test_only_the_nodes_own_diagnostics_count(ros):
    from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

    from siam_tracker_ros.node import web_messages

    def entry(name, level):
        values = [KeyValue(key='state', value='active')]
        return DiagnosticStatus(name=name, level=level, message='why', values=values)

    array = DiagnosticArray(status=[
        entry('/rear/siam_tracker: tracker', DiagnosticStatus.OK),
        entry('/front/siam_tracker: tracker', DiagnosticStatus.WARN),
    ])  # fmt: skip
    health = web_messages.health(array, '/front/siam_tracker')
    assert (health.level, health.message, health.state) == ('warning', 'why', 'active')
    assert web_messages.health(array, '/siam_tracker') is None
