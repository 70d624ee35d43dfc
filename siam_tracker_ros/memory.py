# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory of large buffers: images, crops, messages.

By default glibc gives every buffer of image size back to the system when it is freed and asks for
it again, page by page, for the next image: at 1080p that costs more than sending it (22 ms against
6 ms from publisher to array).
"""

from __future__ import annotations

import ctypes
from typing import Any

# Parameters of mallopt(3).
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_THRESHOLD = -3

MIB = 1 << 20


def keep_large_buffers() -> bool:
    """Let the allocator keep buffers of image size; False where the C library is not glibc."""
    mallopt = _of_glibc('mallopt')
    return mallopt is not None and all(
        mallopt(parameter, size) == 1
        for parameter, size in (
            (M_MMAP_THRESHOLD, 32 * MIB),
            (M_TRIM_THRESHOLD, 512 * MIB),
            (M_TOP_PAD, 64 * MIB),
        )
    )


def give_back() -> None:
    """Give what is free to the system, where the C library is glibc.

    What `keep_large_buffers` keeps is of no use once a target or a network is gone: it lies in
    pieces between what is left. It takes a few milliseconds, and the next image as long as the
    first one.
    """
    trim = _of_glibc('malloc_trim')
    if trim is not None:
        trim(0)


def _of_glibc(name: str) -> Any:
    """A function of the C library; None where that has no such function."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):
        return None
