# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The AlexNet of SiamRPN: that of SiamFC without groups, and with a norm behind every layer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from .alexnet import DEEP, FiveConvolutions


class SiamRPNAlexNet(FiveConvolutions):
    """SiamRPN's AlexNet.

    pysot's published weights need it as it is: with a bias before each norm, which could do
    without, and a norm at the end.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the five convolutions.
    levels : sequence of int
        See `FiveConvolutions`.
    """

    def __init__(
        self, widths: Sequence[int] = (96, 256, 384, 384, 256), levels: Sequence[int] = DEEP
    ) -> None:
        w1, w2, w3, w4, w5 = widths
        layers = (
            nn.Sequential(
                nn.Conv2d(3, w1, 11, stride=2),
                nn.BatchNorm2d(w1),
                nn.MaxPool2d(3, stride=2),
                nn.ReLU(inplace=True),
            ),
            nn.Sequential(
                nn.Conv2d(w1, w2, 5),
                nn.BatchNorm2d(w2),
                nn.MaxPool2d(3, stride=2),
                nn.ReLU(inplace=True),
            ),
            nn.Sequential(
                nn.Conv2d(w2, w3, 3),
                nn.BatchNorm2d(w3),
                nn.ReLU(inplace=True),
            ),
            nn.Sequential(
                nn.Conv2d(w3, w4, 3),
                nn.BatchNorm2d(w4),
                nn.ReLU(inplace=True),
            ),
            # It keeps negative values: a match is a signed inner product.
            nn.Sequential(nn.Conv2d(w4, w5, 3), nn.BatchNorm2d(w5)),
        )
        super().__init__(layers, widths, levels)
