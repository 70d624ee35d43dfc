# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the image subscription: what its publishers offer.

A subscription that asks for more reliability than is offered gets nothing; one that asks for less
loses large images, whose many fragments are not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import time
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

RESULTS = QoSProfile(depth=10)
"""Results and commands: reliable, keep-last 10."""

LATEST = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""What a late subscriber must still learn."""

DEBUG = QoSProfile(depth=1)
"""Debug images: reliable, because image viewers ask for it by default."""

PATIENCE_S = 5.0
"""So long may publishers be there and nothing come before one subscribes anew: see below."""

FIXED = {
    'reliable': ReliabilityPolicy.RELIABLE,
    'best_effort': ReliabilityPolicy.BEST_EFFORT,
}


def choose_reliability(setting: str, offered: Sequence[Any]) -> Any:
    """Choose the reliability of the image subscription.

    Parameters
    ----------
    setting : {'auto', 'reliable', 'best_effort'}
    offered : sequence of ReliabilityPolicy
        One for each publisher.

    Returns
    -------
    ReliabilityPolicy
        For ``auto``: reliable where every publisher offers it; best effort, which fits all, where
        one does not or none is there yet.
    """
    if setting in FIXED:
        return FIXED[setting]
    if offered and all(policy == ReliabilityPolicy.RELIABLE for policy in offered):
        return ReliabilityPolicy.RELIABLE
    return ReliabilityPolicy.BEST_EFFORT


class ImageSubscription:
    """The subscription to the camera, created anew where its publishers' offers change.

    Now and then two processes that start at once know of each other, and nothing that one sends
    reaches the other. So a subscription that has heard nothing since publishers came or went is
    created anew after `PATIENCE_S`, the next one after twice as long, and so on. What was heard
    before says nothing: a camera that is started again is another process. Of two that stay, one
    that is not heard is not noticed.

    Parameters
    ----------
    node : rclpy.node.Node
    message_type : type
        sensor_msgs/Image, CompressedImage or CameraInfo.
    topic : str
        Relative name, to be remapped.
    setting : {'auto', 'reliable', 'best_effort'}
    callback : callable
        Takes the message.
    depth : int
        Most messages that wait for it.
    clock : callable
        Monotonic time in seconds.

    Attributes
    ----------
    reliability : ReliabilityPolicy
        That of the subscription.
    offered : list of ReliabilityPolicy
        That of each publisher, when it was last refreshed.
    """

    def __init__(
        self,
        node: Any,
        message_type: Any,
        topic: str,
        setting: str,
        callback: Callable[[Any], None],
        depth: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._depth = depth
        self._message_type = message_type
        self._topic = topic
        self._setting = setting
        self._callback = callback
        self._clock = clock
        self._patience = PATIENCE_S
        self._has_heard = False
        self._silent_since = 0.0
        self._publishers: set[bytes] = set()
        self._subscription: Any = None
        self.reliability: Any = None
        self.offered: list[Any] = []
        self.refresh()

    @property
    def name(self) -> str:
        """Name of the topic after remapping."""
        return str(self._subscription.topic_name)

    def refresh(self) -> None:
        """Subscribe, or subscribe again where another reliability fits better or nothing comes."""
        # The resolved name: this query does not apply remappings in every distro.
        topic = self._node.resolve_topic_name(self._topic)
        infos = self._node.get_publishers_info_by_topic(topic)
        self.offered = [info.qos_profile.reliability for info in infos]
        wanted = choose_reliability(self._setting, self.offered)
        is_deaf = self._is_deaf({bytes(info.endpoint_gid) for info in infos})
        if wanted == self.reliability and not is_deaf:
            return
        self.close()
        profile = QoSProfile(
            depth=self._depth,
            history=HistoryPolicy.KEEP_LAST,
            reliability=wanted,
            durability=DurabilityPolicy.VOLATILE,
        )
        self._subscription = self._node.create_subscription(
            self._message_type, self._topic, self._take, profile
        )
        self.reliability = wanted
        self._has_heard = False
        self._silent_since = self._clock()

    def _take(self, message: Any) -> None:
        self._has_heard = True
        self._callback(message)

    def _is_deaf(self, publishers: set[bytes]) -> bool:
        """Whether nothing has come for too long, although somebody publishes."""
        now = self._clock()
        if publishers != self._publishers:
            self._has_heard = False
            self._silent_since = now
            self._patience = PATIENCE_S
        self._publishers = publishers
        if self._has_heard or not publishers or now - self._silent_since < self._patience:
            return False
        self._patience *= 2
        return True

    def close(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
