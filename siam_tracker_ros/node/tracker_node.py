# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the tracker node."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from ..errors import UserError
from ..memory import keep_large_buffers
from .process import StopSignals, run, spin

GPU_FAULT = 3
"""Exit code where the GPU has failed."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the tracker node until a signal comes.

    Parameters
    ----------
    args : sequence of str, optional
        Command line with ROS arguments; the process' own by default.

    Returns
    -------
    int
        Exit code: 0 after a signal, 2 where a parameter is wrong or, with ``autostart``, the node
        could not start, 3 where ``exit_on_gpu_fault`` ended it.
    """
    signals = StopSignals()
    # These imports take seconds: a signal must end the process meanwhile.
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.lifecycle import TransitionCallbackReturn
    from rclpy.signals import SignalHandlerOptions

    from .tracker import TrackerNode

    keep_large_buffers()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    node = None
    code = 0
    try:
        # Also where a service asks for it: nothing else is looked at until the tracker is there.
        node = TrackerNode(loading=signals.at_once)
        executor.add_node(node)
        if node.parameters.value('autostart'):
            started = (
                node.trigger_configure() == TransitionCallbackReturn.SUCCESS
                and node.trigger_activate() == TransitionCallbackReturn.SUCCESS
            )
            # The transition has logged why.
            code = 0 if started else 2
        else:
            node.get_logger().info(
                'unconfigured: use `ros2 lifecycle set` to configure and activate, or start with '
                'autostart:=true'
            )
        signals.ready()
        if code == 0:
            running = node
            spin(executor, lambda: signals.requested or running.must_end)
            code = GPU_FAULT if node.must_end and not signals.requested else 0
    except UserError as error:
        print(f'tracker_node: {error}', file=sys.stderr)
        code = 2
    finally:
        signals.ready()
        if node is not None:
            node.close()
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
    return code


if __name__ == '__main__':
    run(main)
