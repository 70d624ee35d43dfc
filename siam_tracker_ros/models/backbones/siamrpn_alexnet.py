# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The AlexNet of SiamRPN: that of SiamFC without groups, and with a norm behind every layer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .base import Backbone, Depth


class SiamRPNAlexNet(Backbone):
    """Five convolutions without padding, total stride 8.

    pysot's published weights need it as it is: with a bias before each norm, which could do
    without, and a norm at the end. A crop of 127 px gives 6 x 6 cells, 255 px gives 22 x 22, 287
    px gives 26 x 26.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the five convolutions.
    """

    stride = 8

    def __init__(self, widths: Sequence[int] = (96, 256, 384, 384, 256)) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        self.channels = w5
        self._shapes = (Depth(w3, 2), Depth(w4, 1), Depth(w5, 0))
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, w1, 11, stride=2),
            nn.BatchNorm2d(w1),
            nn.MaxPool2d(3, stride=2),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(w1, w2, 5),
            nn.BatchNorm2d(w2),
            nn.MaxPool2d(3, stride=2),
            nn.ReLU(inplace=True),
        )
        self.conv3 = nn.Sequential(
            nn.Conv2d(w2, w3, 3),
            nn.BatchNorm2d(w3),
            nn.ReLU(inplace=True),
        )
        self.conv4 = nn.Sequential(
            nn.Conv2d(w3, w4, 3),
            nn.BatchNorm2d(w4),
            nn.ReLU(inplace=True),
        )
        # The last layer keeps negative values: a match is a signed inner product.
        self.conv5 = nn.Sequential(nn.Conv2d(w4, w5, 3), nn.BatchNorm2d(w5))
        self.initialise()

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised images: (N, 3, S, S) -> (N, C, s, s)."""
        return self.pyramid(x)[-1]

    @property
    def pyramid_shapes(self) -> tuple[Depth, ...]:
        """See `Backbone.pyramid_shapes`."""
        return self._shapes

    def pyramid(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features of conv3, conv4 and conv5, as C-RPN has them (Fig. 2).

        A crop of 127 px gives 10, 8 and 6 cells, 255 px gives 26, 24 and 22.
        """
        third = self.conv3(self.conv2(self.conv1(x)))
        fourth = self.conv4(third)
        return third, fourth, self.conv5(fourth)
