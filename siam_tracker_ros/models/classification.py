# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classification subnetwork (cascaded Siamese, section 3.2): MDNet's layers.

Nam and Han, "Learning Multi-Domain Convolutional Neural Networks for Visual Tracking", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .normalisation import LocalResponseNorm

PATCH_SIZE = 107
"""Side of a candidate patch in pixels (section 2; MDNet 3.1): conv3 makes 3 x 3 cells of it."""

CELLS = 3
"""Cells along a side of a patch's conv3 map."""

STRIDE = 16
"""Pixels of a patch between two cells of its conv3 map."""

BACKGROUND, FOREGROUND = 0, 1
"""Columns of fc6."""

# Deviation of the weights of new layers (MDNet code); their biases begin as in AlexNet: 0.1 keeps
# rectified units alive.
DEVIATION = 0.01
HIDDEN_BIAS = 0.1


class ClassificationNetwork(nn.Module):
    """What all targets share: the three convolutions of VGG-M, and where fc4 and fc5 begin.

    The convolutions stay as they were trained; fc4, fc5 and fc6 belong to each target (`Head`).

    Parameters
    ----------
    widths : sequence of int
        Output channels of the three convolutions; VGG-M's are 96, 256, 512.
    hidden : int
        Units of fc4 and fc5 (512 in section 4.1).
    """

    def __init__(self, widths: Sequence[int] = (96, 256, 512), hidden: int = 512) -> None:
        super().__init__()
        w1, w2, w3 = widths
        self.dimension = w3 * CELLS * CELLS
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, w1, 7, stride=2),
            nn.ReLU(inplace=True),
            LocalResponseNorm(w1),
            nn.MaxPool2d(3, stride=2),
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(w1, w2, 5, stride=2),
            nn.ReLU(inplace=True),
            LocalResponseNorm(w2),
            nn.MaxPool2d(3, stride=2),
        )
        self.conv3 = nn.Sequential(nn.Conv2d(w2, w3, 3), nn.ReLU(inplace=True))
        self.fc4 = nn.Linear(self.dimension, hidden)
        self.fc5 = nn.Linear(hidden, hidden)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]  # it has one
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=DEVIATION)
                nn.init.constant_(module.bias, HIDDEN_BIAS)

    @property
    def device(self) -> torch.device:
        """Where its layers are."""
        return self.fc4.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Number format of its layers, and of the crops it is given."""
        return self.fc4.weight.dtype

    def maps(self, crops: Tensor) -> Tensor:
        """conv3 maps of crops: (N, 3, S, S) RGB in [0, 255] -> (N, C, s, s)."""
        # Only 128 is taken off, as in MDNet: the response norms are made for this range.
        out: Tensor = self.conv3(self.conv2(self.conv1(crops - 128.0)))
        return out

    def features(self, patches: Tensor) -> Tensor:
        """Features of patches: (N, 3, 107, 107) RGB in [0, 255] -> (N, D), D = C * 3 * 3."""
        return self.maps(patches).flatten(1)

    def hidden(self, features: Tensor, dropout: float) -> Tensor:
        """fc5's output, for offline training: (N, D) -> (N, hidden); `dropout` follows both."""
        x = functional.dropout(functional.relu(self.fc4(features)), dropout, self.training)
        return functional.dropout(functional.relu(self.fc5(x)), dropout, self.training)

    def new_head(self, generator: torch.Generator) -> Head:
        """Layers of one new target: fc4 and fc5 as trained offline, fc6 random (MDNet 3.3).

        Parameters
        ----------
        generator : torch.Generator
            The target's own, on the CPU: fc6 is the same on every device.
        """
        last = torch.randn(1, 2, self.fc5.out_features, generator=generator) * DEVIATION
        # In float32 whatever the convolutions run in: half precision swallows small steps.
        copies = [
            parameter.detach().float().unsqueeze(0).clone()
            for parameter in (self.fc4.weight, self.fc5.weight, self.fc4.bias, self.fc5.bias)
        ]
        zeros = torch.zeros(1, 2)
        return Head(
            weights=(copies[0], copies[1], last.to(copies[0].device)),
            biases=(copies[2], copies[3], zeros.to(copies[0].device)),
        )


@dataclass(frozen=True)
class Head:
    """The last three layers, fc4, fc5 and fc6, of T targets.

    Plain tensors, stacked over the targets, so that all targets are one batched product.

    Attributes
    ----------
    weights : tuple of Tensor
        (T, hidden, D), (T, hidden, hidden) and (T, 2, hidden).
    biases : tuple of Tensor
        (T, hidden), (T, hidden) and (T, 2).
    """

    weights: tuple[Tensor, Tensor, Tensor]
    biases: tuple[Tensor, Tensor, Tensor]

    @classmethod
    def stack(cls, heads: Sequence[Head]) -> Head:
        """Join the targets of several heads, in order."""
        weights = [torch.cat(layer) for layer in zip(*(h.weights for h in heads))]
        biases = [torch.cat(layer) for layer in zip(*(h.biases for h in heads))]
        return cls((weights[0], weights[1], weights[2]), (biases[0], biases[1], biases[2]))

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The three weights and the three biases."""
        return (*self.weights, *self.biases)

    def __len__(self) -> int:
        return self.weights[0].shape[0]

    def row(self, index: int) -> Head:
        """Return a copy of one target's layers, (1, ...) each."""
        (a, b, c), (p, q, r) = self.weights, self.biases
        part = slice(index, index + 1)
        return Head(
            (a[part].clone(), b[part].clone(), c[part].clone()),
            (p[part].clone(), q[part].clone(), r[part].clone()),
        )

    def finite(self) -> Tensor:
        """(T,) bool: False where a learned number is NaN or infinite."""
        # A sum is finite only where all its terms are; overflow of finite weights is a fault, too.
        sums = torch.stack([t.flatten(1).sum(dim=1) for t in self.tensors])
        return sums.isfinite().all(dim=0)

    def logits(self, features: Tensor) -> Tensor:
        """Scores of both classes, without dropout.

        Parameters
        ----------
        features : Tensor
            (T, N, D), N samples of each target.

        Returns
        -------
        Tensor
            (T, N, 2): background, target.
        """
        x = affine(features, self.weights[0], self.biases[0]).relu_()
        x = affine(x, self.weights[1], self.biases[1]).relu_()
        return affine(x, self.weights[2], self.biases[2])

    def margins(self, features: Tensor) -> Tensor:
        """By how much the target's logit exceeds the background's: (T, N, D) -> (T, N).

        The softmax probability of the target class, the paper's score S_C, is the sigmoid of it.
        Candidates are ranked by the margin: its order is the same, but far from 0 float32
        probabilities are all 1.
        """
        logits = self.logits(features)
        return logits[..., FOREGROUND] - logits[..., BACKGROUND]


def affine(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A linear layer of each target in one product: (T, N, in) -> (T, N, out)."""
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))
