# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where and when something was measured: no figure without it."""

from __future__ import annotations

from datetime import datetime, timezone
import os
from pathlib import Path
import platform

import torch

from .. import __version__
from ..images import require_cv2


def describe_machine() -> dict[str, str]:
    """Processor, graphics card, and the versions that figures depend on."""
    return {
        'cpu': f'{usable_cores()} x {_cpu_model()}',
        'gpu': torch.cuda.get_device_name() if torch.cuda.is_available() else 'none',
        'python': platform.python_version(),
        'torch': str(torch.__version__),
        'opencv': str(require_cv2().__version__),
        'package': __version__,
    }


def now() -> str:
    """The time of day, to the minute."""
    return datetime.now(timezone.utc).strftime('%Y-%m-%d %H:%M UTC')


def usable_cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()
