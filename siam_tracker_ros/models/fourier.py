# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fourier transforms of many small maps, as products with matrices.

Features have some 20 cells along a side and hundreds of channels, which a network leaves innermost
in memory. So the transform of all of them is two products with a small matrix, which on a CPU are
quicker than as many fast transforms of a size that is no power of two.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..kept import kept


@kept(maxsize=64)
def fourier_matrix(count: int, size: int, cells: int, device: torch.device) -> Tensor:
    """What makes frequencies of samples: (count, cells) complex128.

    Parameters
    ----------
    count : int
        Frequencies, from 0 on.
    size : int
        Samples of the transform.
    cells : int
        Samples that are there; the others are zeros.
    device : torch.device
    """
    # One that is made while tracking must serve training, too.
    with torch.inference_mode(mode=False):
        steps = torch.outer(torch.arange(count), torch.arange(cells)) % size
        turns = steps.to(torch.float64) * (-2.0 * math.pi / size)
        return torch.polar(torch.ones_like(turns), turns).to(device)


def real_spectrum(x: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """What ``torch.fft.rfft2`` gives, with the channels innermost in memory.

    Parameters
    ----------
    x : Tensor
        (..., C, h, w) real.
    size : tuple of int, optional
        H and W, to which zeros are added; at least h and w, which they are by default.

    Returns
    -------
    Tensor
        (..., C, H, W // 2 + 1) complex.
    """
    channels, lines, columns = x.shape[-3:]
    height, width = size or (lines, columns)
    kind = torch.complex128 if x.dtype == torch.float64 else torch.complex64
    half = width // 2 + 1
    across = fourier_matrix(half, width, columns, x.device).to(kind)
    down = fourier_matrix(height, height, lines, x.device).to(kind)
    inner = x.movedim(-3, -1)
    # Both parts of the first product in one, because its input is real. Training in bfloat16 would
    # round what is divided by later.
    with torch.autocast(x.device.type, enabled=False):
        both = torch.cat([across.real, across.imag]) @ inner
    rows = torch.complex(both[..., :half, :], both[..., half:, :]).flatten(-2)
    found: Tensor = down @ rows
    return found.reshape(*found.shape[:-1], half, channels).movedim(-1, -3)
