# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a classifier learns from labelled stills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..models.classifier import Classifier
from ..settings import setting, varied
from .class_material import ClassBatch
from .fit import FitSettings
from .objective import Objective
from .schedules import cosine


@dataclass(frozen=True)
class ClassSettings(FitSettings):
    """How a network learns to tell classes apart."""

    steps: int = varied(FitSettings, 'steps', 2000, '')
    batch: int = varied(FitSettings, 'batch', 64, '')
    decay: float = varied(FitSettings, 'decay', 0.03, '')
    search_size: int = varied(FitSettings, 'search_size', 143, '')
    held_out: float = varied(FitSettings, 'held_out', 0.1, '')
    warmup: int = setting(100, 'steps of linear warm-up; then the rate falls as a cosine', low=0)
    smoothing: float = setting(
        0.1,
        'share of the label that all classes get alike',
        low=0.0,
        high=0.9,
        source='Szegedy et al. 2016',
    )


class ClassObjective(Objective[Classifier, ClassBatch]):
    """The cross-entropy of the classes.

    Parameters
    ----------
    network : Classifier
    settings : ClassSettings
    """

    columns = ('class', 'held_out_loss', 'held_out_top1', 'held_out_top5')
    headline = 'held_out_top1'

    def __init__(self, network: Classifier, settings: ClassSettings) -> None:
        super().__init__()
        self.network = network
        self.settings = settings

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss of a batch; it has one part."""
        loss = functional.cross_entropy(
            self.network(images).float(), labels, label_smoothing=self.settings.smoothing
        )
        return loss, {'class': loss}

    @torch.no_grad()
    def measure(self, network: Classifier, batches: Sequence[ClassBatch]) -> dict[str, float]:
        """Held-out loss, and the shares of images whose class is the first or among five."""
        network.eval()
        logits = torch.cat([network(batch.images).float() for batch in batches])
        labels = torch.cat([batch.labels for batch in batches])
        ranks = (logits > logits.gather(1, labels.unsqueeze(1))).sum(dim=1)
        return {
            'held_out_loss': float(functional.cross_entropy(logits, labels)),
            'held_out_top1': float((ranks < 1).float().mean()),
            'held_out_top5': float((ranks < 5).float().mean()),
        }

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        return self.settings.rate * cosine(step, self.settings.steps, self.settings.warmup)
