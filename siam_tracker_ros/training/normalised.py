# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation of the classification subnetwork while it is trained."""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights

from ..models.classification import ClassificationNetwork


class Normalised(nn.Module):
    """The shared layers, each followed by a batch norm that `folded` takes away again.

    MDNet begins from VGG-M's kernels, which others learned from a million images. From scratch
    its layers, which have no norm, learn little: at a rate that moves them, all features rise
    together. With a norm they learn at any usual rate, and as it is linear once trained, what
    tracks has the paper's layers and nothing else.

    Parameters
    ----------
    network : ClassificationNetwork
    """

    def __init__(self, network: ClassificationNetwork) -> None:
        super().__init__()
        self.network = network
        self.convolutions = nn.ModuleList(
            nn.BatchNorm2d(stage[0].out_channels)  # type: ignore[arg-type]  # a convolution's
            for stage in (network.conv1, network.conv2, network.conv3)
        )
        self.layers = nn.ModuleList(
            nn.BatchNorm1d(layer.out_features) for layer in (network.fc4, network.fc5)
        )

    def hidden(self, patches: Tensor, dropout: float) -> Tensor:
        """Outputs of fc5: (N, 3, 107, 107) RGB in [0, 255] -> (N, hidden)."""
        n = self.network
        x = patches - 128.0
        for stage, norm in zip((n.conv1, n.conv2, n.conv3), self.convolutions):
            x = stage[1:](norm(stage[0](x)))
        x = x.flatten(1)
        for layer, norm in zip((n.fc4, n.fc5), self.layers):
            x = functional.dropout(functional.relu(norm(layer(x))), dropout, self.training)
        return x

    def folded(self) -> ClassificationNetwork:
        """The plain network that computes the same in evaluation mode."""
        plain = copy.deepcopy(self.network)
        for stage, norm in zip((plain.conv1, plain.conv2, plain.conv3), self.convolutions):
            _fold(stage[0], norm, fuse_conv_bn_weights)
        for layer, norm in zip((plain.fc4, plain.fc5), self.layers):
            _fold(layer, norm, fuse_linear_bn_weights)
        return plain.eval()


def _fold(layer, norm, fuse) -> None:  # type: ignore[no-untyped-def]
    layer.weight, layer.bias = fuse(
        layer.weight,
        layer.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
    )
