# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page's side of ROS: a node beside the tracker's, which listens only while a page is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node, NodeNameNonExistentError
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import String
from vision_msgs.msg import Detection2D

from siam_tracker_ros.msg import InitResult, TrackerStatus

from ..errors import UserError
from ..web.commands import Command, Start, Stop
from ..web.scene import Scene
from . import qos, web_messages
from .image_rules import MalformedImage

NAME = 'siam_tracker_web'
PERIOD_S = 0.5
IMAGE_DEPTH = 5
"""The image that the tracker takes must not be the one that is left out here."""

STATUS = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""The last one, where the camera is silent, and then each."""

KINDS = {'sensor_msgs/msg/Image': Image, 'sensor_msgs/msg/CompressedImage': CompressedImage}


class WebClient(Node):
    """Fills a `Scene` while somebody looks at it, and publishes what visitors want.

    Parameters
    ----------
    tracker : str
        Full name of the tracker's node.
    image : str or None
        Topic with the camera's images; None: the one that the tracker takes.
    width : int
        Wider images are shrunk to it for the pages, pixels.
    scene : Scene
    **kwargs
        For rclpy's Node.
    """

    def __init__(
        self, tracker: str, image: str | None, width: int, scene: Scene, **kwargs: Any
    ) -> None:
        super().__init__(NAME, **kwargs)
        self._tracker = tracker
        self._wanted = image
        self._width = width
        self._scene = scene
        self._frame_id = ''
        self._is_watched = False
        self._subscriptions_made: list[Any] = []
        self._images: qos.ImageSubscription | None = None
        self._topic: tuple[str, Any] | None = None
        self._init = self.create_publisher(Detection2D, f'{tracker}/init', qos.RESULTS)
        self._stop = self.create_publisher(String, f'{tracker}/stop', qos.RESULTS)
        # Subscriptions belong to the executor's thread; the server's can only ask for them.
        self._asked = self.create_guard_condition(self._look_after)
        self.create_timer(
            PERIOD_S, self._look_after, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    # The server's thread

    def watch(self, is_watched: bool) -> None:
        """Listen, or stop to."""
        self._is_watched = is_watched
        self._asked.trigger()

    def act(self, command: Command) -> None:
        """Carry out what a visitor wants.

        Raises
        ------
        UserError
            There is no node that could.
        """
        if not self._init.get_subscription_count():
            raise UserError(
                f'no node listens on {self._init.topic_name}: the tracker must be configured and '
                'active'
            )
        if isinstance(command, Start):
            self._init.publish(web_messages.region(command, self._frame_id))
        else:
            self._stop.publish(String(data=command.id if isinstance(command, Stop) else ''))

    # The executor's thread

    def _look_after(self) -> None:
        """Have the subscriptions that are wanted now."""
        if not self._is_watched:
            self.release()
            return
        if not self._subscriptions_made:
            self._listen()
        topic = self._find_topic()
        if topic is not None and topic != self._topic:
            self._close_images()
            name, kind = self._topic = topic
            self._images = qos.ImageSubscription(
                self, kind, name, 'auto', self._take_image, IMAGE_DEPTH
            )
            self._scene.use_topic(name)
        elif self._images is not None:
            self._images.refresh()

    def _listen(self) -> None:
        kinds: tuple[tuple[Any, str, Callable[[Any], None], Any], ...] = (
            (TrackerStatus, f'{self._tracker}/status', self._take_status, STATUS),
            (InitResult, f'{self._tracker}/init_result', self._take_answer, qos.RESULTS),
            (DiagnosticArray, '/diagnostics', self._take_diagnostics, qos.RESULTS),
        )
        self._subscriptions_made = [self.create_subscription(*kind) for kind in kinds]

    def _find_topic(self) -> tuple[str, Any] | None:
        """Return name and type of the topic with the images; None while it is not known."""
        if self._wanted is not None:
            name = self.resolve_topic_name(self._wanted)
            for other, types in self.get_topic_names_and_types():
                if other == name and types[0] in KINDS:
                    return name, KINDS[types[0]]
            return name, CompressedImage if name.endswith('/compressed') else Image
        namespace, _, name = self._tracker.rpartition('/')
        try:
            inputs = self.get_subscriber_names_and_types_by_node(name, namespace or '/')
        except NodeNameNonExistentError:
            return None
        images = [(topic, KINDS[types[0]]) for topic, types in inputs if types[0] in KINDS]
        return images[0] if images else None

    def _take_image(self, message: Any) -> None:
        self._frame_id = message.header.frame_id
        try:
            self._scene.add_picture(web_messages.picture(message, self._width))
        except MalformedImage as error:
            self._scene.say('complaint', f'An image is malformed: {error.sentence}.')

    def _take_status(self, message: Any) -> None:
        self._scene.add_status(web_messages.status(message))

    def _take_answer(self, message: Any) -> None:
        self._scene.say(*web_messages.saying(message))

    def _take_diagnostics(self, message: Any) -> None:
        health = web_messages.health(message, self._tracker)
        if health is not None:
            self._scene.add_health(health)

    def release(self) -> None:
        """Unsubscribe from everything, and forget what came: images are large."""
        subscriptions, self._subscriptions_made = self._subscriptions_made, []
        for subscription in subscriptions:
            self.destroy_subscription(subscription)
        self._close_images()
        # Here, in the thread of callbacks: none comes later that would fill it again.
        self._scene.restart()

    def _close_images(self) -> None:
        images, self._images, self._topic = self._images, None, None
        if images is not None:
            images.close()
