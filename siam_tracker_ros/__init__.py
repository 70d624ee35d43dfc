# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Siamese single and multi-object tracking: a ROS-free library and the ROS 2 node around it."""

import pkgutil

__version__ = '0.1.0'

# The generated ``siam_tracker_ros.msg`` may live in another folder of sys.path (a colcon install
# beside a source checkout); both folders then make one package.
__path__ = pkgutil.extend_path(__path__, __name__)
