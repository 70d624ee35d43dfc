# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Response maps between their cells."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..kept import kept


def upsampled(maps: Tensor, upsampling: int) -> Tensor:
    """Up-sample maps bicubically, with the corners aligned (SiamFC, section 3 "Tracking").

    The middle sample is then the middle cell: the even 272 of published code has no such sample
    and is biased by a quarter of a pixel.

    Parameters
    ----------
    maps : Tensor
        (..., M, M).
    upsampling : int
        Samples per cell, u.

    Returns
    -------
    Tensor
        (..., (M - 1) u + 1, (M - 1) u + 1); of a map that holds a NaN some or all are NaN.
    """
    if upsampling == 1:
        return maps
    # Rows and columns apart, as two products with a constant: a tenth of the time that the
    # interpolation of images takes.
    weights = _weights(maps.shape[-1], upsampling, maps.device)
    return weights @ maps @ weights.T


@kept(maxsize=16)
def _weights(cells: int, upsampling: int, device: torch.device) -> Tensor:
    """What each sample of a line takes from each cell: (samples, cells)."""
    lines = torch.eye(cells, device=device).view(1, 1, cells, cells)
    size = ((cells - 1) * upsampling + 1, cells)
    return functional.interpolate(lines, size=size, mode='bicubic', align_corners=True)[0, 0]
