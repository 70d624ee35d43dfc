# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The dynamic match of DSiam: what one frame teaches, and how it is applied to the next.

Guo et al., "Learning Dynamic Siamese Network for Visual Object Tracking", 2017. Everything here is
differentiable, and nothing of it holds a target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.correlation import cross_correlation
from ..models.dsiam import DSiam
from ..models.dynamic import correlation_spectrum
from .dsiam_settings import FIRST, FIXED, LEARNED, PREVIOUS, DSiamSettings

Layers = tuple[Tensor, ...]
"""A tensor for each layer that is matched."""


@dataclass(frozen=True)
class Learned:
    """What one target's last success taught.

    Attributes
    ----------
    templates : tuple of Tensor
        (C, h, w) for each layer: V * f(O_1), or what stands in its place. V itself is not kept,
        because it is only ever applied to the first exemplar.
    suppression : tuple of Tensor
        (C, H, W // 2 + 1) complex for each layer: W and the template, as `correlation_spectrum`
        joins them, because what W transforms is only ever matched with it; empty without it.
    """

    templates: Layers
    suppression: Layers


@dataclass(frozen=True)
class Lesson:
    """Features from which N targets learn; each a tensor for each layer.

    Attributes
    ----------
    first, latest : tuple of Tensor
        (N, C, h, w): f(O_1) and f(O_t). Without a need for the second it is empty.
    plain, weighted : tuple of Tensor
        (N, C, H, W): f(G_t), and the same with the foreground highlighted. Without a need for
        them they are empty.
    """

    first: Layers
    latest: Layers = ()
    plain: Layers = ()
    weighted: Layers = ()


class Transforming:
    """Learns and applies V and W for many targets at once.

    Parameters
    ----------
    network : DSiam
    settings : DSiamSettings
    """

    def __init__(self, network: DSiam, settings: DSiamSettings) -> None:
        self.network = network
        self.settings = settings

    def match(
        self,
        exemplars: Sequence[Layers],
        learned: Sequence[Learned | None],
        regions: Sequence[Tensor],
    ) -> Tensor:
        """Fused response maps (Eq. 2 and 9): (N, S, M, M) logits; see `layer_maps`."""
        return self.fuse(self.layer_maps(exemplars, learned, regions))

    def layer_maps(
        self,
        exemplars: Sequence[Layers],
        learned: Sequence[Learned | None],
        regions: Sequence[Tensor],
    ) -> Tensor:
        """Response maps of each layer (Eq. 2).

        Parameters
        ----------
        exemplars : sequence of tuple of Tensor
            f(O_1) of N targets: (C, h, w) for each layer.
        learned : sequence of Learned or None
            Of each target; one without any is matched as it was in the first frame.
        regions : sequence of Tensor
            f(Z_t) for each layer: (N, S, C, H, W).

        Returns
        -------
        Tensor
            (N, L, S, M, M) logits.
        """
        templates = [
            torch.stack([
                first[k] if own is None else own.templates[k]
                for first, own in zip(exemplars, learned)
            ])
            for k in range(len(regions))
        ]
        sums = [cross_correlation(z, x) for z, x in zip(templates, regions)]
        rows = [i for i, own in enumerate(learned) if own is not None and own.suppression]
        if rows:
            known = [own for own in learned if own is not None and own.suppression]
            sums = [
                self._suppressed(
                    plain, region, rows, torch.stack([own.suppression[k] for own in known])
                )
                for k, (plain, region) in enumerate(zip(sums, regions))
            ]
        return self.network.logits(sums)

    def fuse(self, maps: Tensor) -> Tensor:
        """Join the maps of the layers (Eq. 9): (N, L, S, M, M) -> (N, S, M, M)."""
        return self.network.fuse(maps, self._fusion(maps.shape[-1]).to(maps))

    def _suppressed(
        self, plain: Tensor, region: Tensor, rows: Sequence[int], spectra: Tensor
    ) -> Tensor:
        """One layer's correlations, in some rows with regions that are transformed by W."""
        # Of the others nothing is touched, so that they are what they are alone.
        index = torch.tensor(rows, device=region.device)
        some = region if len(rows) == len(region) else region.index_select(0, index)
        changed = self.settings.suppressing.match(
            spectra.unsqueeze(1), some.float(), plain.index_select(0, index).float()
        )
        return plain.index_copy(0, index, changed.to(plain.dtype))

    def _fusion(self, cells: int) -> Tensor:
        """The maps of Eq. 9, or what Fig. 9 compares them with: (L, M, M) or (L, 1, 1)."""
        s, count = self.settings, len(self.network.layers)
        if s.fusion == LEARNED or count == 1:
            return self.network.fusion(cells)
        share = s.fixed_share if s.fusion == FIXED else 1.0
        others = [(1.0 - share) / (count - 1)] * (count - 1)
        return torch.tensor([*others, share]).view(-1, 1, 1)

    def learn(self, lesson: Lesson) -> list[Learned]:
        """Learn V (Eq. 6) and W (Eq. 8) of N targets."""
        s = self.settings
        ridges_v, ridges_w = self._ridges()
        templates: Layers
        if s.template == FIRST:
            templates = lesson.first
        elif s.template == PREVIOUS:
            templates = lesson.latest
        else:
            templates = tuple(
                self._varied(first, latest, ridge)
                for first, latest, ridge in zip(lesson.first, lesson.latest, ridges_v)
            )
        spectra = [
            correlation_spectrum(
                s.suppressing.learn(plain.float(), weighted.float(), ridge),
                template.float(),
                (plain.shape[-2], plain.shape[-1]),
            )
            for template, plain, weighted, ridge in zip(
                templates, lesson.plain, lesson.weighted, ridges_w
            )
        ]
        # Copies: a view would keep what all others have learned.
        return [
            Learned(tuple(t[i].clone() for t in templates), tuple(w[i].clone() for w in spectra))
            for i in range(len(lesson.first[0]))
        ]

    def _varied(self, first: Tensor, latest: Tensor, ridge: Tensor) -> Tensor:
        """V * f(O_1), where V was learned from f(O_1) to f(O_t)."""
        x = first.float()
        spectrum = self.settings.varying.learn(x, latest.float(), ridge)
        return self.settings.varying.apply(spectrum, x).to(first.dtype)

    def _ridges(self) -> tuple[Tensor, Tensor]:
        """lambda_v and lambda_w of each layer; a setting goes before what was learned."""
        s = self.settings
        of_v, of_w = self.network.lambdas
        if s.lambda_v > 0:
            of_v = torch.full_like(of_v, s.lambda_v)
        if s.lambda_w > 0:
            of_w = torch.full_like(of_w, s.lambda_w)
        return of_v, of_w
