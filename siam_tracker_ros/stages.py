# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a frame goes, measured only while somebody asks.

A tracker marks its stages with `stage`; outside of `record` that costs one look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
import time

import torch

# The stages that figures are split into, in the order of a frame.
STAGES = (
    'upload',
    're-detection',
    'crop',
    'network',
    'post-processing',
    'classification',
    'regression',
    'learning',
)

_seconds: ContextVar[dict[str, float] | None] = ContextVar('seconds', default=None)


@contextmanager
def record() -> Iterator[dict[str, float]]:
    """Collect the seconds of each stage that is passed inside; one that is passed twice adds up.

    Stages of a CUDA device wait for it at their ends, which slows the whole down: measure totals
    without `record`.
    """
    seconds: dict[str, float] = {}
    token = _seconds.set(seconds)
    try:
        yield seconds
    finally:
        _seconds.reset(token)


@contextmanager
def stage(name: str, device: torch.device) -> Iterator[None]:
    """Mark one of `STAGES`, whose work runs on a device."""
    seconds = _seconds.get()
    if seconds is None:
        yield
        return
    _wait(device)
    begin = time.perf_counter()
    try:
        yield
    finally:
        _wait(device)
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begin


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
