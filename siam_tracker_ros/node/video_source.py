# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the video source."""

from __future__ import annotations

from collections.abc import Sequence
import sys

from ..errors import UserError
from ..memory import keep_large_buffers
from .process import StopSignals, run


def main(args: Sequence[str] | None = None) -> int:
    """Publish images until the source ends or a signal comes.

    Parameters
    ----------
    args : sequence of str, optional
        Command line with ROS arguments; the process' own by default.

    Returns
    -------
    int
        Exit code: 0, or 2 where a parameter or the source is wrong.
    """
    signals = StopSignals()
    # These imports take long: a signal must end the process meanwhile.
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from .image_source import VideoSource

    keep_large_buffers()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    node = None
    try:
        node = VideoSource()
        signals.ready()
        executor.add_node(node)
        node.run(executor, lambda: signals.requested)
    except UserError as error:
        print(f'video_source: {error}', file=sys.stderr)
        return 2
    finally:
        signals.ready()
        if node is not None:
            node.close()
            executor.remove_node(node)
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    run(main)
