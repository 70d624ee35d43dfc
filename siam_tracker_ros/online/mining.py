# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hard negative mining (Nam and Han 2016, section 3.3): learn from what is mistaken most."""

from __future__ import annotations

from torch import Tensor

from ..models.classification import FOREGROUND, Head


def hardest(head: Head, candidates: Tensor, count: int) -> Tensor:
    """The candidates that each target's head takes most for the target.

    Parameters
    ----------
    head : Head
        Of T targets; dropout is off.
    candidates : Tensor
        (T, N, D) features of background.
    count : int
        How many; all where there are no more.

    Returns
    -------
    Tensor
        (T, count, D), the hardest first.
    """
    if count >= candidates.shape[1]:
        return candidates
    # The target's own logit, as in MDNet's code, not the margin.
    scores = head.logits(candidates)[..., FOREGROUND]
    best = scores.topk(count, dim=1).indices
    return candidates.gather(1, best.unsqueeze(2).expand(-1, -1, candidates.shape[2]))
