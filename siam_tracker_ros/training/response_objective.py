# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What networks with one response map learn, such as SiamFC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.siamese import Siamese
from ..settings import setting
from .losses import absent_peaks, balanced_logistic, disagreement, distance_map, place_entropy
from .objective import Objective
from .pair_material import PairSettings
from .resuming import TEACHER, checksum
from .scenes import Batch
from .schedules import cosine


@dataclass(frozen=True)
class ResponseSettings(PairSettings):
    """How a network learns to answer with a peak where the target is."""

    warmup: int = setting(100, 'steps of linear warm-up; then the rate falls as a cosine', low=0)
    radius: float = setting(
        2.0, 'cells around the target that are positive', low=0.5, high=8.0, source='SiamFC Eq. 4'
    )
    place_weight: float = setting(
        0.3, 'weight of the softmax loss of the place', low=0.0, high=10.0
    )
    absent_weight: float = setting(
        0.25, 'weight of the loss of exemplars that are absent', low=0.0, high=10.0
    )
    teacher_weight: float = setting(
        1.0,
        'weight of the difference from the maps of a teacher, where there is one',
        low=0.0,
        high=10.0,
    )


class ResponseObjective(Objective[Siamese, Batch]):
    """Peaks where targets are, none where they are absent, and what a teacher knows.

    Parameters
    ----------
    network : Siamese
    settings : ResponseSettings
    teacher : Siamese, optional
        A trained network of the same stride, whose maps are learned, too.
    """

    columns = (
        'logistic',
        'place',
        'absent',
        'held_out_loss',
        'held_out_hit',
        'held_out_auroc',
        'teacher',
    )
    headline = 'held_out_hit'

    def __init__(
        self, network: Siamese, settings: ResponseSettings, teacher: Siamese | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.teacher = None if teacher is None else teacher.eval().requires_grad_(False)

    def forward(
        self, exemplars: Tensor, searches: Tensor, boxes: Tensor, foreign: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of a batch's losses, and each of them."""
        batch = Batch(exemplars, searches, boxes, foreign)
        taught = None
        if self.teacher is not None:
            with torch.no_grad():
                taught = all_maps(self.teacher, batch)
        return losses(self.network, batch, self.settings, taught)

    @torch.no_grad()
    def measure(self, network: Siamese, batches: Sequence[Batch]) -> dict[str, float]:
        """Held-out loss, share of peaks within two cells of the target, AUROC of presence."""
        network.eval()
        totals, hits, present, absent = [], [], [], []
        for batch in batches:
            total, _ = losses(network, batch, self.settings)
            totals.append(float(total))
            maps = all_maps(network, batch)
            own = maps.diagonal(dim1=0, dim2=1).permute(2, 0, 1)
            distance = distance_map(batch.centres, maps.shape[-1], network.backbone.stride)
            place = own.flatten(1).argmax(dim=1, keepdim=True)
            hits.append((distance.flatten(1).gather(1, place) <= 2.0).float())
            present.append(own.flatten(1).amax(dim=1))
            absent.append(maps.flatten(2).amax(dim=2)[batch.foreign])
        p, a = torch.cat(present), torch.cat(absent)
        return {
            'held_out_loss': sum(totals) / len(totals),
            'held_out_hit': float(torch.cat(hits).mean()),
            'held_out_auroc': float((p.view(-1, 1) > a.view(1, -1)).float().mean()),
        }

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        s = self.settings
        return s.rate * cosine(step, s.steps, s.warmup)

    def facts(self) -> dict[str, object]:
        """Tell the teacher from others."""
        return {TEACHER: None if self.teacher is None else checksum(self.teacher)}


def all_maps(network: Siamese, batch: Batch) -> Tensor:
    """Logits of every search crop (first) against every exemplar (second): (N, N, M, M)."""
    template = network.template(batch.exemplars)
    return network.match_all(template, network.features(batch.searches)).float()


def losses(
    network: Siamese, batch: Batch, settings: ResponseSettings, taught: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the weighted sum of a batch's losses, and each of them.

    Parameters
    ----------
    network : Siamese
    batch : Batch
    settings : ResponseSettings
    taught : Tensor, optional
        The teacher's maps of the batch, (N, N, M, M).
    """
    maps = all_maps(network, batch)
    own = maps.diagonal(dim1=0, dim2=1).permute(2, 0, 1)
    distance = distance_map(batch.centres, maps.shape[-1], network.backbone.stride)
    parts = {
        'logistic': balanced_logistic(own, distance, settings.radius),
        'place': place_entropy(own, distance, settings.radius / 2),
        'absent': absent_peaks(maps, batch.foreign),
    }
    total = (
        parts['logistic']
        + settings.place_weight * parts['place']
        + settings.absent_weight * parts['absent']
    )
    if taught is not None:
        parts['teacher'] = disagreement(maps, taught, distance, settings.radius)
        total = total + settings.teacher_weight * parts['teacher']
    return total, parts
