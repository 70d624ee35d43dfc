# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the demo's processes meet: a ROS domain of their own, set up for large images."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..definitions import PACKAGE, share_folders
from ..errors import UserError
from .demo_processes import free_domain_id

LAST_DOMAIN = 232
"""Ports of higher ones would exceed 65535."""


def choose_domain(wanted: int | None) -> int:
    """Return the domain id that was asked for, or a free one.

    Raises
    ------
    UserError
        There is no such domain, or none is free.
    """
    if wanted is None:
        return free_domain_id()
    if not 0 <= wanted <= LAST_DOMAIN:
        raise UserError(f'--domain is {wanted}: expected a number from 0 to {LAST_DOMAIN}')
    return wanted


def share_file(name: str) -> Path:
    """Return a file of the package, in a checkout or as installed.

    Raises
    ------
    UserError
        It is in none of the places.
    """
    for place in (PACKAGE.parent, *(share / PACKAGE.name for share in share_folders())):
        if (place / name).is_file():
            return place / name
    raise UserError(f'{name} is missing from the installed package: install it again')


def profile_variable() -> str:
    """Return the variable that names Fast DDS' profiles: version 3, in Kilted, renamed it."""
    try:
        before_kilted = int(version('rclpy').split('.')[0]) < 9
    except PackageNotFoundError:
        before_kilted = False
    return 'FASTRTPS_DEFAULT_PROFILES_FILE' if before_kilted else 'FASTDDS_DEFAULT_PROFILES_FILE'


def environment(domain: int) -> dict[str, str]:
    """Return the variables of all three processes: one domain, this machine only, large images."""
    return {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        profile_variable(): str(share_file('config/fastdds_large_images.xml')),
        # The children's output goes to files: without this it would appear late.
        'PYTHONUNBUFFERED': '1',
    }
