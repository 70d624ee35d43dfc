# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Constant tensors that are made once for each size and device, and kept until nobody tracks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec('P')
T = TypeVar('T')

_clear: list[Callable[[], None]] = []


def kept(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function made of its last so many different arguments.

    As `functools.lru_cache`, but that `forget` knows of it.
    """

    def decorate(make: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize=maxsize)(make)
        _clear.append(cached.cache_clear)
        return cast('Callable[P, T]', cached)

    return decorate


def forget() -> None:
    """Let go of all that is kept, so that no memory of a device is held."""
    for clear in _clear:
        clear()
