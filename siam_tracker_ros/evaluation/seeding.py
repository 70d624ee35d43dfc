# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same numbers for the same seed, whatever ran before and in which process."""

from __future__ import annotations

import ctypes
import hashlib
import random

import numpy as np
import torch

from ..images import require_cv2


def derive_seed(seed: int, *words: object) -> int:
    """Mix a seed with what it is for: a number of 31 bits, the same on every machine."""
    text = '\0'.join(map(str, (seed, *words)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], 'big') >> 1


def seed_everything(seed: int) -> None:
    """Seed all generators that a tracker may draw from: of Python, NumPy, torch, OpenCV and C.

    OpenCV's MIL, Boosting and TLD draw their features with ``rand()`` of the C library, which
    `cv2.setRNGSeed` does not reach: without its seed they differ with what the process did before.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - for those who draw from the global generator
    torch.manual_seed(seed)
    require_cv2().setRNGSeed(seed)
    ctypes.CDLL(None).srand(seed)
