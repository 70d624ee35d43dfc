# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What networks that propose boxes have in common: SiamRPN++'s and C-RPN's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor, nn

from .anchors import Anchors
from .backbones.alexnet import AlexNet
from .backbones.base import Backbone, normalised
from .backbones.dilated_resnet import DilatedResNet
from .backbones.mobilenet import MobileNetV2
from .backbones.resnet import ResNet
from .backbones.siamrpn_alexnet import SiamRPNAlexNet
from .rpn import ProposalMaps

BACKBONES: Mapping[str, Callable[..., Backbone]] = {
    'alexnet': SiamRPNAlexNet,
    'cropped_resnet': ResNet,
    'dilated_resnet': DilatedResNet,
    'mobilenetv2': MobileNetV2,
    'siamfc_alexnet': AlexNet,
}

TEMPLATE_CELLS = 7
"""Cells along a side of a template's features that are kept (SiamRPN++, section 3.2)."""

T = TypeVar('T')


@dataclass(frozen=True)
class Proposals:
    """Boxes that may be each target's: one for each of k anchors at each of M x M cells.

    Attributes
    ----------
    logits : Tensor
        (N, k, M, M) of its being the target, against background.
    boxes : Tensor
        (N, 4, k, M, M) centre and size, in pixels of the search crop, from its middle.
    kept : Tensor
        (N, k, M, M) bool: whether it may be chosen; at least one of each target.
    """

    logits: Tensor
    boxes: Tensor
    kept: Tensor


class ProposalNetwork(nn.Module, ABC):
    """A backbone, and anchors over the cells of the maps that are made of its features.

    All arguments are plain numbers, words, lists and mappings: they are written into a
    checkpoint's header.

    Parameters
    ----------
    backbone : str
        One of `BACKBONES`.
    arguments : mapping, optional
        Arguments of the backbone; its own where left out.
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
    adjust : ModuleList
        See `adjusting`.

    Raises
    ------
    ValueError
        An unknown word.
    """

    adjust: nn.ModuleList

    def __init__(
        self,
        backbone: str,
        arguments: Mapping[str, Any] | None,
        ratios: Sequence[float],
        scales: Sequence[float],
        rounded: bool,
        normalise: bool,
    ) -> None:
        super().__init__()
        self.backbone = named(BACKBONES, backbone)(**(arguments or {}))
        self.stride = self.backbone.stride
        self.anchors = Anchors(tuple(ratios), tuple(scales), self.stride, rounded)
        self.normalise = normalise

    def pixels(self, crops: Tensor) -> Tensor:
        """What the backbone gets of crops: (N, 3, S, S) RGB in [0, 255]."""
        return normalised(crops) if self.normalise else crops

    @abstractmethod
    def template(self, z: Tensor) -> tuple[Tensor, ...]:
        """What is kept of a target.

        Parameters
        ----------
        z : Tensor
            (N, 3, 127, 127) RGB in [0, 255].

        Returns
        -------
        tuple of Tensor
            (N, ...) each, so that the templates of several targets may be joined one by one.
        """

    @abstractmethod
    def maps(self, template: Sequence[Tensor], x: Tensor) -> list[ProposalMaps]:
        """What layers make of each target and its own crop; boxes are not decoded yet.

        Parameters
        ----------
        template : sequence of Tensor
            (N, ...) each, from `template`.
        x : Tensor
            (N, 3, S, S) RGB in [0, 255].
        """

    @abstractmethod
    def proposals(self, maps: Sequence[ProposalMaps]) -> Proposals:
        """Boxes that `maps` mean; no layer is needed for them."""

    def propose(self, template: Sequence[Tensor], x: Tensor) -> Proposals:
        """Boxes that may be each target's in its own crop; arguments as of `maps`."""
        return self.proposals(self.maps(template, x))


def named(known: Mapping[str, T], word: str) -> T:
    """What a word stands for.

    Raises
    ------
    ValueError
        It is not among those that are known.
    """
    if word not in known:
        raise ValueError(f'{word!r} is unknown: expected one of {", ".join(known)}')
    return known[word]


def adjusting(inputs: Sequence[int], channels: Sequence[int] | None) -> nn.ModuleList:
    """Layers that reduce the channels of each level (SiamRPN++, section 3.2).

    Parameters
    ----------
    inputs : sequence of int
        Channels of the levels.
    channels : sequence of int, optional
        Channels they are reduced to; where left out, the layers do nothing.

    Raises
    ------
    ValueError
        There are not as many `channels` as levels.
    """
    if channels is None:
        return nn.ModuleList(nn.Identity() for _ in inputs)
    if len(channels) != len(inputs):
        raise ValueError(f'channels are {channels}: expected {len(inputs)}, one a level')
    return nn.ModuleList(
        nn.Sequential(nn.Conv2d(*sides, 1, bias=False), nn.BatchNorm2d(sides[1]))
        for sides in zip(inputs, channels)
    )
