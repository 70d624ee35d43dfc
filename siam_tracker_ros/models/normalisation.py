# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Local response normalisation across channels, as VGG-M has it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# The sum is computed this much smaller, so that it fits into float16 for all inputs that do:
# 5 * 1e-4 * 65504^2 / 256 is 8400. A power of 4, whose power of 3/4 takes it out again exactly.
SHRINK = 256


class LocalResponseNorm(nn.Module):
    """``y_c = x_c / (k + alpha * sum of x_j^2 over the size channels around c)^beta``.

    Krizhevsky et al. 2012, section 3.3; Chatfield et al. 2014 keep it in VGG-M. `alpha` weighs
    each square: Caffe and PyTorch divide theirs by `size`, so their 5e-4 is this 1e-4.

    The sum over channels is a convolution with a band of ones, which is several times quicker than
    the pooling that PyTorch's own layer does.

    Parameters
    ----------
    channels : int
    size : int
        Channels that are summed, odd.
    alpha, k : float
    """

    band: Tensor
    k: Tensor

    def __init__(self, channels: int, size: int = 5, alpha: float = 1e-4, k: float = 2.0) -> None:
        super().__init__()
        number = torch.arange(channels)
        near = (number.view(-1, 1) - number).abs() <= size // 2
        # Constants, so no part of a checkpoint.
        self.register_buffer('band', near.float().view(channels, channels, 1, 1), False)
        self.register_buffer('k', torch.full((channels,), k / SHRINK), False)
        self.weight = alpha / SHRINK

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        # Products with a factor, in one pass each: they are rounded once, after the factor.
        zero = x.new_zeros(())
        squares = torch.addcmul(zero, x, x, value=self.weight)
        root = functional.conv2d(squares, self.band, self.k).rsqrt()
        # beta is 3/4: two roots instead of a power.
        return torch.addcmul(zero, x * root, root.sqrt(), value=SHRINK**-0.75)
