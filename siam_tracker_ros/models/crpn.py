# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of C-RPN (Fan and Ling 2019, Fig. 2).

"Siamese Cascaded Region Proposal Networks for Real-Time Visual Tracking". The paper numbers layers
as it does stages, from the deepest on: phi_1 is what conv5 of an AlexNet makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

from torch import Tensor, nn

from .anchors import Anchors, anchor_boxes
from .backbones.base import centre
from .proposing import TEMPLATE_CELLS, ProposalNetwork, Proposals, adjusting, named
from .refinement import StageOutput, cascade, proposals
from .rpn import BLOCKS, RPN, Aggregation, ProposalMaps
from .transfer import FeatureTransferBlock

FUSIONS = TRANSFER, LAST, RESULTS = 'transfer', 'last', 'results'
"""What a stage sees; see `CRPN`."""


class Stage(nn.Module):
    """RPN_l: a region proposal block, and in a baseline the mean of several (section 3.3).

    Parameters
    ----------
    block : str
        One of `BLOCKS`.
    widths : sequence of int
        Channels of all features that the stage sees.
    anchors : int
        Anchors of a cell, k.
    """

    def __init__(self, block: str, widths: Sequence[int], anchors: int) -> None:
        super().__init__()
        # A list that registers what is in it.
        self.blocks: Sequence[RPN] = nn.ModuleList(  # type: ignore[assignment]
            named(BLOCKS, block)(width, anchors) for width in widths
        )
        self.mean = Aggregation(len(widths), weighted=False)

    def template(self, seen: Sequence[Tensor]) -> list[Tensor]:
        """Two kernels for each of the features of a template, (N, ...)."""
        pairs = [block.template(features) for block, features in zip(self.blocks, seen)]
        return [kernel for pair in pairs for kernel in pair]

    def search(self, kernels: Sequence[Tensor], seen: Sequence[Tensor]) -> ProposalMaps:
        """Predictions from each target's kernels and its own search features (Eq. 3)."""
        pairs = zip(kernels[::2], kernels[1::2])
        maps = [block.search(pair, x) for block, pair, x in zip(self.blocks, pairs, seen)]
        mean: ProposalMaps = self.mean(maps)
        return mean


class CRPN(ProposalNetwork):
    """Region proposal blocks in a cascade, from deep features to shallow ones.

    Parameters
    ----------
    channels : sequence of int, optional
        Channels that phi_1, phi_2, ... are reduced to by a convolution of one pixel, as SiamRPN++
        does; the backbone's own where left out, as in the paper.
    block : str
        One of `BLOCKS`.
    stages : int
        L. One stage is SiamRPN (Table 4).
    fusion : str
        What a stage sees. ``transfer``: Phi_l, its own features and all deeper ones through a
        `FeatureTransferBlock`. The others are the baselines of Table 6: ``last``, phi_1 in every
        stage; ``results``, phi_1 to phi_L in every stage, by the mean of what each of them
        predicts.
    theta : float
        Negative confidence above which a stage removes an anchor; 1 removes none (Table 5).
    rescale : bool
        See `FeatureTransferBlock`.
    backbone, arguments, ratios, scales, rounded, normalise
        See `ProposalNetwork`.

    Raises
    ------
    ValueError
        An unknown word, not as many `channels` as features, more stages than the backbone has
        features, or a `theta` outside (0, 1].
    """

    def __init__(
        self,
        backbone: str = 'alexnet',
        arguments: Mapping[str, Any] | None = None,
        channels: Sequence[int] | None = None,
        block: str = 'up_channel',
        stages: int = 3,
        fusion: str = TRANSFER,
        theta: float = 0.95,
        rescale: bool = False,
        ratios: Sequence[float] = Anchors.ratios,
        scales: Sequence[float] = Anchors.scales,
        rounded: bool = Anchors.rounded,
        normalise: bool = True,
    ) -> None:
        super().__init__(backbone, arguments, ratios, scales, rounded, normalise)
        if fusion not in FUSIONS:
            raise ValueError(f'{fusion!r} is unknown: expected one of {", ".join(FUSIONS)}')
        if not 0 < theta <= 1:
            raise ValueError(f'theta is {theta}: expected more than 0, and 1 at most')
        shapes = self.backbone.pyramid_shapes[::-1]
        if stages < 1 or (stages > len(shapes) and fusion != LAST):
            raise ValueError(f'{stages} stages: expected 1 to {len(shapes)}, one a depth')
        shapes = shapes[: 1 if fusion == LAST else stages]
        inputs = [shape.channels for shape in shapes]
        self.theta = theta
        self.adjust = adjusting(inputs, channels)
        widths = channels or inputs
        self.transfers = nn.ModuleList()
        seen = [widths] * stages
        if fusion == TRANSFER:
            seen = [[width] for width in widths]
            for (deep, shallow), (near, far) in zip(pairwise(widths), pairwise(shapes)):
                # What was rescaled has the size of phi_1, which has no rim.
                rim = far.rim if rescale else far.rim - near.rim
                self.transfers.append(FeatureTransferBlock(deep, shallow, rim, rescale))
        self.fusion = fusion
        self.stages: Sequence[Stage] = nn.ModuleList(  # type: ignore[assignment]
            Stage(block, sight, self.anchors.count) for sight in seen
        )

    def features(self, crops: Tensor) -> list[list[Tensor]]:
        """What each stage sees of crops: (N, 3, S, S) RGB in [0, 255] -> (N, C, s, s) each."""
        pyramid = self.backbone.pyramid(self.pixels(crops))[::-1]
        levels = [adjust(features) for adjust, features in zip(self.adjust, pyramid)]
        if self.fusion != TRANSFER:
            return [levels] * len(self.stages)
        fused = levels[:1]
        for transfer, level in zip(self.transfers, levels[1:]):
            fused.append(transfer(fused[-1], level))
        return [[features] for features in fused]

    def template(self, z: Tensor) -> tuple[Tensor, ...]:
        """See `ProposalNetwork.template`: two kernels for all that each stage sees.

        Where the deepest features are larger than `TEMPLATE_CELLS`, what is cut off them is cut
        off all others, too: the maps of all stages have one size. It is alike on all sides.
        """
        seen = self.features(z)
        surplus = max(0, seen[0][0].shape[-1] - TEMPLATE_CELLS)
        kernels: list[Tensor] = []
        for stage, sight in zip(self.stages, seen):
            middles = [centre(each, each.shape[-1] - surplus) for each in sight]
            kernels.extend(stage.template(middles))
        return tuple(kernels)

    def search(self, template: Sequence[Tensor], x: Tensor) -> list[StageOutput]:
        """Find each target in its own crop, in every stage.

        Parameters
        ----------
        template : sequence of Tensor
            (N, ...) each, from `template`.
        x : Tensor
            (N, 3, S, S) RGB in [0, 255].

        Returns
        -------
        list of StageOutput
            One for each stage, in their order; the first one is about `anchors`.grid(M).
        """
        return self._cascaded(self.maps(template, x))

    def maps(self, template: Sequence[Tensor], x: Tensor) -> list[ProposalMaps]:
        """See `ProposalNetwork.maps`: those of each stage."""
        kernels = iter(template)
        return [
            stage.search([*islice(kernels, 2 * len(sight))], sight)
            for stage, sight in zip(self.stages, self.features(x))
        ]

    def proposals(self, maps: Sequence[ProposalMaps]) -> Proposals:
        """See `ProposalNetwork.proposals`: what the last stage keeps."""
        return proposals(self._cascaded(maps), self.theta)

    def _cascaded(self, maps: Sequence[ProposalMaps]) -> list[StageOutput]:
        classes = maps[0].classes
        anchors = anchor_boxes(self.anchors, classes.shape[-1], classes.device)
        return cascade(maps, anchors, self.theta)
