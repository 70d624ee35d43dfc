# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node beside the tracker's, for programs that start both: it waits, and ends in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
import time
from typing import TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from ..errors import UserError
from .demo_processes import Child


class Companion(Node):
    """A node that is spun only while somebody waits.

    Parameters
    ----------
    name : str
    children : sequence of Child
        Processes that must not end meanwhile.

    Attributes
    ----------
    children : list of Child
    """

    def __init__(self, name: str, children: Sequence[Child] = ()) -> None:
        super().__init__(name)
        self.children = list(children)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

    def close(self) -> None:
        """Destroy the node and what spun it.

        An executor that is left to the collector finds its handles gone, and complains at exit.
        """
        self._executor.shutdown()
        self.destroy_node()

    def check_alive(self) -> None:
        """Raise `UserError` where one of the processes has ended."""
        for child in self.children:
            child.check_alive()

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Spin until a condition holds.

        Raises
        ------
        UserError
            It does not hold in time, or a process has ended meanwhile.
        """
        end = time.monotonic() + seconds
        while not condition():
            self.check_alive()
            if time.monotonic() > end:
                raise UserError(f'{what} did not happen within {seconds:g} s: see the logs')
            self._executor.spin_once(0.1)

    def rest(self, seconds: float) -> None:
        """Spin for a while, whatever happens."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(left)


C = TypeVar('C', bound=Companion)


@contextmanager
def accompanied(make: Callable[[], C]) -> Iterator[C]:
    """Make a companion, in a ROS context of its own where there is none yet, and end both."""
    ours = not rclpy.ok()
    if ours:
        # Ctrl-C must reach Python, which then stops the children.
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        with closing(make()) as companion:
            yield companion
    finally:
        if ours:
            rclpy.try_shutdown()
