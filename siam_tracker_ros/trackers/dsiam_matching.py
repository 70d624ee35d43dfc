# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Targets of DSiam, and how they are matched: what each of them has learned is applied to it.

Guo et al., "Learning Dynamic Siamese Network for Visual Object Tracking", 2017. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..geometry import Box
from ..models.dsiam import DSiam
from .dsiam_settings import DSiamSettings
from .matcher import Matcher
from .matches import MatchTarget
from .transforming import Layers, Learned, Transforming


def layer_parts(network: DSiam) -> tuple[str, ...]:
    """Names of the layers' responses, where there are several."""
    layers = network.layers if len(network.layers) > 1 else ()
    return tuple(f'conv{layer}' for layer in layers)


class DSiamTarget(MatchTarget):
    """One object: what it looked like at first, and what its last success taught.

    Attributes
    ----------
    exemplars : tuple of Tensor
        (C, h, w) for each layer: f(O_1), the features of the first exemplar.
    exemplar_size : int
        Side of its crop in pixels.
    regions : tuple of Tensor
        (C, H, W) for each layer: features of the first frame's search region, with which what was
        learned is compared to know where its own peak lies.
    first_origin : tuple of float
        `origin` without any transformations.
    learned : Learned or None
        None before the second frame, after a failure and while lost.
    skipped : int
        Successes since then that were not learned from because it is not their turn.
    searched : tuple of Tensor
        (S, C, H, W) for each layer: features of what was searched in this frame; empty between
        two frames.
    """

    def __init__(self, box: Box, exemplars: Layers, exemplar_size: int, fill: Tensor) -> None:
        super().__init__(box, exemplars[-1], fill)
        self.exemplars = exemplars
        self.exemplar_size = exemplar_size
        self.regions: Layers = ()
        self.first_origin = (0.0, 0.0)
        self.learned: Learned | None = None
        self.skipped = 0
        self.searched: Layers = ()

    def learn(self, learned: Learned, origin: tuple[float, float]) -> None:
        """Take what a success taught, and where the peak of its own template lies."""
        self.learned, self.origin, self.skipped = learned, origin, 0

    def drop(self) -> None:
        """Drop what was learned: back to the first frame's exemplar."""
        self.learned, self.origin, self.skipped = None, self.first_origin, 0

    def skips(self, every: int) -> bool:
        """Count a success; whether it is not its turn to be learned from."""
        self.skipped += 1
        return self.learned is not None and self.skipped < every

    def fits(self, cells: int) -> bool:
        """Whether regions of so many cells can be transformed by what was learned."""
        known = self.learned.suppression if self.learned else ()
        return not known or known[-1].shape[-2] == cells

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.drop()


class DynamicMatcher(Matcher):
    """A `Matcher` whose targets have transformations of their own."""

    def __init__(
        self, network: DSiam, settings: DSiamSettings, device: torch.device, dtype: torch.dtype
    ) -> None:
        super().__init__(network, settings, device, dtype)
        self.transforming = Transforming(network, settings)

    def compare(self, targets: Sequence[MatchTarget], crops: Tensor) -> Tensor:
        """See `Matcher.compare`; each target keeps for now what was searched for it."""
        mine = [t for t in targets if isinstance(t, DSiamTarget)]
        features = self.transforming.network.layer_features(crops.flatten(0, 1))
        regions = [f.reshape(*crops.shape[:2], *f.shape[1:]) for f in features]
        for i, target in enumerate(mine):
            target.searched = tuple(region[i] for region in regions)
            if not target.fits(regions[-1].shape[-1]):
                target.drop()
        maps = self.transforming.layer_maps(
            [t.exemplars for t in mine], [t.learned for t in mine], regions
        )
        names = layer_parts(self.transforming.network)
        for target, layers in zip(mine, maps):
            target.parts = dict(zip(names, layers))
        return self.transforming.fuse(maps)
