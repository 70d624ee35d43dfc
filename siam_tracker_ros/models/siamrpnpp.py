# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of SiamRPN++ (Li et al. 2019, Fig. 3), and of SiamRPN with its correlation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from .anchors import Anchors
from .backbones.base import Backbone, centre, normalised
from .backbones.dilated_resnet import DilatedResNet
from .backbones.mobilenet import MobileNetV2
from .backbones.resnet import ResNet
from .backbones.siamrpn_alexnet import SiamRPNAlexNet
from .rpn import RPN, Aggregation, DepthwiseRPN, ProposalMaps, UpChannelRPN

BACKBONES: Mapping[str, Callable[..., Backbone]] = {
    'alexnet': SiamRPNAlexNet,
    'cropped_resnet': ResNet,
    'dilated_resnet': DilatedResNet,
    'mobilenetv2': MobileNetV2,
}

BLOCKS: Mapping[str, Callable[[int, int], RPN]] = {
    'depthwise': DepthwiseRPN,
    'up_channel': UpChannelRPN,
}

TEMPLATE_CELLS = 7
"""Cells along a side of a template's features that are kept (section 3.2)."""


class SiamRPN(nn.Module):
    """A backbone's levels, a region proposal block on each of them, and the sum of their maps.

    All arguments are plain numbers, words, lists and mappings: they are written into a
    checkpoint's header.

    Parameters
    ----------
    backbone : str
        One of `BACKBONES`.
    arguments : mapping, optional
        Arguments of the backbone; its own where left out.
    channels : sequence of int, optional
        Channels that each level is reduced to by a convolution of one pixel (section 3.2); the
        backbone's own levels where left out.
    block : str
        One of `BLOCKS`.
    weighted : bool
        See `Aggregation`.
    ratios, scales, rounded
        Those of `Anchors`.
    normalise : bool
        Whether the backbone gets `normalised` pixels, as those that were trained for this package
        do, or the pixels as they are, as pysot's do.

    Attributes
    ----------
    anchors : Anchors
        What the maps are about.
    stride : int
        Pixels of the search crop between two cells of the maps.

    Raises
    ------
    ValueError
        An unknown word, or not as many `channels` as levels.
    """

    def __init__(
        self,
        backbone: str = 'dilated_resnet',
        arguments: Mapping[str, Any] | None = None,
        channels: Sequence[int] | None = (256, 256, 256),
        block: str = 'depthwise',
        weighted: bool = True,
        ratios: Sequence[float] = Anchors.ratios,
        scales: Sequence[float] = Anchors.scales,
        rounded: bool = Anchors.rounded,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        for word, known in ((backbone, BACKBONES), (block, BLOCKS)):
            if word not in known:
                raise ValueError(f'{word!r} is unknown: expected one of {", ".join(known)}')
        self.backbone = BACKBONES[backbone](**(arguments or {}))
        self.stride = self.backbone.stride
        self.anchors = Anchors(tuple(ratios), tuple(scales), self.stride, rounded)
        self.normalise = normalise
        inputs = self.backbone.level_channels
        outputs = inputs if channels is None else tuple(channels)
        if len(outputs) != len(inputs):
            raise ValueError(f'channels are {channels}: expected {len(inputs)}, one a level')
        self.adjust = nn.ModuleList(
            nn.Identity() if channels is None else _adjusting(*sides)
            for sides in zip(inputs, outputs)
        )
        # A list that registers what is in it.
        self.blocks: Sequence[RPN] = nn.ModuleList(  # type: ignore[assignment]
            BLOCKS[block](width, self.anchors.count) for width in outputs
        )
        self.aggregation = Aggregation(len(inputs), weighted)

    def features(self, crops: Tensor) -> list[Tensor]:
        """Levels of crops: (N, 3, S, S) RGB in [0, 255] -> (N, C, s, s) each."""
        pixels = normalised(crops) if self.normalise else crops
        levels = self.backbone.levels(pixels)
        return [adjust(level) for adjust, level in zip(self.adjust, levels)]

    def template(self, z: Tensor) -> tuple[Tensor, ...]:
        """What is kept of a target: two kernels for each level, in the order of the levels.

        Only the middle of the features is used: with padding they have 15 x 15 cells, a heavy
        burden on the correlation, and a cell sees the whole target anyway (section 3.2).

        Parameters
        ----------
        z : Tensor
            (N, 3, 127, 127) RGB in [0, 255].

        Returns
        -------
        tuple of Tensor
            (N, ...) each, so that the templates of several targets may be joined one by one.
        """
        kernels: list[Tensor] = []
        for block, level in zip(self.blocks, self.features(z)):
            kernels.extend(block.template(centre(level, TEMPLATE_CELLS)))
        return tuple(kernels)

    def search(self, template: Sequence[Tensor], x: Tensor) -> ProposalMaps:
        """Find each target in its own crop.

        Parameters
        ----------
        template : sequence of Tensor
            (N, ...) each, from `template`.
        x : Tensor
            (N, 3, S, S) RGB in [0, 255].

        Returns
        -------
        ProposalMaps
            S_all and B_all of Eq. 2, about `anchors`.grid(M).
        """
        kernels = zip(template[::2], template[1::2])
        levels = zip(self.blocks, kernels, self.features(x))
        maps: ProposalMaps = self.aggregation([p.search(pair, level) for p, pair, level in levels])
        return maps


def _adjusting(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
