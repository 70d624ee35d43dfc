# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera for ``node_overhead.py``: it publishes the rendered clip, in any size, on and on.

Images are made before the first one is published, so that a camera costs what a driver does.
"""

from __future__ import annotations

import argparse
import sys
import time

from common import guarded, there_and_back
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from siam_tracker_ros.images import require_cv2
from siam_tracker_ros.node.codec import fill_image
from siam_tracker_ros.node.qos import FIXED
from siam_tracker_ros.rendering import Clip

FRAMES = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('width', type=int)
    parser.add_argument('height', type=int)
    parser.add_argument('rate', type=float, help='images a second')
    parser.add_argument('--best-effort', action='store_true')
    args = parser.parse_args()
    reliability = FIXED['best_effort' if args.best_effort else 'reliable']
    profile = QoSProfile(depth=1, reliability=reliability)
    return guarded(__file__, lambda: run((args.width, args.height), 1.0 / args.rate, profile))


def run(size: tuple[int, int], period: float, profile: QoSProfile) -> int:
    resize = require_cv2().resize
    messages = [fill_image(Image(), resize(frame.image, size), 'bgr8') for frame in Clip(FRAMES)]
    messages = there_and_back(messages)
    with rclpy.init():
        node = Node('camera')
        publisher = node.create_publisher(Image, '/image', profile)
        count, due = 0, time.monotonic()
        while rclpy.ok():
            message = messages[count % len(messages)]
            message.header.frame_id = 'camera'
            message.header.stamp = node.get_clock().now().to_msg()
            publisher.publish(message)
            count += 1
            due += period
            time.sleep(max(0.0, due - time.monotonic()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
