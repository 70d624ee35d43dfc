# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any checkpoint that a tracker may be given: this package's own, or a published one."""

from __future__ import annotations

from pathlib import Path

from . import checkpoint, pysot, vgg
from .checkpoint import Checkpoint
from .pickled import read_tensors

PICKLED = ('.pth', '.pt', '.tar')
"""Endings of PyTorch's own files."""


def load(path: Path | str) -> Checkpoint:
    """Read a checkpoint; nothing in the file is ever executed.

    A ``.safetensors`` file is one that this package wrote, a ``.pth`` file one of pysot's model
    zoo or torchvision's VGG-19.

    Raises
    ------
    UserError
        See `checkpoint.load`, `pysot.convert` and `vgg.convert`.
    """
    if Path(path).suffix in PICKLED:
        tensors = read_tensors(path)
        convert = vgg.convert if vgg.is_vgg(tensors) else pysot.convert
        return convert(tensors, Path(path))
    return checkpoint.load(path)
