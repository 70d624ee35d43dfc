# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the build that need code: ROS 2 messages and files under ``share/``.

Everything static stands in ``pyproject.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import sys
import tempfile

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from rosidl_build import (  # noqa: E402
    BuildInterfaces,
    RosInterfaces,
    find_share,
    missing_generators,
)

NAME = 'siam_tracker_ros'
VISION_MSGS = 'extra_interfaces/vision_msgs'


def interfaces() -> list[RosInterfaces]:
    """Return the interface packages to build with the ROS 2 that is here."""
    missing = missing_generators()
    if missing:
        print(f'warning: no ROS 2 message generators here ({missing}): the library is installed '
              "without its node. Install the extra 'ros', or source ROS 2, then install again.",
              file=sys.stderr)
        return []
    found = [RosInterfaces(NAME, ROOT)]
    # The official package, where there is one, must never be shadowed by ours.
    if find_share('vision_msgs') is None:
        found.append(RosInterfaces('vision_msgs', ROOT / VISION_MSGS))
    return found


def share_files() -> list[tuple[str, Sequence[str]]]:
    """Return what a ROS package installs besides its Python modules, as ``data_files``."""
    share = f'share/{NAME}'
    files = [
        ('share/ament_index/resource_index/packages', f'resource/{NAME}'),
        (share, 'package.xml'),
        (f'{share}/msg', 'msg/*.msg'),
        # For writing rosbag2 files, which hold the definitions of their messages.
        (f'{share}/{VISION_MSGS}/msg', f'{VISION_MSGS}/msg/*.msg'),
        (f'{share}/launch', 'launch/*.launch.py'),
        (f'{share}/config', 'config/*'),
        (f'lib/{NAME}', 'scripts/tracker_node'),
        (f'lib/{NAME}', 'scripts/video_source'),
        (f'lib/{NAME}', 'examples/follow_yaw.py'),
    ]
    return [(target, sorted(str(p.relative_to(ROOT)) for p in ROOT.glob(pattern)))
            for target, pattern in files]


extensions = interfaces()
packages = find_packages(include=[NAME, f'{NAME}.*'], exclude=[f'{NAME}.msg'])
if any(ext.package == 'vision_msgs' for ext in extensions):
    packages.append('vision_msgs')

# A build/ in the checkout would hand the files of an older build on to this one, vision_msgs
# among them, and it is colcon's folder where the checkout is a workspace.
with tempfile.TemporaryDirectory() as build_base:
    setup(
        packages=packages,
        package_dir={'vision_msgs': f'{VISION_MSGS}/vision_msgs'},
        package_data={
            NAME: ['py.typed'],
            f'{NAME}.evaluation.datasets': ['*.txt'],
            f'{NAME}.evaluation.report': ['*.css', '*.jinja', '*.js'],
            f'{NAME}.web': ['page/*'],
            f'{NAME}.weights': ['*.safetensors', '*.json'],
        },
        data_files=share_files(),
        ext_modules=extensions,
        cmdclass={'build_ext': BuildInterfaces},
        options={'build': {'build_base': build_base}},
        zip_safe=False,
    )
