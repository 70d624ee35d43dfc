# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A page to choose targets on and to see what becomes of them; no ROS in it."""
