# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bond with nav2's lifecycle manager, which brings its nodes down when one of them dies.

Both sides publish on ``bond`` that they are alive; the one that breaks the bond says so. The
messages are those of the package ``bond``, the periods those of nav2's own nodes. Unlike bondcpp,
this side never breaks the bond because the manager is silent: nav2's nodes do nothing then either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
import uuid

from rclpy.clock import Clock, ClockType
from rclpy.qos import QoSProfile

from ..errors import UserError

TOPIC = 'bond'
PERIOD_S = 0.1
TIMEOUT_S = 4.0
"""Told to the other side, which has a timeout of its own."""


def status_type() -> Any:
    """Return bond/msg/Status.

    Raises
    ------
    UserError
        The package ``bond`` is not installed.
    """
    try:
        from bond.msg import Status
    except ImportError as error:
        raise UserError(
            f"parameter bond is true, but ROS' package bond cannot be imported ({error}): install "
            'it (ros-DISTRO-bond), or set bond to false and bond_timeout of the lifecycle manager '
            'to 0.0'
        ) from error
    return Status


class Bond:
    """The node's side of a bond that is named after it.

    Parameters
    ----------
    node : rclpy.node.Node
    guarded : callable
        Wraps a callback so that an exception does not end the process.

    Raises
    ------
    UserError
        The package ``bond`` is not installed.
    """

    def __init__(
        self, node: Any, guarded: Callable[[Callable[..., Any]], Callable[..., None]]
    ) -> None:
        self._type = status_type()
        self._node = node
        # Which activation speaks, and which manager; '' where none does.
        self._instance = self._manager = ''
        self._over: set[str] = set()
        self._publisher = node.create_publisher(self._type, TOPIC, QoSProfile(depth=5))
        self._subscription = node.create_subscription(
            self._type, TOPIC, guarded(self._hear), QoSProfile(depth=100)
        )
        # Steady: a paused simulation must not look like a node that died.
        self._timer = node.create_timer(
            PERIOD_S, guarded(self._beat), clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def form(self) -> None:
        """Begin to say that this node is alive, as somebody new."""
        self._instance = str(uuid.uuid4())
        self._say(active=True)

    def sever(self) -> None:
        """Break the bond, and say so; nothing happens where there is none."""
        if not self._instance:
            return
        try:
            self._say(active=False)
        finally:
            # What they said may still be on its way when the next bond is formed.
            self._over |= {self._instance, self._manager}
            self._instance = self._manager = ''

    def close(self) -> None:
        """Break the bond and destroy what it was made of."""
        try:
            self.sever()
        finally:
            self._node.destroy_timer(self._timer)
            self._node.destroy_subscription(self._subscription)
            self._node.destroy_publisher(self._publisher)

    def _beat(self) -> None:
        if self._instance:
            self._say(active=True)

    def _hear(self, message: Any) -> None:
        """Agree where the other side breaks the bond: it waits for that."""
        speaker = message.instance_id
        if message.id != self._node.get_name() or speaker in self._over | {self._instance}:
            return
        if message.active:
            self._manager = self._manager or speaker
        elif speaker == self._manager:
            self.sever()

    def _say(self, active: bool) -> None:
        message = self._type(
            id=self._node.get_name(),
            instance_id=self._instance,
            active=active,
            heartbeat_timeout=TIMEOUT_S,
            heartbeat_period=PERIOD_S,
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
