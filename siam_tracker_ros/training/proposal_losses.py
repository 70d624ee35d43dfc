# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses of a region proposal network: of its classes and of its boxes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from ..settings import Settings, setting
from .proposal_labels import Labels

BALANCED, PLAIN = 'balanced', 'plain'
SMOOTH, ABSOLUTE = 'smooth-l1', 'l1'


@dataclass(frozen=True)
class LossSettings(Settings):
    """Which losses, and how they are weighed."""

    class_loss: str = setting(
        BALANCED,
        'cross-entropy whose positive anchors weigh as much as all negative ones '
        f'({BALANCED}), or each anchor as much as any other ({PLAIN})',
        choices=(BALANCED, PLAIN),
        source=f'{BALANCED}: code; {PLAIN}: C-RPN Eq. 3',
    )
    box_loss: str = setting(
        SMOOTH,
        'distance of a regressed box from the true one: square where it is small and absolute '
        f'beyond ({SMOOTH}), or absolute ({ABSOLUTE})',
        choices=(SMOOTH, ABSOLUTE),
        source=f'{SMOOTH}: SiamRPN++ 4.2; {ABSOLUTE}: code',
    )
    smooth_below: float = setting(
        1.0,
        f'distance at which {SMOOTH} becomes absolute, in deltas of an anchor',
        low=0.001,
        high=10.0,
        symbol='1 / sigma^2',
        source='Fast R-CNN, "standard" in SiamRPN++ 4.2',
    )
    box_weight: float = setting(
        1.0,
        'weight of the loss of the boxes against that of the classes',
        low=0.0,
        high=100.0,
        symbol='lambda',
        source='SiamRPN++ 4.2, "the sum"; code: 1.2',
    )


def class_loss(classes: Tensor, labels: Labels, kind: str = BALANCED) -> Tensor:
    """Cross-entropy of the anchors that count.

    Parameters
    ----------
    classes : Tensor
        (N, 2, k, M, M) logits: background, target.
    labels : Labels
    kind : str
        ``balanced`` is half the mean over the positive anchors of a batch and half the mean over
        its negative ones; ``plain`` is the mean over all that count.
    """
    background, target = functional.log_softmax(classes, dim=1).unbind(dim=1)
    missed = -(target * labels.positive).sum()
    mistaken = -(background * labels.negative).sum()
    positives, negatives = labels.positive.sum(), labels.negative.sum()
    if kind == PLAIN:
        return (missed + mistaken) / (positives + negatives).clamp_min(1)
    return 0.5 * (missed / positives.clamp_min(1) + mistaken / negatives.clamp_min(1))


def box_loss(
    deltas: Tensor,
    wanted: Tensor,
    positive: Tensor,
    kind: str = SMOOTH,
    smooth_below: float = 1.0,
) -> Tensor:
    """Distance of the deltas of positive anchors from those that lead to the true box.

    The four coordinates are summed; each pair weighs the same, however many positive anchors it
    has, and a pair without any counts as 0.

    Parameters
    ----------
    deltas, wanted : Tensor
        (N, 4, k, M, M), see `encode`.
    positive : Tensor
        (N, k, M, M) bool.
    kind : str
        ``smooth-l1`` or ``l1``.
    smooth_below : float
        Where ``smooth-l1`` becomes absolute.
    """
    if kind == ABSOLUTE:
        distance = functional.l1_loss(deltas, wanted, reduction='none')
    else:
        distance = functional.smooth_l1_loss(deltas, wanted, reduction='none', beta=smooth_below)
    # A choice, no product: what is infinite beside the positives must not become NaN.
    sums = distance.sum(dim=1).where(positive, 0.0).flatten(1).sum(dim=1)
    return (sums / positive.flatten(1).sum(dim=1).clamp_min(1)).mean()
