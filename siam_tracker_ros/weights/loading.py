# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any checkpoint that a tracker may be given: this package's own, or a published one."""

from __future__ import annotations

from pathlib import Path

from . import checkpoint, pysot
from .checkpoint import Checkpoint

PICKLED = ('.pth', '.pt', '.tar')
"""Endings of PyTorch's own files."""


def load(path: Path | str) -> Checkpoint:
    """Read a checkpoint; nothing in the file is ever executed.

    A ``.safetensors`` file is one that this package wrote, a ``.pth`` file one of pysot's model
    zoo.

    Raises
    ------
    UserError
        See `checkpoint.load` and `pysot.load`.
    """
    if Path(path).suffix in PICKLED:
        return pysot.load(path)
    return checkpoint.load(path)
