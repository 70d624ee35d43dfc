# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of a target's candidates is it, where a network ranks them and a classifier knows it.

No paper does this. The sum is that of two witnesses' log-odds, as if neither knew of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

from ..online.monitor import probability

# Ranks nearer to 0 or 1 are taken for this far from them: their logits would decide alone.
NEAREST = 1e-6

# Below all probabilities; what is not finite has one of 0.
TINY = 1e-9


def best_candidate(ranks: Sequence[float], margins: Sequence[float], weight: float) -> int:
    """The candidate of the highest sum: its margin, and the logit of its rank times a weight.

    Parameters
    ----------
    ranks : sequence of float
        In [0, 1], of one candidate or more, the best one first.
    margins : sequence of float
        The classifier's.
    weight : float
        Of the ranks' logits.

    Returns
    -------
    int
        The first of equals. What is not finite is chosen only where nothing is.
    """
    sums = [margin + weight * _logit(rank) for rank, margin in zip(ranks, margins)]
    return max(range(len(sums)), key=lambda i: sums[i] if math.isfinite(sums[i]) else -math.inf)


def rivals_of(index: int, logits: Sequence[float]) -> list[float]:
    """Probabilities of all candidates but one, as ratios to the highest of all."""
    chances = [probability(logit) for logit in logits]
    highest = max(*chances, TINY)
    return [chance / highest for i, chance in enumerate(chances) if i != index]


def _logit(rank: float) -> float:
    if math.isnan(rank):
        return rank
    rank = min(max(rank, NEAREST), 1.0 - NEAREST)
    return math.log(rank / (1.0 - rank))
