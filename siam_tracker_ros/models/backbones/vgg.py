# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""VGG-19 (Simonyan and Zisserman 2015), of which DSiam matches conv4-4 and conv5-4."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .base import DEVIATION, MEAN, OUR_DEVIATION, OUR_MEAN, Backbone

# Configuration E: convolutions of each block; a pooling follows each of them.
BLOCKS = (2, 2, 4, 4, 4)


class VGG19(Backbone):
    """The convolutions of VGG-19 up to conv5-4, with the names and numbers of torchvision's.

    Both layers have a stride of 8, so that their response maps have one size: the fourth pooling
    has a stride of 1 here, and the fifth block a dilation of 2. So every other cell of conv5-4 is
    one of the published network, and those between see what lies between. A crop of 127 px gives
    15 and 14 cells, 255 px gives 31 and 30.

    Its convolutions pad with zeros, as they were trained: without, nothing would be left of an
    exemplar. Features near the rim of a crop know the rim, and those of an exemplar are not the
    middle of those of its surroundings.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the five blocks.
    """

    stride = 8

    def __init__(self, widths: Sequence[int] = (64, 128, 256, 512, 512)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for number, (width, count) in enumerate(zip(widths, BLOCKS), start=1):
            dilation = 2 if number == len(BLOCKS) else 1
            if number == len(BLOCKS):
                self._shallow = len(layers)
            if number > 1:
                layers.append(nn.MaxPool2d(2, stride=2 if dilation == 1 else 1))
            for _ in range(count):
                layers += [
                    nn.Conv2d(before, width, 3, padding=dilation, dilation=dilation),
                    nn.ReLU(inplace=True),
                ]
                before = width
        self.features = nn.Sequential(*layers)
        self.channels = before
        self._level_channels = tuple(widths[-2:])
        self.initialise()

    @property
    def level_channels(self) -> tuple[int, ...]:
        """See `Backbone.level_channels`."""
        return self._level_channels

    def forward(self, x: Tensor) -> Tensor:
        """conv5-4 of normalised images: (N, 3, S, S) -> (N, C, s, s)."""
        return self.pyramid(x)[-1]

    def pyramid(self, x: Tensor) -> tuple[Tensor, ...]:
        """conv4-4 and conv5-4 after their ReLU, as the authors of DSiam use them."""
        shallow = self.features[: self._shallow](_as_trained(x))
        return shallow, self.features[self._shallow :](shallow)


def _as_trained(x: Tensor) -> Tensor:
    """`normalised` pixels as torchvision's network expects them, the mean image taken off.

    This is no part of the first kernels, because zeros that they pad are then that mean.
    """
    mean, deviation = (x.new_tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    return (x * OUR_DEVIATION + OUR_MEAN - mean) / deviation
