# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the code is still the same: in a checkout, the version stands still while it changes."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable
from functools import lru_cache
import hashlib
from pathlib import Path
import sys

PACKAGE = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=8)
def digest_sources(names: tuple[str, ...]) -> str:
    """One word for the contents of files and folders of this package."""
    files: list[Path] = []
    for name in names:
        path = PACKAGE / name
        files += sorted(path.rglob('*.py')) if path.is_dir() else [path]
    return _digest(files)


def digest_class(kind: type) -> str:
    """One word for the source of a class and of those it inherits from.

    The name alone tells classes apart that were typed in by hand and have no file.
    """
    modules = [
        sys.modules.get(base.__module__) for base in kind.__mro__ if base not in (ABC, object)
    ]
    files = [getattr(module, '__file__', None) for module in modules]
    return f'{kind.__qualname__} {_digest(Path(file) for file in files if file is not None)}'


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f'{file.name}\0'.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
