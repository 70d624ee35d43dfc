# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS node beside those of `node_signals`: asks for transitions, sends a box and images."""

from __future__ import annotations

from collections.abc import Callable
import time

from lifecycle_msgs.msg import State, Transition
import numpy as np
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.codec import fill_image
from siam_tracker_ros.node.companion import Companion
from siam_tracker_ros.node.lifecycle_client import LifecycleClient
from siam_tracker_ros.node.qos import RESULTS
from siam_tracker_ros.node.roi import to_detection

SECONDS = 30.0
GOALS = {
    'configure': (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
    'unconfigured_shutdown': (
        Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, State.PRIMARY_STATE_FINALIZED,
    ),
}  # fmt: skip


class Client(Companion):
    """See the module."""

    def __init__(self) -> None:
        super().__init__('node_signals')
        self._images = self.create_publisher(Image, 'image', RESULTS)
        self._pixels = np.zeros((1, 1, 3), np.uint8)
        self._ask: Callable[[], None] = lambda: None
        self._asked = 0.0

    def change(self, name: str, transition: str) -> None:
        """Ask a node for a transition."""
        number, goal = GOALS[transition]
        lifecycle = LifecycleClient(self, f'/{name}', self.wait)
        if not lifecycle.change(number, goal, SECONDS, f'{transition} of {name}'):
            raise UserError(f'{name} refused to {transition}')

    def ask(self, name: str, transition: str) -> None:
        """Ask a node for a transition, and do not wait for its answer."""
        number, _ = GOALS[transition]
        LifecycleClient(self, f'/{name}', self.wait).ask(number, SECONDS)

    def give_target(self, name: str, pixels: np.ndarray, box: Box) -> None:
        """Send a node a box, for the images that `show` sends from now on."""
        self._pixels = pixels
        publisher = self.create_publisher(Detection2D, f'/{name}/init', RESULTS)
        for known in (publisher, self._images):
            self.wait(lambda p=known: p.get_subscription_count() > 0, SECONDS, f'{name}/init')
        message = to_detection(box)
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
        self.rest(seconds)
