# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AlexNet of stride 8 without padding: the feature extractor of SiamFC, DSiam and SA-Siam."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .base import Backbone

# SiamFC, Table 1. Running statistics over many small batches: siamfc's published code uses these
# two.
EPSILON, MOMENTUM = 1e-6, 0.05


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)


class AlexNet(Backbone):
    """Five convolutions without padding, total stride 8 (SiamFC, Table 1).

    Without padding every cell sees only real pixels and the map is an exact translation of the
    input's, which is what lets a cross-correlation search a larger image. A 127 px input gives 6 x
    6 cells, 255 px gives 22 x 22.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the five convolutions; the paper's are 96, 256, 384, 384, 256.
    groups : int
        Groups of convolutions 2, 4 and 5 (2 in the paper).
    """

    stride = 8

    def __init__(self, widths: Sequence[int] = (96, 256, 384, 384, 256), groups: int = 2) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        self.channels = w5
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, w1, 11, stride=2, bias=False),
            _batch_norm(w1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(w1, w2, 5, groups=groups, bias=False),
            _batch_norm(w2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
        )
        self.conv3 = nn.Sequential(
            nn.Conv2d(w2, w3, 3, bias=False),
            _batch_norm(w3),
            nn.ReLU(inplace=True),
        )
        self.conv4 = nn.Sequential(
            nn.Conv2d(w3, w4, 3, groups=groups, bias=False),
            _batch_norm(w4),
            nn.ReLU(inplace=True),
        )
        # The last layer keeps negative values: a match is a signed inner product.
        self.conv5 = nn.Conv2d(w4, w5, 3, groups=groups)
        self.initialise()

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised images: (N, 3, S, S) -> (N, C, s, s)."""
        x = self.conv3(self.conv2(self.conv1(x)))
        y: Tensor = self.conv5(self.conv4(x))
        return y
