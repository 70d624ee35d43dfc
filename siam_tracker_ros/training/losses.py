# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels and losses of response maps."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def distance_map(centres: Tensor, cells: int, stride: float) -> Tensor:
    """L1 distance of every cell from the target, in cells.

    Parameters
    ----------
    centres : Tensor
        (N, 2) place of the target, x and y, in pixels of the crop from its middle.
    cells : int
        Cells along a side of the map, M.
    stride : float
        Pixels of the crop between two cells.

    Returns
    -------
    Tensor
        (N, M, M).
    """
    index = torch.arange(cells, device=centres.device) - (cells - 1) / 2
    x = (index.view(1, 1, -1) - centres[:, 0].view(-1, 1, 1) / stride).abs()
    y = (index.view(1, -1, 1) - centres[:, 1].view(-1, 1, 1) / stride).abs()
    return x + y


def balanced_logistic(logits: Tensor, distance: Tensor, radius: float) -> Tensor:
    """Mean logistic loss, equal mass on positive and negative cells (SiamFC 2.2, Eq. 3, 4).

    Parameters
    ----------
    logits : Tensor
        (N, M, M).
    distance : Tensor
        (N, M, M), from `distance_map`; cells within `radius` are positive (Eq. 4, L1 as in
        published code).
    radius : float
        In cells.
    """
    positive = (distance <= radius).to(logits.dtype)
    negative = 1.0 - positive
    loss_positive = (functional.softplus(-logits) * positive).sum((1, 2)) / positive.sum(
        (1, 2)
    ).clamp_min(1.0)
    loss_negative = (functional.softplus(logits) * negative).sum((1, 2)) / negative.sum(
        (1, 2)
    ).clamp_min(1.0)
    return 0.5 * (loss_positive + loss_negative).mean()


def plain_logistic(logits: Tensor, distance: Tensor, radius: float) -> Tensor:
    """Mean logistic loss, each cell the same (DSiam, Eq. 10); see `balanced_logistic`."""
    return functional.softplus(torch.where(distance <= radius, -logits, logits)).mean()


def place_entropy(logits: Tensor, distance: Tensor, sigma: float) -> Tensor:
    """Cross-entropy of the softmax over a map's cells against a Gaussian at the target's place.

    The logistic loss judges each cell alone; this one asks what tracking asks: that the highest
    cell be the right one. It is the softmax loss of distractor ranking, with a soft label so that
    no cell is favoured by rounding.
    """
    # As a softmax, so that a target outside the map leaves a label at its rim and not 0 / 0.
    label = torch.softmax(-0.5 * (distance / sigma).flatten(1) ** 2, dim=1)
    return -(label * functional.log_softmax(logits.flatten(1), dim=1)).sum(dim=1).mean()


def disagreement(logits: Tensor, taught: Tensor, distance: Tensor, radius: float) -> Tensor:
    """Huber loss of all maps against those of a teacher (distillation: Hinton et al. 2015).

    A label says where the target is. A trained network's maps say, too, how much everything else
    looks like it, and how steep a peak is, which is what tells scales apart.

    Parameters
    ----------
    logits, taught : Tensor
        (N, N, M, M): every search crop (first) against every exemplar (second).
    distance : Tensor
        (N, M, M), from `distance_map`, of the exemplars' own search crops.
    radius : float
        In cells; as in `balanced_logistic`, the cells within it weigh as much as all others.
    """
    loss = functional.smooth_l1_loss(logits, taught, reduction='none')
    own = loss.diagonal(dim1=0, dim2=1).permute(2, 0, 1)
    near = (distance <= radius).to(loss.dtype)
    far = 1.0 - near
    shares = [(own * m).sum((1, 2)) / m.sum((1, 2)).clamp_min(1.0) for m in (near, far)]
    return 0.5 * (0.5 * (shares[0] + shares[1]).mean() + loss.mean())


def absent_peaks(logits: Tensor, foreign: Tensor, worst: int = 4) -> Tensor:
    """Logistic loss of the highest cells where the exemplar is absent.

    It is what makes the height of a peak speak of presence.

    Parameters
    ----------
    logits : Tensor
        (N, N, M, M): every search crop (first) against every exemplar (second).
    foreign : Tensor
        (N, N) bool, True where the exemplar is absent.
    worst : int
        Cells per map.
    """
    top = logits.flatten(2).topk(worst, dim=2).values
    loss = functional.softplus(top).mean(dim=2)
    weight = foreign.to(loss.dtype)
    return (loss * weight).sum() / weight.sum().clamp_min(1.0)
