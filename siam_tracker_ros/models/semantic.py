# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The semantic branch of SA-Siam: features of a classifier, some channels of which count more.

He et al., "A Twofold Siamese Network for Real-Time Object Tracking", 2018. Sections cited without
a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import ChannelAttention
from .backbones.alexnet import AlexNet, FiveConvolutions
from .backbones.base import centre, normalised
from .backbones.siamrpn_alexnet import SiamRPNAlexNet
from .correlation import cross_correlation
from .proposing import named
from .siamese import Siamese

NETS: Mapping[str, Callable[..., FiveConvolutions]] = {
    'alexnet': SiamRPNAlexNet,
    'siamfc_alexnet': AlexNet,
}
"""Layers of S-Net, which is "AlexNet-like" (section 4.1)."""

RIM = 8
"""Cells on each side of a target that show what surrounds it: z^s has 255 px, z 127 (4.1)."""


class Semantic(Siamese):
    """``h_s(z^s, X) = corr(g(xi * f_s(z)), g(f_s(X)))`` (Eq. 3), with a scale and a bias.

    f_s are several layers of S-Net, a classifier's backbone that does not learn here (section
    3.1); g is a 1 x 1 convolution of each of them; xi are the weights of `ChannelAttention`.

    The layers of a backbone without padding differ in size by the same on both sides of the
    correlation. The smaller ones are surrounded by zeros, so that all of them are one tensor:
    their products with what the others have there are none, and the maps are what each layer alone
    would give, added.

    Parameters
    ----------
    backbone : str
        One of `NETS`; ``alexnet`` takes torchvision's weights.
    arguments : mapping, optional
        Its arguments but for the layers; its own where left out.
    levels : sequence of int
        Numbers of the convolutions whose features are matched.
    channels : sequence of int
        Outputs of g for each layer.
    attention : bool
        Whether channels are weighed; without, xi is 1 (Table 1).

    Attributes
    ----------
    layer_names : tuple of str
        Of the convolutions.

    Raises
    ------
    ValueError
        An unknown backbone, or other numbers of channels than of layers.
    """

    surroundings = 2 * RIM * 8

    def __init__(
        self,
        backbone: str = 'alexnet',
        arguments: Mapping[str, Any] | None = None,
        levels: Sequence[int] = (4, 5),
        channels: Sequence[int] = (128, 128),
        attention: bool = True,
    ) -> None:
        super().__init__(named(NETS, backbone)(**(arguments or {}), levels=levels))
        self.layer_names = tuple(f'conv{number}' for number in levels)
        depths = self.backbone.pyramid_shapes
        if len(channels) != len(depths):
            raise ValueError(f'channels are {channels}: expected {len(depths)} numbers')
        self.backbone.requires_grad_(False)
        self.fusions = nn.ModuleList(
            nn.Conv2d(depth.channels, count, 1) for depth, count in zip(depths, channels)
        )
        self.attentions = nn.ModuleList(ChannelAttention() for _ in depths if attention)
        self._channels = list(channels)
        largest = max(depth.rim for depth in depths)
        self._paddings = [largest - depth.rim for depth in depths]

    def train(self, mode: bool = True) -> Semantic:
        """Switch to training; the backbone stays as it is, its running statistics with it."""
        super().train(mode)
        self.backbone.eval()
        return self

    def layers(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Features f_s of crops, one of each layer: (N, 3, S, S) -> (N, C, s, s) each.

        They are sparse, as behind a classifier's ReLUs: maxima say something about them (section
        3.3).
        """
        return tuple(functional.relu(f) for f in self.backbone.pyramid(normalised(crops)))

    def features(self, crops: Tensor) -> Tensor:
        """Fused features g(f_s(X)) of all layers: (N, 3, S, S) -> (N, C, s, s)."""
        return self._fused(self.layers(crops))

    def template(self, z: Tensor) -> Tensor:
        """Fused features of targets whose channels are weighed: g(xi * f_s(z)).

        Parameters
        ----------
        z : Tensor
            (N, 3, S, S) targets with their surroundings, z^s: S is `surroundings` more than the
            side of an exemplar.

        Returns
        -------
        Tensor
            (N, C, h, w).
        """
        layers = self.layers(z)
        return self._fused(
            [
                centre(f, f.shape[-1] - 2 * RIM) * w[..., None, None]
                for f, w in zip(layers, self._weights(layers))
            ]
        )

    def weights(self, z: Tensor) -> tuple[Tensor, ...]:
        """The channels' weights xi, of each layer, for targets with their surroundings: (N, C)."""
        return self._weights(self.layers(z))

    def _weights(self, layers: Sequence[Tensor]) -> tuple[Tensor, ...]:
        if not self.attentions:
            return tuple(f.new_ones(f.shape[:2]) for f in layers)
        return tuple(attend(f, RIM) for attend, f in zip(self.attentions, layers))

    def _fused(self, layers: Sequence[Tensor]) -> Tensor:
        parts = zip(layers, self.fusions, self._paddings)
        return torch.cat([functional.pad(g(f), [rim] * 4) for f, g, rim in parts], dim=1)

    def layer_maps(self, template: Tensor, x: Tensor) -> Tensor:
        """What each layer adds to the response, without the bias.

        Parameters
        ----------
        template : Tensor
            (N, C, h, w), from `template`.
        x : Tensor
            (N, S, 3, side, side) crops, S scales per target.

        Returns
        -------
        Tensor
            (N, L, S, M, M); `search` returns the sum over the layers, plus the bias.
        """
        pairs = zip(
            torch.split(template, self._channels, dim=1),
            torch.split(self.regions(x), self._channels, dim=2),
        )
        sums = torch.stack([cross_correlation(z, f) for z, f in pairs], dim=1)
        return sums * self.log_scale.exp()
