# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a report can be made; apart from `report`, which imports what it needs."""

from __future__ import annotations

from importlib import util

from ..errors import UserError, install

PACKAGES = ('jinja2', 'matplotlib')


def require_report() -> None:
    """Refuse before the work what would fail after it.

    Raises
    ------
    UserError
        A package that reports need is not installed.
    """
    lacking = [name for name in PACKAGES if util.find_spec(name) is None]
    if lacking:
        raise UserError(
            f'the report needs {lacking[0]}: install it with {install("eval")}, or do without it '
            '(--no-report)'
        )
