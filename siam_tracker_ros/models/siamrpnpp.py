# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of SiamRPN++ (Li et al. 2019, Fig. 3), and of SiamRPN with its correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .anchors import Anchors, anchor_boxes
from .backbones.base import centre
from .proposing import TEMPLATE_CELLS, ProposalNetwork, Proposals, adjusting, named
from .refinement import refine
from .rpn import BLOCKS, RPN, Aggregation, ProposalMaps


class SiamRPN(ProposalNetwork):
    """A backbone's levels, a region proposal block on each of them, and the sum of their maps.

    Parameters
    ----------
    channels : sequence of int, optional
        Channels that each level is reduced to by a convolution of one pixel (section 3.2); the
        backbone's own levels where left out.
    block : str
        One of `BLOCKS`.
    weighted : bool
        See `Aggregation`.
    backbone, arguments, ratios, scales, rounded, normalise
        See `ProposalNetwork`.

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
        super().__init__(backbone, arguments, ratios, scales, rounded, normalise)
        inputs = self.backbone.level_channels
        self.adjust = adjusting(inputs, channels)
        # A list that registers what is in it.
        self.blocks: Sequence[RPN] = nn.ModuleList(  # type: ignore[assignment]
            named(BLOCKS, block)(width, self.anchors.count) for width in channels or inputs
        )
        self.aggregation = Aggregation(len(inputs), weighted)

    def features(self, crops: Tensor) -> list[Tensor]:
        """Levels of crops: (N, 3, S, S) RGB in [0, 255] -> (N, C, s, s) each."""
        levels = self.backbone.levels(self.pixels(crops))
        return [adjust(level) for adjust, level in zip(self.adjust, levels)]

    def template(self, z: Tensor) -> tuple[Tensor, ...]:
        """See `ProposalNetwork.template`: two kernels for each level, in the order of the levels.

        Only the middle of the features is used: with padding they have 15 x 15 cells, a heavy
        burden on the correlation, and a cell sees the whole target anyway (section 3.2).
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

    def maps(self, template: Sequence[Tensor], x: Tensor) -> list[ProposalMaps]:
        """See `ProposalNetwork.maps`: those of `search`."""
        return [self.search(template, x)]

    def proposals(self, maps: Sequence[ProposalMaps]) -> Proposals:
        """See `ProposalNetwork.proposals`; any of them may be chosen."""
        (joined,) = maps
        logits = joined.logits
        anchors = anchor_boxes(self.anchors, logits.shape[-1], logits.device)
        kept = torch.ones_like(logits, dtype=torch.bool)
        return Proposals(logits, refine(anchors, joined.deltas), kept)
