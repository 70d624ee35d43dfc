# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A classifier of images, whose features the semantic branch of SA-Siam has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from .backbones.base import normalised
from .proposing import named
from .semantic import NETS


class Classifier(nn.Module):
    """A backbone, the mean of whose features over all places says what an image shows.

    AlexNet has two large layers in place of the mean; of few images they would learn each by
    heart. With the mean, what a channel means is the same at every place, as it is for matching.

    Parameters
    ----------
    classes : sequence of str
        Their names; two or more.
    backbone : str
        One of `NETS`.
    arguments : mapping, optional
        Its arguments but for the layers; its own where left out.
    dropout : float
        Share of the means that are left out in training.
    """

    def __init__(
        self,
        classes: Sequence[str],
        backbone: str = 'alexnet',
        arguments: Mapping[str, Any] | None = None,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.backbone = named(NETS, backbone)(**(arguments or {}))
        self.classes = tuple(classes)
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(self.backbone.channels, len(classes))
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits of each class: (N, 3, S, S) RGB in [0, 255] -> (N, K)."""
        # Behind a ReLU, as the semantic branch takes them.
        features = functional.relu(self.backbone(normalised(images)))
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits
