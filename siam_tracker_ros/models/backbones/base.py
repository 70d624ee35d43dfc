# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every feature extractor says about itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

# What `normalised` takes off from pixels in [0, 1], and divides them by.
OUR_MEAN, OUR_DEVIATION = 127.5 / 255.0, 64.0 / 255.0

# What torchvision's classifiers have in their place.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Depth(NamedTuple):
    """Features of a backbone's pyramid.

    Attributes
    ----------
    channels : int
    rim : int
        Cells that they have on each side beyond the deepest features.
    """

    channels: int
    rim: int


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

    @property
    def level_channels(self) -> tuple[int, ...]:
        """Channels of each of the `levels`."""
        return (self.channels,)

    def levels(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features of several depths, shallow to deep, all of one stride and size.

        They are what layer-wise aggregation joins (SiamRPN++, section 3.3). A backbone has one
        level where it says nothing else.
        """
        return (self(x),)

    @property
    def pyramid_shapes(self) -> tuple[Depth, ...]:
        """What the `pyramid` consists of."""
        return tuple(Depth(channels, 0) for channels in self.level_channels)

    def pyramid(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features of several depths, shallow to deep, all of one stride, each of its own size.

        They are what C-RPN transfers from the deep ones to the shallow ones (section 3.4). The
        `levels`, where a backbone says nothing else.
        """
        return self.levels(x)

    def initialise(self) -> None:
        """Draw the kernels so that a ReLU keeps the gradients' variance (He et al. 2015)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')


def check_levels(levels: Sequence[int], choice: Sequence[int]) -> None:
    """Refuse levels that a backbone does not have, or that do not rise.

    Raises
    ------
    ValueError
        They do not.
    """
    if not levels or list(levels) != sorted(set(levels) & set(choice)):
        raise ValueError(f'levels are {levels}: expected some of {[*choice]}, rising')


class CroppedBackbone(Backbone):
    """One that does not pad: a level has fewer cells than the shallower ones.

    Parameters
    ----------
    channels : sequence of int
        Channels of each level.
    rims : sequence of int
        Cells that each level has on each side beyond the size that `levels` have.
    """

    def __init__(self, channels: Sequence[int], rims: Sequence[int]) -> None:
        super().__init__()
        self.channels = channels[-1]
        self._level_channels = tuple(channels)
        self._rims = tuple(rims)

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised images, the last level: (N, 3, S, S) -> (N, C, s, s)."""
        return self.levels(x)[-1]

    @property
    def level_channels(self) -> tuple[int, ...]:
        """See `Backbone.level_channels`."""
        return self._level_channels

    def levels(self, x: Tensor) -> tuple[Tensor, ...]:
        """The middle of the `pyramid`.

        What lies at the same place of two levels sees the same middle.
        """
        found = zip(self.pyramid(x), self._rims)
        return tuple(centre(features, features.shape[-1] - 2 * rim) for features, rim in found)

    @property
    def pyramid_shapes(self) -> tuple[Depth, ...]:
        """See `Backbone.pyramid_shapes`."""
        depths = zip(self._level_channels, self._rims)
        return tuple(Depth(channels, rim - self._rims[-1]) for channels, rim in depths)

    @abstractmethod
    def pyramid(self, x: Tensor) -> tuple[Tensor, ...]:
        """See `Backbone.pyramid`."""


class LayeredBackbone(Backbone):
    """A stem and numbered layers, the features of some of which are the levels.

    Parameters
    ----------
    stem : Module
        Images in, (N, 3, S, S).
    layers : sequence of Module
        Layer 1 and what follows it. Those behind the last level are left out.
    channels : sequence of int
        Channels of each layer's features.
    levels : sequence of int
        Numbers of the layers that are levels, rising.
    choice : sequence of int
        Numbers of the layers that have the backbone's stride.

    Raises
    ------
    ValueError
        A level is not among them, or they do not rise.
    """

    def __init__(
        self,
        stem: nn.Module,
        layers: Sequence[nn.Module],
        channels: Sequence[int],
        levels: Sequence[int],
        choice: Sequence[int],
    ) -> None:
        check_levels(levels, choice)
        super().__init__()
        self.stem = stem
        self.layers = nn.ModuleList(layers[: levels[-1]])
        self._numbers = tuple(levels)
        self.channels = channels[levels[-1] - 1]
        self._level_channels = tuple(channels[number - 1] for number in levels)
        self.initialise()

    @property
    def level_channels(self) -> tuple[int, ...]:
        """See `Backbone.level_channels`."""
        return self._level_channels

    def forward(self, x: Tensor) -> Tensor:
        """Features of normalised images, the last level: (N, 3, S, S) -> (N, C, s, s)."""
        return self.levels(x)[-1]

    def levels(self, x: Tensor) -> tuple[Tensor, ...]:
        """See `Backbone.levels`."""
        x = self.stem(x)
        found = {}
        for number, layer in enumerate(self.layers, start=1):
            x = found[number] = layer(x)
        return tuple(found[number] for number in self._numbers)


def normalised(crops: Tensor) -> Tensor:
    """Pixels in [0, 255] as the backbones trained for this package expect them: about 0."""
    return (crops - 127.5).mul_(1 / 64.0)


def centre(features: Tensor, cells: int) -> Tensor:
    """The middle of square features: (N, C, s, s) -> (N, C, m, m), all where s is less.

    m is `cells`, or one more where s - `cells` is odd: what is cut off is alike on all sides, so
    that the middle stays the middle. Half a cell beside it is half a stride in every later frame.
    """
    side = features.shape[-1]
    rim = max(0, (side - cells) // 2)
    return features[..., rim : side - rim, rim : side - rim]
