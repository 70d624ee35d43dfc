# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of ROS' package bond, built where none is installed.

Only names and types of the fields matter: they are what goes over the wire.
"""

from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATUS = """std_msgs/Header header
string id
string instance_id
bool active
float32 heartbeat_timeout
float32 heartbeat_period
"""
PACKAGE = """<package format="3"><name>bond</name><version>0.0.0</version>
<depend>std_msgs</depend></package>
"""
SETUP = """
from pathlib import Path
import sys
sys.path.insert(0, sys.argv.pop())
from rosidl_build import BuildInterfaces, RosInterfaces
from setuptools import setup
setup(name='bond', packages=['bond'], cmdclass={'build_ext': BuildInterfaces},
      ext_modules=[RosInterfaces('bond', Path.cwd())])
"""


def build(folder):
    """Build them in an empty folder; return what belongs into the path of Python."""
    pytest.importorskip('rosidl_generator_py', reason='needs the generators of ROS 2')
    if shutil.which('g++') is None:
        pytest.skip('g++ is not installed')
    for name, text in (('msg/Status.msg', STATUS), ('package.xml', PACKAGE), ('setup.py', SETUP),
                       ('bond/__init__.py', '')):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    done = subprocess.run(
        [sys.executable, 'setup.py', '--quiet', 'build', '--build-lib', 'out', str(ROOT)],
        cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / 'out'
