# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Packages of the extra ``export``, which the rest does without."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import UserError, install


def require(name: str) -> Any:
    """Import a package of the extra.

    Raises
    ------
    UserError
        It is not installed, or cannot be imported.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            f'the package {name} is missing, which exported networks need: {install("export")}, '
            'or use backend torch'
        ) from error
