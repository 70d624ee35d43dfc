# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ResNets of stride 8 with dilated convolutions: the feature extractors of SiamRPN++ (3.2).

The paper says: conv4 and conv5 get a stride of 1, and dilated convolutions that keep their view.
The rest are facts of pysot, whose published weights these networks hold: no padding where a
convolution strides, half the dilation where a layer begins, and shortcuts of 3 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from .base import LayeredBackbone

UNITS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
"""Units of the four layers by depth (He et al. 2016, Table 1); those of 50 are bottlenecks."""

# Stride and dilation of the four layers, which are conv2 to conv5 of the paper.
SAMPLING = ((1, 1), (2, 1), (1, 2), (1, 4))

# Channels of a bottleneck over those of the convolution of 3 pixels in it.
EXPANSION = 4


class DilatedResNet(LayeredBackbone):
    """ResNet-18, 34 or 50 whose conv4 and conv5 keep a stride of 8.

    A crop of 127 px gives 15 x 15 cells, 255 px gives 31 x 31.

    Parameters
    ----------
    depth : int
        18, 34 or 50.
    levels : sequence of int
        Layers that are the levels, rising: 2, 3 and 4 are conv3, conv4 and conv5 of the paper.
    width : int
        Channels of the stem and of the first layer's convolutions of 3 pixels, which double from
        layer to layer. 64 as published; fewer make a light network.

    Raises
    ------
    ValueError
        Another depth, or other levels.
    """

    stride = 8

    def __init__(
        self, depth: int = 50, levels: Sequence[int] = (2, 3, 4), width: int = 64
    ) -> None:
        if depth not in UNITS:
            raise ValueError(f'depth is {depth}: expected one of {[*UNITS]}')
        stem = nn.Sequential(
            nn.Conv2d(3, width, 7, stride=2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        expansion = EXPANSION if depth == 50 else 1
        channels = [width * 2**k * expansion for k in range(len(SAMPLING))]
        layers = [
            _layer(inputs, outputs, outputs // expansion, units, *sampling)
            for inputs, outputs, units, sampling in zip(
                [width, *channels], channels, UNITS[depth], SAMPLING
            )
        ]
        super().__init__(stem, layers, channels, levels, (2, 3, 4))


class Unit(nn.Module):
    """Convolutions beside a shortcut, and a ReLU of their sum (He et al. 2016)."""

    def __init__(self, residual: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.residual = residual
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, s, s) -> (N, C', s', s')."""
        out: Tensor = self.residual(x) + self.shortcut(x)
        return functional.relu(out, inplace=True)


def _layer(
    inputs: int, outputs: int, width: int, units: int, stride: int, dilation: int
) -> nn.Sequential:
    """Units of one size; `width` is that of their convolutions of 3 pixels."""
    # The view grows in two steps.
    first = max(1, dilation // 2)
    shortcut: nn.Module = nn.Identity()
    if stride > 1 or dilation > 1:
        shortcut = nn.Sequential(
            _convolution(inputs, outputs, stride, first), nn.BatchNorm2d(outputs)
        )
    elif inputs != outputs:
        shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )
    residual = _basic if outputs == width else _bottleneck
    return nn.Sequential(
        Unit(residual(inputs, width, stride, (first, dilation)), shortcut),
        *(
            Unit(residual(outputs, width, 1, (dilation, dilation)), nn.Identity())
            for _ in range(units - 1)
        ),
    )


def _basic(inputs: int, width: int, stride: int, dilations: tuple[int, int]) -> nn.Sequential:
    """Two convolutions of 3 pixels, with a dilation each."""
    return nn.Sequential(
        _convolution(inputs, width, stride, dilations[0]),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        _convolution(width, width, 1, dilations[1]),
        nn.BatchNorm2d(width),
    )


def _bottleneck(inputs: int, width: int, stride: int, dilations: tuple[int, int]) -> nn.Sequential:
    """One convolution of 3 pixels, with the first of the dilations, between two of a pixel."""
    return nn.Sequential(
        nn.Conv2d(inputs, width, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        _convolution(width, width, stride, dilations[0]),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, EXPANSION * width, 1, bias=False),
        nn.BatchNorm2d(EXPANSION * width),
    )


def _convolution(inputs: int, outputs: int, stride: int, dilation: int) -> nn.Conv2d:
    # Not padded where it strides: then the cells lie about the middle of a crop of 8 k + 7 px.
    padding = 0 if stride > 1 else dilation
    return nn.Conv2d(inputs, outputs, 3, stride, padding, dilation, bias=False)
