# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MobileNetV2 of stride 8 with dilated convolutions: SiamRPN++'s fast variant.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018. The strides,
dilations and paddings are facts of pysot, whose published weights this network holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .base import LayeredBackbone

# Sandler et al., Table 2, with pysot's strides: expansion, channels, units, stride, dilation.
LAYERS = (
    (1, 16, 1, 1, 1),
    (6, 24, 2, 2, 1),
    (6, 32, 3, 2, 1),
    (6, 64, 4, 1, 2),
    (6, 96, 3, 1, 2),
    (6, 160, 3, 1, 4),
    (6, 320, 1, 1, 4),
)

STEM = 32
"""Channels of the first convolution."""


class InvertedResidual(nn.Module):
    """A wide depthwise convolution between two narrow ends (Sandler et al., section 3.3).

    Parameters
    ----------
    inputs, outputs : int
        Channels of the ends.
    expansion : int
        Channels in between, over the inputs.
    stride, dilation : int
        Those of the depthwise convolution, which is not padded where it strides.
    """

    def __init__(
        self, inputs: int, outputs: int, expansion: int, stride: int, dilation: int
    ) -> None:
        super().__init__()
        inner = inputs * expansion
        padding = 0 if stride > 1 else dilation
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inner, inner, 3, stride, padding, dilation, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, s, s) -> (N, outputs, s', s')."""
        out: Tensor = self.residual(x)
        return x + out if self.shortcut else out


class MobileNetV2(LayeredBackbone):
    """Seven layers of inverted residuals, of which the third reaches the stride of 8.

    A crop of 127 px gives 15 x 15 cells, 255 px gives 31 x 31.

    Parameters
    ----------
    width : float
        Factor on all channels; pysot's published weights have 1.4.
    levels : sequence of int
        Layers that are the levels, rising, 3 to 7.

    Raises
    ------
    ValueError
        Other levels.
    """

    stride = 8

    def __init__(self, width: float = 1.0, levels: Sequence[int] = (3, 5, 7)) -> None:
        inputs = int(STEM * width)
        stem = nn.Sequential(
            nn.Conv2d(3, inputs, 3, stride=2, bias=False),
            nn.BatchNorm2d(inputs),
            nn.ReLU6(inplace=True),
        )
        layers, channels, before = [], [], 1
        for expansion, published, units, stride, dilation in LAYERS:
            outputs = int(published * width)
            # Where the dilation grows, the view grows in two steps.
            first = dilation if dilation == before else max(1, dilation // 2)
            layers.append(
                nn.Sequential(
                    InvertedResidual(inputs, outputs, expansion, stride, first),
                    *(
                        InvertedResidual(outputs, outputs, expansion, 1, dilation)
                        for _ in range(units - 1)
                    ),
                )
            )
            channels.append(outputs)
            inputs, before = outputs, dilation
        super().__init__(stem, layers, channels, levels, range(3, 8))
