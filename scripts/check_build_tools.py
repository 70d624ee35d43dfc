# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Say in one sentence what this machine lacks to build the package, before pip fails at length."""

import os
import shutil
import sys
import sysconfig


def problem():
    """Return what is missing and the cure, or None. Plain enough to run on any Python 3."""
    if sys.version_info < (3, 10):  # noqa: UP036
        return ('Python {}.{} is too old, 3.10 or newer is needed: '
                'choose one with make PYTHON=python3.12'.format(*sys.version_info))
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return 'this Python cannot make virtual environments: apt install python3-venv'
    if shutil.which(os.environ.get('CXX', 'g++')) is None:
        return 'the ROS 2 messages need a C++ compiler: apt install g++'
    if not os.path.isfile(os.path.join(sysconfig.get_paths()['include'], 'Python.h')):
        return 'the ROS 2 messages need the C headers of Python: apt install python3-dev'
    return None


if __name__ == '__main__':
    message = problem()
    if message:
        sys.exit('siam_tracker_ros: ' + message)
