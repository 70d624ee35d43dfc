# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of Guo et al. 2017: a Siamese AlexNet or VGG-19, one or two layers of it matched.

"Learning Dynamic Siamese Network for Visual Object Tracking". The transformations that a target
learns are no part of it (`models.dynamic`); how much they are regularised is.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .backbones.alexnet import AlexNet
from .backbones.base import Backbone, check_levels, normalised
from .backbones.vgg import VGG19
from .siamese import Siamese

CELLS = 17
"""Cells along a side of the maps that the fusion is learned for: of crops of 127 and 255 px."""

OWN = frozenset({'log_lambda_v', 'log_lambda_w', 'shares', 'log_scales', 'biases'})
"""Parts that SiamFC's network of the same backbone does not have."""

CHOICE = (4, 5)
"""Convolutions of the AlexNet, or last ones of a block of VGG-19, whose features may be matched;
their maps have one size."""

ALEXNET, VGG = 'alexnet', 'vgg19'


class DSiam(Siamese):
    """SiamFC's network with learned regularisation and, for several layers, learned fusion.

    With the layers ``(5,)`` it is the paper's DSiam, with ``(4, 5)`` DSiamM, and so with VGG-19
    DSiamM_Vgg19. `template` and `search` match the last layer as SiamFC does.

    Parameters
    ----------
    widths : sequence of int, optional
        Output channels of the AlexNet's five convolutions or of VGG-19's five blocks; the
        published ones by default.
    groups : int
        Groups of the AlexNet's convolutions 2, 4 and 5.
    layers : sequence of int
        Numbers of the convolutions that are matched, rising; the last one is 5.
    lambda_v, lambda_w : float
        What both regularisations begin with, for all layers. Section 3.6: "we first manually
        select reasonable values"; these are those of the authors' code for SiamFC's features,
        which has 10 for both with those of VGG-19.
    backbone : {'alexnet', 'vgg19'}

    Raises
    ------
    ValueError
        Another backbone, other layers, or a lambda that is not positive.
    """

    def __init__(
        self,
        widths: Sequence[int] | None = None,
        groups: int = 2,
        layers: Sequence[int] = (5,),
        lambda_v: float = 1e-5,
        lambda_w: float = 10.0,
        backbone: str = ALEXNET,
    ) -> None:
        check_levels(layers, CHOICE)
        if layers[-1] != CHOICE[-1]:
            raise ValueError(f'layers are {[*layers]}: expected the last one to be {CHOICE[-1]}')
        if not (lambda_v > 0 and lambda_w > 0):
            raise ValueError(f'lambdas are {lambda_v} and {lambda_w}: expected positive ones')
        super().__init__(_built(backbone, widths, groups))
        self.layers = tuple(layers)
        count = len(self.layers)
        # Learned through their logarithms, so that they stay positive.
        self.log_lambda_v = nn.Parameter(torch.full((count,), math.log(lambda_v)))
        self.log_lambda_w = nn.Parameter(torch.full((count,), math.log(lambda_w)))
        if count > 1:
            # Eq. 9 asks for maps that sum to one: that of the last layer is what those of the
            # others leave. They begin with zeros, and it with ones (section 3.6).
            self.shares = nn.Parameter(torch.zeros(count - 1, CELLS, CELLS))
            # Responses of another layer have another range.
            self.log_scales = nn.Parameter(torch.full((count - 1,), math.log(1e-3)))
            self.biases = nn.Parameter(torch.zeros(count - 1))

    @property
    def crops_are_parts(self) -> bool:
        """Whether a crop's features are a part of its surroundings': nothing is padded."""
        return isinstance(self.backbone, AlexNet)

    @property
    def lambdas(self) -> tuple[Tensor, Tensor]:
        """lambda_v and lambda_w of each layer (Eq. 5 and 7): both (L,) float32, positive."""
        return self.log_lambda_v.float().exp(), self.log_lambda_w.float().exp()

    def layer_features(self, crops: Tensor) -> tuple[Tensor, ...]:
        """Features of each of the layers.

        Parameters
        ----------
        crops : Tensor
            (N, 3, S, S) RGB in [0, 255].

        Returns
        -------
        tuple of Tensor
            f^l(crops): (N, C, s, s) each. Those of layer 4 have some cells more along a side than
            those of layer 5, in exemplars as in search crops.
        """
        found = self.backbone.pyramid(normalised(crops))
        return tuple(found[layer - CHOICE[-1] - 1] for layer in self.layers)

    def logits(self, sums: Sequence[Tensor]) -> Tensor:
        """Response maps of each layer.

        Parameters
        ----------
        sums : sequence of Tensor
            (N, S, M, M) for each layer: correlations of Eq. 2, of S scales per target.

        Returns
        -------
        Tensor
            (N, L, S, M, M) logits.
        """
        *others, last = sums
        maps = [
            one * self.log_scales[k].exp() + self.biases[k] for k, one in enumerate(others)
        ]
        return torch.stack([*maps, self.scaled(last)], dim=1)

    def fusion(self, cells: int) -> Tensor:
        """The maps of Eq. 9, which sum to one at each cell.

        Around the 17 x 17 cells that they are learned for, as in the larger crop in which a lost
        target is searched, they go on as at their rim; a smaller map has their middle. So a cell
        has the weight that belongs to its distance from the last place.

        Parameters
        ----------
        cells : int
            Cells along a side of the responses, M; odd.

        Returns
        -------
        Tensor
            (L, M, M).
        """
        if len(self.layers) == 1:
            return torch.ones(1, cells, cells).to(self.bias)
        rim = (cells - CELLS) // 2
        # A negative padding cuts off.
        kind = 'replicate' if rim > 0 else 'constant'
        shares = functional.pad(self.shares.unsqueeze(0), [rim] * 4, mode=kind)[0]
        return torch.cat([shares, 1.0 - shares.sum(dim=0, keepdim=True)])

    def fuse(self, maps: Tensor, fusion: Tensor) -> Tensor:
        """Join the maps of the layers (Eq. 9): (N, L, S, M, M) -> (N, S, M, M)."""
        return (maps * fusion.unsqueeze(1)).sum(dim=1)


def _built(backbone: str, widths: Sequence[int] | None, groups: int) -> Backbone:
    known = {} if widths is None else {'widths': widths}
    if backbone == ALEXNET:
        return AlexNet(groups=groups, **known)
    if backbone == VGG:
        return VGG19(**known)
    raise ValueError(f'backbone is {backbone}: expected {ALEXNET} or {VGG}')
