#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Turn a robot so that it looks at the tracked target.

A node that subscribes to ``bearing`` and ``status`` of the tracker and publishes ``cmd_vel``: the
rate of turn, always, and zero while the target is not tracked or its last bearing is too old. It
moves nothing else.
"""

from collections.abc import Mapping, Sequence
import sys
from typing import Any

from geometry_msgs.msg import Twist, TwistStamped, Vector3Stamped
import rclpy
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.msg import TargetStatus, TrackerStatus
from siam_tracker_ros.node import qos
from siam_tracker_ros.node.parameters import Parameters
from siam_tracker_ros.node.process import StopSignals, run, spin
from siam_tracker_ros.node.roi import stamp_ns
from siam_tracker_ros.node.yaw_follower import FollowSettings, YawFollower
from siam_tracker_ros.settings import Settings, describe

NAME = 'follow_yaw'
LAST_SECONDS = 0.5
"""The last command, which is zero, may take this long to arrive."""


class FollowYaw(Node):
    """Publishes the rate of turn; raises `UserError` where a parameter is wrong."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault('node_name', NAME)
        super().__init__(automatically_declare_parameters_from_overrides=True, **kwargs)
        try:
            fixed = [info.name for info in describe(FollowSettings) if not info.dynamic]
            parameters = Parameters(
                self, {'': FollowSettings}, read_only=fixed, changed=self._change
            )
            settings = parameters.table('')
            assert isinstance(settings, FollowSettings)
        except BaseException:
            self.destroy_node()
            raise
        self._settings = settings
        self._follower = YawFollower(settings)
        self._commands = self.create_publisher(
            TwistStamped if settings.stamped else Twist, 'cmd_vel', qos.RESULTS
        )
        self.create_subscription(Vector3Stamped, 'bearing', self._see, qos.RESULTS)
        self.create_subscription(TrackerStatus, 'status', self._watch, qos.RESULTS)
        self.create_timer(1.0 / settings.rate, self._command)

    def _change(self, tables: Mapping[str, Settings]) -> None:
        settings = tables['']
        assert isinstance(settings, FollowSettings)
        self._follower.settings = settings

    def _now(self) -> float:
        return float(self.get_clock().now().nanoseconds) / 1e9

    def _see(self, message: Any) -> None:
        ray = message.vector.x, message.vector.y, message.vector.z
        self._follower.see(ray, stamp_ns(message.header.stamp) / 1e9, self._now())

    def _watch(self, message: Any) -> None:
        """Stop at once where the primary target is not tracked; bearings only cease."""
        states = [t.state for t in message.targets if t.state != TargetStatus.REMOVED]
        if states[:1] != [TargetStatus.TRACKED]:
            self._follower.lose(stamp_ns(message.header.stamp) / 1e9)

    def _command(self) -> None:
        self._publish(self._follower.command(self._now(), 1.0 / self._settings.rate))

    def _publish(self, rate: float) -> None:
        twist = Twist()
        twist.angular.z = rate
        if self._settings.stamped:
            stamped = TwistStamped(twist=twist)
            stamped.header.stamp = self.get_clock().now().to_msg()
            stamped.header.frame_id = self._settings.frame_id
            self._commands.publish(stamped)
        else:
            self._commands.publish(twist)

    def stop(self) -> None:
        """Publish zero, and wait until it has arrived."""
        self._publish(0.0)
        self._commands.wait_for_all_acked(Duration(seconds=LAST_SECONDS))


def main(args: Sequence[str] | None = None) -> int:
    """Follow until a signal comes; 0, or 2 where a parameter is wrong."""
    signals = StopSignals()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    node = None
    try:
        node = FollowYaw()
        executor.add_node(node)
        node.get_logger().info('following: zero is published until a target is tracked')
        signals.ready()
        spin(executor, lambda: signals.requested)
    except UserError as error:
        print(f'{NAME}: {error}', file=sys.stderr)
        return 2
    finally:
        signals.ready()
        if node is not None:
            node.stop()
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    run(main)
