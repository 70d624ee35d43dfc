# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS node beside those of `node_signals`: asks for transitions, sends a box and images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import time

from lifecycle_msgs.msg import State, Transition
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.node.codec import fill_image
from siam_tracker_ros.node.lifecycle_client import LifecycleClient
from siam_tracker_ros.node.qos import RESULTS

SECONDS = 30.0
GOALS = {
    'configure': (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
    'unconfigured_shutdown': (
        Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, State.PRIMARY_STATE_FINALIZED,
    ),
}  # fmt: skip


class Client(Node):
    """See the module."""

    def __init__(self) -> None:
        super().__init__('node_signals')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self._images = self.create_publisher(Image, 'image', RESULTS)
        self._pixels = np.zeros((1, 1, 3), np.uint8)
        self._ask: Callable[[], None] = lambda: None
        self._asked = 0.0

    def close(self) -> None:
        self._executor.shutdown()
        self.destroy_node()

    def change(self, name: str, transition: str) -> None:
        """Ask a node for a transition."""
        number, goal = GOALS[transition]
        lifecycle = LifecycleClient(self, f'/{name}', self.wait)
        if not lifecycle.change(number, goal, SECONDS, f'{transition} of {name}'):
            raise UserError(f'{name} refused to {transition}')

    def give_target(self, name: str, pixels: np.ndarray, box: tuple[float, ...]) -> None:
        """Send a node a box, for the images that `show` sends from now on."""
        self._pixels = pixels
        publisher = self.create_publisher(Detection2D, f'/{name}/init', RESULTS)
        for known in (publisher, self._images):
            self.wait(lambda p=known: p.get_subscription_count() > 0, SECONDS, f'{name}/init')
        message = Detection2D()
        message.bbox.center.position.x, message.bbox.center.position.y = box[:2]
        message.bbox.size_x, message.bbox.size_y = box[2:]
        self._ask, self._asked = lambda: publisher.publish(message), 0.0

    def show(self, seconds: float) -> None:
        """Send an image, and spin for a while.

        Once a second the box goes before it: a subscription of a process that was killed is known
        for a while, and what only that was sent is lost.
        """
        if time.monotonic() - self._asked > 1.0:
            self._ask()
            self._asked = time.monotonic()
        message = fill_image(Image(), self._pixels, 'bgr8')
        message.header.stamp = self.get_clock().now().to_msg()
        self._images.publish(message)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(left)

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Spin until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise UserError(f'{what} did not come within {seconds:g} s')
            self._executor.spin_once(0.05)


@contextmanager
def talking() -> Iterator[Client]:
    """Make a `Client` in the ROS context of this process, and end it."""
    ours = not rclpy.ok()
    if ours:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        client = Client()
        try:
            yield client
        finally:
            client.close()
    finally:
        if ours:
            rclpy.try_shutdown()
