# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which channels matter for a target, by what they see of it and around it.

He et al., "A Twofold Siamese Network for Real-Time Object Tracking", 2018, section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

GRID = 3
"""Cells along a side of the grid over the features; the target is in the middle one."""

FLOOR = 0.5
"""Added to the sigmoid, "to ensure that no channel will be suppressed to zero" (section 4.1)."""


class ChannelAttention(nn.Module):
    """Weights of one layer's channels (Fig. 3): max-pooling in a grid, and a perceptron.

    The perceptron is one for all channels of the layer: nine numbers in, nine hidden ones, one
    out.
    """

    def __init__(self) -> None:
        super().__init__()
        cells = GRID * GRID
        self.perceptron = nn.Sequential(
            nn.Linear(cells, cells), nn.ReLU(inplace=True), nn.Linear(cells, 1)
        )

    def forward(self, features: Tensor, rim: int) -> Tensor:
        """Weigh the channels.

        Parameters
        ----------
        features : Tensor
            (N, C, s, s) of targets with what surrounds them, f_s(z^s).
        rim : int
            Cells of the surroundings on each side; what lies between is the target.

        Returns
        -------
        Tensor
            (N, C) xi of Eq. 3, between 0.5 and 1.5.
        """
        logits: Tensor = self.perceptron(grid_maxima(features, rim))
        return logits.squeeze(-1).sigmoid() + FLOOR


def grid_maxima(features: Tensor, rim: int) -> Tensor:
    """Largest value of each channel in each cell of the grid: (N, C, s, s) -> (N, C, 9)."""
    side = features.shape[-1]
    cuts = [slice(0, rim), slice(rim, side - rim), slice(side - rim, side)]
    maxima = [features[..., lines, columns].amax(dim=(2, 3)) for lines in cuts for columns in cuts]
    return torch.stack(maxima, dim=-1)
