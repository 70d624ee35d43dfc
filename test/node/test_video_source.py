# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The video source: order, times, modes, and its end."""

import numpy as np
import pytest

from siam_tracker_ros.images import write_image
from siam_tracker_ros.node.playback import Playback
from siam_tracker_ros.video import open_source

COUNT = 6


@pytest.fixture
def folder(tmp_path):
    """A folder of images; the k-th one has the value 10 k."""
    for index in range(COUNT):
        write_image(tmp_path / f'{index}.png', np.full((24, 32, 3), 10 * index, np.uint8))
    return tmp_path


def values(playback, number):
    images = [playback.take() for _ in range(number)]
    return [None if image is None else int(image[0, 0, 0]) for image in images]


def test_a_playback_ends(folder):
    playback = Playback(lambda: open_source(str(folder)))
    assert not playback.is_finished
    assert values(playback, COUNT + 1) == [0, 10, 20, 30, 40, 50, None]
    assert playback.is_finished
    playback.close()


def test_a_playback_loops(folder):
    playback = Playback(lambda: open_source(str(folder)), loop=True)
    assert values(playback, COUNT + 2) == [0, 10, 20, 30, 40, 50, 0, 10]
    assert not playback.is_finished


def test_images_are_due_in_their_own_time(folder):
    playback = Playback(lambda: open_source(str(folder)), fps=10.0)
    assert playback.delay(5.0) == 0.0
    playback.take()
    assert playback.delay(5.0) == pytest.approx(0.1)
    assert playback.delay(5.06) == pytest.approx(0.04)
    assert playback.delay(5.11) == 0.0
    playback.take()
    # After a stall of 3 s the schedule starts anew from there.
    assert playback.delay(8.0) == 0.0
    playback.take()
    assert playback.delay(8.0) == pytest.approx(0.1)


class Beside:
    """A video source and a client in one executor."""

    def __init__(self, **parameters):
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node
        from rclpy.parameter import Parameter
        from sensor_msgs.msg import Image

        from siam_tracker_ros.node import qos
        from siam_tracker_ros.node.image_source import VideoSource

        remap = ['--ros-args', '-r', 'image:=source_test/image']
        self.source = VideoSource(
            node_name='source_test', cli_args=remap,
            parameter_overrides=[Parameter(k, value=v) for k, v in parameters.items()],
        )
        self.client = Node('source_test_client')
        self.images = []
        self.listen = lambda: self.client.create_subscription(
            Image, 'source_test/image', self.images.append, qos.RESULTS)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.source)
        self.executor.add_node(self.client)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.source.close()
        self.executor.shutdown()
        self.source.destroy_node()
        self.client.destroy_node()

    def run(self, is_stopped=lambda: False):
        self.source.run(self.executor, is_stopped)
        self.spin(0.3)

    def spin(self, seconds, condition=lambda: False):
        import time

        end = time.monotonic() + seconds
        while time.monotonic() < end and not condition():
            self.executor.spin_once(timeout_sec=0.02)


def test_all_images_come_with_rising_stamps_in_their_time(ros, folder):
    with Beside(source=str(folder), fps=20.0, frame_id='front') as beside:
        beside.listen()
        beside.run()
        stamps = [i.header.stamp.sec + 1e-9 * i.header.stamp.nanosec for i in beside.images]
        now = beside.client.get_clock().now().nanoseconds * 1e-9
    assert [image.data[0] for image in beside.images] == [0, 10, 20, 30, 40, 50]
    assert {image.header.frame_id for image in beside.images} == {'front'}
    assert {(i.width, i.height, i.encoding) for i in beside.images} == {(32, 24, 'bgr8')}
    assert 0 < now - stamps[0] < 30
    assert stamps[-1] - stamps[0] >= 0.2
    assert sorted(stamps) == stamps


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({'fps': 1.0}, 'parameter source is empty'),
        ({'source': '/no/such.mp4'}, 'source /no/such.mp4 does not exist'),
        ({'source': '/', 'mode': 'backwards'}, "mode is 'backwards': expected one of rate"),
        ({'source': '/', 'fps': -1.0}, 'fps is -1.0: expected a number from 0'),
        ({'source': 977}, 'camera 977 cannot be opened'),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(ros, parameters, words):
    from siam_tracker_ros.errors import UserError

    with pytest.raises(UserError) as error, Beside(**parameters):
        pass
    assert str(error.value).startswith(words)


def test_nothing_is_sent_before_somebody_listens(ros, folder):
    with Beside(source=str(folder), fps=200.0) as beside:
        looks = iter(range(5))
        beside.source.run(beside.executor, lambda: next(looks, None) is None)
        assert beside.source.published == 0
        beside.listen()
        beside.run()
    assert len(beside.images) == COUNT


def test_each_step_sends_one_image(ros, folder):
    from std_srvs.srv import Trigger

    with Beside(source=str(folder), mode='step') as beside:
        beside.listen()
        client = beside.client.create_client(Trigger, 'source_test/step')
        beside.spin(5.0, client.service_is_ready)
        answers = []
        for _ in range(COUNT + 1):
            future = client.call_async(Trigger.Request())
            beside.spin(5.0, future.done)
            answers.append(future.result())
            beside.spin(0.05)
        assert [a.success for a in answers] == [True] * COUNT + [False]
        assert answers[-1].message == 'no image is left'
        beside.spin(5.0, lambda: len(beside.images) == COUNT)
        assert [image.data[0] for image in beside.images] == [0, 10, 20, 30, 40, 50]


def test_in_lockstep_an_image_waits_for_the_answer_to_the_one_before(ros, folder):
    from vision_msgs.msg import Detection2DArray

    from siam_tracker_ros.node import qos

    with Beside(source=str(folder), mode='lockstep') as beside:
        answers = beside.client.create_publisher(Detection2DArray, 'processed', qos.RESULTS)
        beside.spin(5.0, lambda: answers.get_subscription_count() > 0)
        most = []

        def answer(image):
            beside.images.append(image)
            most.append(beside.source.published - len(beside.images))
            answers.publish(Detection2DArray(header=image.header))

        from sensor_msgs.msg import Image

        beside.client.create_subscription(Image, 'source_test/image', answer, qos.RESULTS)
        beside.run()
    assert [image.data[0] for image in beside.images] == [0, 10, 20, 30, 40, 50]
    assert most == [0] * COUNT
