# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gradient and momentum step of the last three layers, for all targets at once.

The gradient is written out: three linear layers need few lines of it, trackers run in inference
mode, where autograd has nothing to hold on to, and features get no gradient that is thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..models.classification import Head, affine


def gradients(
    head: Head, features: Tensor, labels: Tensor, masks: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, list[Tensor]]:
    """Softmax cross-entropy (section 3.2), the mean over a target's samples, and its gradient.

    Parameters
    ----------
    head : Head
        Of T targets.
    features : Tensor
        (T, N, D).
    labels : Tensor
        (T, N) int64, columns of fc6.
    masks : tuple of Tensor or None
        Dropout of fc4's and fc5's output, (T, N, hidden) each: 0, or one over the share kept.

    Returns
    -------
    losses : Tensor
        (T,).
    gradients : list of Tensor
        In the order of `Head.tensors`.
    """
    w4, w5, w6 = head.weights
    b4, b5, b6 = head.biases
    x4 = affine(features, w4, b4).relu_()
    d4 = (x4 > 0).to(x4.dtype)
    x5_in = x4
    if masks is not None:
        d4, x5_in = d4 * masks[0], x4 * masks[0]
    x5 = affine(x5_in, w5, b5).relu_()
    d5 = (x5 > 0).to(x5.dtype)
    x6_in = x5
    if masks is not None:
        d5, x6_in = d5 * masks[1], x5 * masks[1]
    logits = affine(x6_in, w6, b6)

    log_probability = logits.log_softmax(dim=2)
    losses = -log_probability.gather(2, labels.unsqueeze(2)).squeeze(2).mean(dim=1)

    # Back through the layers: `g` is the derivative by a layer's output before its activation.
    g6 = (log_probability.exp() - functional.one_hot(labels, 2)) / features.shape[1]
    g5 = torch.bmm(g6, w6) * d5
    g4 = torch.bmm(g5, w5) * d4
    return losses, [
        torch.bmm(g4.transpose(1, 2), features),
        torch.bmm(g5.transpose(1, 2), x5_in),
        torch.bmm(g6.transpose(1, 2), x6_in),
        g4.sum(dim=1),
        g5.sum(dim=1),
        g6.sum(dim=1),
    ]


def clip_each(gradients: Sequence[Tensor], largest: float) -> None:
    """Shorten each target's gradient to a largest norm over all its layers, in place.

    Parameters
    ----------
    gradients : sequence of Tensor
        (T, ...) each.
    largest : float
        0 shortens none.
    """
    if largest <= 0:
        return
    squares = torch.stack([g.flatten(1).square().sum(dim=1) for g in gradients]).sum(dim=0)
    factor = (largest / squares.sqrt().clamp_min(1e-12)).clamp_max(1.0)
    for gradient in gradients:
        gradient.mul_(factor.view(-1, *[1] * (gradient.dim() - 1)))


@dataclass(frozen=True)
class Descent:
    """Momentum SGD, ``v <- m v + (g + w p)``, ``p <- p - r v``, as torch.optim.SGD has it.

    Attributes
    ----------
    rates : tuple of float
        r for each of `Head.tensors`.
    momentum, decay : float
        m and w.
    """

    rates: tuple[float, ...]
    momentum: float
    decay: float

    def step(
        self, parameters: Sequence[Tensor], gradients: Sequence[Tensor], velocity: Sequence[Tensor]
    ) -> None:
        """Move the parameters, in place; `velocity` begins as zeros."""
        for p, g, v, rate in zip(parameters, gradients, velocity, self.rates):
            v.mul_(self.momentum).add_(g).add_(p, alpha=self.decay)
            p.add_(v, alpha=-rate)
