# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every feature extractor says about itself."""

from __future__ import annotations

from torch import nn


class Backbone(nn.Module):
    """Normalised images in, features out: (N, 3, S, S) -> (N, C, s, s).

    Attributes
    ----------
    stride : int
        Pixels of the input between two cells of the features.
    channels : int
        Channels of the features, C.
    """

    stride: int
    channels: int

    def initialise(self) -> None:
        """Draw the kernels so that a ReLU keeps the gradients' variance (He et al. 2015)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
