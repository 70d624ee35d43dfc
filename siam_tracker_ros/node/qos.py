# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service of the image subscription: what its publishers offer.

A subscription that asks for more reliability than is offered gets nothing; one that asks for less
loses large images, whose many fragments are not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

RESULTS = QoSProfile(depth=10)
"""Results and commands: reliable, keep-last 10."""

LATEST = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""What a late subscriber must still learn."""

DEBUG = QoSProfile(depth=1)
"""Debug images: reliable, because image viewers ask for it by default."""

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
    """

    def __init__(
        self,
        node: Any,
        message_type: Any,
        topic: str,
        setting: str,
        callback: Callable[[Any], None],
        depth: int = 1,
    ) -> None:
        self._node = node
        self._depth = depth
        self._message_type = message_type
        self._topic = topic
        self._setting = setting
        self._callback = callback
        self._subscription: Any = None
        self.reliability: Any = None
        self.refresh()

    @property
    def name(self) -> str:
        """Name of the topic after remapping."""
        return str(self._subscription.topic_name)

    def offered(self) -> list[Any]:
        """Reliability of each publisher."""
        # The resolved name: this query does not apply remappings in every distro.
        topic = self._node.resolve_topic_name(self._topic)
        infos = self._node.get_publishers_info_by_topic(topic)
        return [info.qos_profile.reliability for info in infos]

    def refresh(self) -> None:
        """Subscribe, or subscribe again where another reliability fits better now."""
        wanted = choose_reliability(self._setting, self.offered())
        if wanted == self.reliability:
            return
        self.close()
        profile = QoSProfile(
            depth=self._depth,
            history=HistoryPolicy.KEEP_LAST,
            reliability=wanted,
            durability=DurabilityPolicy.VOLATILE,
        )
        self._subscription = self._node.create_subscription(
            self._message_type, self._topic, self._callback, profile
        )
        self.reliability = wanted

    def close(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
