# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera and the observer of `node_soak`: a ROS node beside the one that is watched."""

from __future__ import annotations

import math
import time

from lifecycle_msgs.msg import State, Transition
import numpy as np
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.msg import TargetStatus, TrackerStatus
from siam_tracker_ros.node.codec import fill_image
from siam_tracker_ros.node.companion import Companion
from siam_tracker_ros.node.demo_processes import Child
from siam_tracker_ros.node.lifecycle_client import LifecycleClient
from siam_tracker_ros.node.qos import RESULTS
from siam_tracker_ros.node.roi import stamp_ns, to_detection

UP = (
    (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
    (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
)
DOWN = (
    (Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE),
    (Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED),
)
AGAIN_SECONDS = 10.0
"""A box is not sent again sooner: some trackers learn for seconds on a slow machine."""
MOST_FAULTS = 5
TOLERANCE = 1e-6
"""Pixels by which a box may seem to leave the image, because its centre and size are told."""


class Client(Companion):
    """Sends images and looks at everything that comes back.

    Parameters
    ----------
    child : Child
        The process that is watched.
    name : str
        Of its node.

    Attributes
    ----------
    newest : TrackerStatus
    tracked : int
        Images in which the target was tracked.
    faults : list of str
        What was published and should not have been: the first few.
    """

    def __init__(self, child: Child, name: str) -> None:
        super().__init__('node_soak', [child])
        self.newest = TrackerStatus()
        self.tracked = 0
        self.faults: list[str] = []
        self._ages: list[float] = []
        self._bad: set[int] = set()
        self._size = (0, 0)
        self._asked = -math.inf
        self._images = self.create_publisher(Image, 'image', RESULTS)
        self._init = self.create_publisher(Detection2D, f'{name}/init', RESULTS)
        self.create_subscription(TrackerStatus, f'{name}/status', self._take_status, RESULTS)
        self.create_subscription(
            Detection2DArray, f'{name}/detections', self._take_detections, RESULTS
        )
        self._lifecycle = LifecycleClient(self, name, self.wait)

    def up(self, seconds: float) -> None:
        """Configure and activate."""
        self._change(UP, seconds)

    def down(self, seconds: float) -> None:
        """Deactivate and clean up."""
        self._change(DOWN, seconds)

    def _change(self, transitions: tuple[tuple[int, int], ...], seconds: float) -> None:
        for transition, goal in transitions:
            if not self._lifecycle.change(transition, goal, seconds, f'state {goal}'):
                raise UserError(f'the node refused a transition: {self.children[0].last_error()}')

    def connect(self, seconds: float) -> None:
        """Wait until the node listens."""
        for publisher in (self._images, self._init):
            self.wait(lambda p=publisher: p.get_subscription_count() > 0, seconds, 'a connection')
        # It subscribes once more when it sees how reliably images are sent.
        self.rest(2.0)

    def rest(self, seconds: float) -> None:
        """Take what comes for a while, and see that the process is there."""
        self.check_alive()
        super().rest(seconds)

    def send(self, pixels: np.ndarray, stamped: bool = True) -> None:
        """Publish an image, with the stamp of now or with none."""
        self._images.publish(self._message(pixels, stamped))

    def send_malformed(self, pixels: np.ndarray) -> None:
        """Publish an image whose data are too short."""
        message = self._message(pixels)
        message.data = message.data[:-1]
        self._bad.add(stamp_ns(message.header.stamp))
        self._images.publish(message)

    def _message(self, pixels: np.ndarray, stamped: bool = True) -> Image:
        message = fill_image(Image(), pixels, 'bgr8')
        self._size = (message.width, message.height)
        message.header.frame_id = 'camera'
        if stamped:
            message.header.stamp = self.get_clock().now().to_msg()
        return message

    def send_box(self, box: Box) -> None:
        """Ask for the target, on the next image."""
        self._init.publish(to_detection(box, 'target'))
        self._asked = time.monotonic()

    def is_following(self) -> bool:
        """Whether a target is followed, or a box is on its way to become one."""
        states = {target.state for target in self.newest.targets}
        gone = {TargetStatus.LOST, TargetStatus.REMOVED}
        return bool(states - gone) or time.monotonic() - self._asked < AGAIN_SECONDS

    def take_age(self) -> float:
        """Median age of the results since the last call, ms."""
        ages, self._ages = self._ages, []
        return 1000 * float(np.median(ages)) if ages else math.nan

    def _take_status(self, message: TrackerStatus) -> None:
        self.newest = message
        self.tracked += any(t.state == TargetStatus.TRACKED for t in message.targets)
        if message.latency_seconds >= 0:
            self._ages.append(message.latency_seconds)
        for target in message.targets:
            box = Box(target.center_x, target.center_y, target.size_x, target.size_y)
            self._check(box, [target.score, target.similarity, target.classification])

    def _take_detections(self, message: Detection2DArray) -> None:
        if stamp_ns(message.header.stamp) in self._bad:
            self._fault('an answer to a malformed image')
        for found in message.detections:
            place, size = found.bbox.center.position, found.bbox
            box = Box(place.x, place.y, size.size_x, size.size_y)
            self._check(box, [found.results[0].hypothesis.score])

    def _check(self, box: Box, scores: list[float]) -> None:
        if not all(map(math.isfinite, scores)):
            self._fault(f'scores {scores}')
        width, height = self._size
        left, top, right, bottom = box.ltrb
        inside = (
            left >= -TOLERANCE and top >= -TOLERANCE
            and right <= width + TOLERANCE and bottom <= height + TOLERANCE
        )  # fmt: skip
        if not (box.is_valid and inside):
            self._fault(f'{box} in an image of {width}x{height}')

    def _fault(self, what: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(f'published: {what}')
