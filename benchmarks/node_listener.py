# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node beside the tracker's, for ``node_overhead.py``: it sends a box and keeps each status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.msg import TargetStatus, TrackerStatus
from siam_tracker_ros.node.companion import Companion
from siam_tracker_ros.node.demo_processes import Child
from siam_tracker_ros.node.qos import DEBUG, RESULTS
from siam_tracker_ros.node.roi import to_detection


class Listener(Companion):
    """What a robot's software would be to the tracker.

    Parameters
    ----------
    tracker : str
        Name of its node.
    box : Box
        The target in the camera's first image.
    children : sequence of Child
        Processes that must not end meanwhile.
    """

    def __init__(
        self, tracker: str, box: Box, children: Sequence[Child]
    ) -> None:
        super().__init__('listener', children)
        self.tracker = tracker
        self.statuses: list[Any] = []
        self.box = to_detection(box)
        self.create_subscription(TrackerStatus, f'{tracker}/status', self._status, RESULTS)
        self._init = self.create_publisher(Detection2D, f'{tracker}/init', RESULTS)

    def _status(self, message: Any) -> None:
        self.statuses.append(message)

    def watch(self, topics: Sequence[str]) -> None:
        """Subscribe to debug images, and throw them away."""
        for topic in topics:
            self.create_subscription(Image, f'{self.tracker}/{topic}', lambda _: None, DEBUG)

    def start(self, seconds: float, warm: float) -> None:
        """Wait for the node, have it follow the target, and let some images pass.

        Raises
        ------
        UserError
            It does not within `seconds`, or a process has ended.
        """
        # Every status is about an image: before the first one it is too early for a box.
        self.wait(lambda: bool(self.statuses), seconds, 'a status of the tracker')
        self._init.publish(self.box)
        self.wait(self._is_followed, seconds, 'a target')
        self.rest(warm)

    def _is_followed(self) -> bool:
        return any(target.state != TargetStatus.NEW for target in self.statuses[-1].targets)

    def collect(self, seconds: float) -> list[Any]:
        """Statuses of so many seconds.

        Raises
        ------
        UserError
            There are none.
        """
        self.statuses.clear()
        self.rest(seconds)
        if len(self.statuses) < 2:
            raise UserError(f'fewer than two images were answered in {seconds:g} s')
        return list(self.statuses)
