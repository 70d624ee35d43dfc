# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What benchmarks publish apart from their archives: lists, ranges of images, attributes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=8)
def read_table(name: str) -> tuple[tuple[str, ...], ...]:
    """Rows of a table beside this file, a tuple of words each; ``#`` starts a comment."""
    path = Path(__file__).with_name(f'{name}.txt')
    lines = path.read_text('ascii').splitlines()
    return tuple(tuple(line.split()) for line in lines if line and not line.startswith('#'))
