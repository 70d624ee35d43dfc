# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node beside the tracker's, for ``node_overhead.py``: it sends a box and keeps each status."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import time
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.msg import TargetStatus, TrackerStatus
from siam_tracker_ros.node.demo_processes import Child
from siam_tracker_ros.node.qos import DEBUG, RESULTS


@contextmanager
def context() -> Iterator[None]:
    """ROS for the length of a block, in the domain of the environment."""
    # Ctrl-C must reach Python, which then stops the children.
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        yield
    finally:
        rclpy.try_shutdown()


class Listener(Node):
    """What a robot's software would be to the tracker.

    Parameters
    ----------
    tracker : str
        Name of its node.
    box : tuple of float
        Centre and size of the target.
    children : sequence of Child
        Processes that must not end meanwhile.
    """

    def __init__(
        self, tracker: str, box: tuple[float, float, float, float], children: Sequence[Child]
    ) -> None:
        super().__init__('listener')
        self.tracker = tracker
        self.children = children
        self.statuses: list[Any] = []
        self.box = Detection2D()
        centre, found = self.box.bbox.center.position, self.box.bbox
        centre.x, centre.y, found.size_x, found.size_y = box
        self.create_subscription(TrackerStatus, f'{tracker}/status', self._status, RESULTS)
        self._init = self.create_publisher(Detection2D, f'{tracker}/init', RESULTS)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

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
        self._wait(lambda: bool(self.statuses), seconds, 'a status of the tracker')
        self._init.publish(self.box)
        self._wait(self._is_followed, seconds, 'a target')
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

    def rest(self, seconds: float) -> None:
        """Spin for a while, whatever happens."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(left)

    def _wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not condition():
            for child in self.children:
                child.check_alive()
            if time.monotonic() > end:
                raise UserError(f'{what} did not come within {seconds:g} s')
            self._executor.spin_once(0.1)

    def close(self) -> None:
        """Destroy the node and what spun it."""
        self._executor.shutdown()
        self.destroy_node()
