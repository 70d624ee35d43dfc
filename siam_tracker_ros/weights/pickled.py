# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's own files, as others publish their weights in; nothing in them is ever executed."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ..errors import UserError

KNOWN = "pysot's zoo, or of torchvision's VGG-19"


def read_tensors(path: Path | str) -> dict[str, Tensor]:
    """Read tensors by the names that they were published under.

    Raises
    ------
    UserError
        No such file, not a PyTorch checkpoint, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(
            f'weights {path}: there is no such file; give the path of a .pth file of {KNOWN}'
        )
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # A damaged pickle raises whatever its bytes happen to say.
        raise UserError(
            f'weights {path}: not a readable PyTorch checkpoint ({type(error).__name__}); it is '
            'damaged, of another kind, or holds more than tensors: copy it again, or use another'
        ) from error
    # A snapshot of pysot's training holds its optimiser, too.
    if isinstance(content, dict):
        content = content.get('state_dict', content)
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        raise UserError(
            f'weights {path}: expected tensors by name, found something else; use a file of '
            f'{KNOWN}'
        )
    # What was trained on several GPUs at once says so in every name.
    return {name.removeprefix('module.'): tensor for name, tensor in content.items()}
