# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Windows that lie on features and on maps."""

from __future__ import annotations

import torch
from torch import Tensor

from ..kept import kept


@kept(maxsize=32)
def hann_window(height: int, width: int, device: torch.device) -> Tensor:
    """Outer product of two symmetric Hann windows, 1 in the middle and 0 at the rim.

    Returns
    -------
    Tensor
        (height, width) float32.
    """
    # One that is made while tracking must serve training, too.
    with torch.inference_mode(mode=False):
        lines = torch.hann_window(height, periodic=False, device=device)
        columns = torch.hann_window(width, periodic=False, device=device)
        return torch.outer(lines, columns)
