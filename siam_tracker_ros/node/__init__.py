# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 node around the tracking library: the only place that imports rclpy or a message."""
