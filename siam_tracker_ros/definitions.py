# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the ``.msg`` files are: in a checkout, beside an installed package, or in a system ROS."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import sys
import sysconfig

from .errors import UserError

PACKAGE = Path(__file__).resolve().parent


def read_definitions(package: str) -> dict[str, str]:
    """Return a package's message definitions.

    Parameters
    ----------
    package : str
        Name of a ROS package, such as ``vision_msgs``.

    Returns
    -------
    dict
        Text by full type name, such as ``vision_msgs/msg/Detection2D``.

    Raises
    ------
    UserError
        They are nowhere on this machine.
    """
    for folder in _folders(package):
        files = sorted(folder.glob('*.msg'))
        if files:
            return {f'{package}/msg/{file.stem}': file.read_text('utf-8') for file in files}
    raise UserError(
        f'the message definitions of {package} are not on this machine: install siam_tracker_ros '
        f'again, or a ROS 2 that has {package} and source it'
    )


def share_folders() -> Iterator[Path]:
    """Folders ``share`` in which an installed package's files may be, ROS overlays first."""
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    # `pip install --user` and `--prefix` put share/ beside lib/, not under sys.prefix.
    above = [str(PACKAGE.parents[2])] if len(PACKAGE.parents) > 3 else []
    for prefix in (*prefixes, sysconfig.get_path('data'), sys.prefix, *above):
        yield Path(prefix) / 'share'


def _folders(package: str) -> Iterator[Path]:
    """Places where definitions may be, own ones first: those are what this version writes."""
    checkout = PACKAGE.parent
    if (checkout / 'package.xml').is_file():
        yield checkout / 'msg' if package == PACKAGE.name else (
            checkout / 'extra_interfaces' / package / 'msg'
        )
    for share in share_folders():
        yield share / package / 'msg'
        yield share / PACKAGE.name / 'extra_interfaces' / package / 'msg'
