# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fully convolutional Siamese networks: one backbone on both sides of a cross-correlation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .backbones.base import Backbone, normalised
from .correlation import all_pairs_correlation, cross_correlation


class Siamese(nn.Module):
    """``f(z, x) = scale * phi(z) * phi(x) + b`` (SiamFC Eq. 1; cascaded Siamese Eq. 1).

    The scale keeps the sum over thousands of products near 1, so that the logistic loss neither
    saturates nor starts flat; published code fixes it at 1e-3 (siamfc) or learns the bias only
    (SA-Siam). Here both are learned, the scale through its logarithm so that it stays positive.

    Parameters
    ----------
    backbone : Backbone
        phi.

    Attributes
    ----------
    surroundings : int
        Pixels that `template` wants to see beyond an exemplar, both sides together.
    """

    surroundings = 0

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.log_scale = nn.Parameter(torch.tensor(1e-3).log())
        self.bias = nn.Parameter(torch.zeros(()))

    @property
    def stride(self) -> int:
        """Pixels of a crop between two cells."""
        return self.backbone.stride

    def features(self, crops: Tensor) -> Tensor:
        """Features of crops: (N, 3, S, S) RGB in [0, 255] -> (N, C, s, s)."""
        out: Tensor = self.backbone(normalised(crops))
        return out

    def template(self, z: Tensor) -> Tensor:
        """Exemplar features: (N, 3, 127, 127) -> (N, C, h, w)."""
        return self.features(z)

    def search(self, template: Tensor, x: Tensor) -> Tensor:
        """Response maps of each target's own crops.

        Parameters
        ----------
        template : Tensor
            (N, C, h, w), from `template`.
        x : Tensor
            (N, S, 3, side, side) crops, S scales per target.

        Returns
        -------
        Tensor
            (N, S, M, M) logits.
        """
        return self.scaled(cross_correlation(template, self.regions(x)))

    def regions(self, x: Tensor) -> Tensor:
        """Features of each target's own crops: (N, S, 3, side, side) -> (N, S, C, s, s)."""
        features = self.features(x.flatten(0, 1))
        return features.reshape(*x.shape[:2], *features.shape[1:])

    def match_all(self, template: Tensor, features: Tensor) -> Tensor:
        """Logits of every exemplar on every search image, for training: -> (M, N, m, m)."""
        return self.scaled(all_pairs_correlation(template, features))

    def scaled(self, correlation: Tensor) -> Tensor:
        """Correlation sums as logits."""
        return correlation * self.log_scale.exp() + self.bias
