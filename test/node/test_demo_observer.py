# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's observer beside a real video source and a tracker that only answers."""

import threading

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import write_image

pytest.importorskip('rclpy', reason='rclpy is not installed')

COUNT = 3
NAME = 'observed'


def answering_node():
    """A node that answers each image at once, as a tracker node does."""
    from rclpy.node import Node
    from sensor_msgs.msg import Image
    from vision_msgs.msg import Detection2DArray

    from siam_tracker_ros.msg import TrackerStatus
    from siam_tracker_ros.node import qos

    node = Node(NAME)
    publishers = [
        node.create_publisher(kind, f'~/{topic}', qos.RESULTS)
        for kind, topic in (
            (Detection2DArray, 'detections'), (TrackerStatus, 'status'), (Image, 'debug/overlay')
        )
    ]

    def answer(image):
        for publisher in publishers:
            message = image if publisher.msg_type is Image else publisher.msg_type()
            message.header.stamp = image.header.stamp
            publisher.publish(message)

    node.create_subscription(Image, '/image', answer, qos.RESULTS)
    return node


@pytest.fixture
def pair(ros, tmp_path):
    """An observer, and a source of which it has the image and which is spun beside it."""
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.parameter import Parameter

    from siam_tracker_ros.node.demo_observer import Observer
    from siam_tracker_ros.node.image_source import VideoSource

    for index in range(COUNT):
        write_image(tmp_path / f'{index}.png', np.full((24, 32, 3), 10 * index, np.uint8))
    parameters = {'source': str(tmp_path), 'mode': 'step'}
    source = VideoSource(
        node_name='observed_source', cli_args=['--ros-args', '-r', 'image:=/image'],
        parameter_overrides=[Parameter(k, value=v) for k, v in parameters.items()],
    )
    tracker = answering_node()
    executor = SingleThreadedExecutor()
    executor.add_node(source)
    executor.add_node(tracker)
    ended = threading.Event()

    def spin():
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.02)

    thread = threading.Thread(target=spin)
    observer = Observer(f'/{NAME}', '/observed_source', lambda image: None, [])
    observer.watch_images()
    thread.start()
    observer.wait(lambda: observer.count_subscribers('/image') == 2, 10.0, 'the start of all')
    observer.rest(0.3)
    try:
        yield observer, source
    finally:
        ended.set()
        thread.join()
        observer.close()
        source.close()
        executor.shutdown()
        source.destroy_node()
        tracker.destroy_node()


def step_service(source):
    return next(s for s in source.services if s.srv_name.endswith('step'))


def values(observer):
    return len(observer.stamps), len(set(observer.stamps))


def test_each_step_brings_the_next_frame(pair):
    observer, source = pair
    assert [observer.step(10.0) for _ in range(COUNT + 1)] == [True] * COUNT + [False]
    assert source.published == COUNT
    assert values(observer) == (COUNT, COUNT)
    assert set(observer.stamps) == observer.statuses.keys() == observer.overlays


def test_a_lost_answer_to_a_step_leaves_no_frame_out(pair, monkeypatch):
    observer, source = pair
    monkeypatch.setattr(step_service(source), 'send_response', lambda *_: None)
    assert observer.step(10.0)
    assert source.published == 1
    monkeypatch.undo()
    assert [observer.step(10.0) for _ in range(COUNT)] == [True] * (COUNT - 1) + [False]
    assert source.published == COUNT
    assert values(observer) == (COUNT, COUNT)


def test_a_frame_that_cannot_be_read_is_told(pair, monkeypatch):
    observer, source = pair

    def publish():
        raise UserError('a broken image')

    monkeypatch.setattr(source, '_publish', publish)
    with pytest.raises(UserError, match='a broken image'):
        observer.step(10.0)
