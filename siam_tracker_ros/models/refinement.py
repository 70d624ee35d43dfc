# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the stages of C-RPN hand on: refined anchors, without easy negatives (section 3.3).

The paper removes anchors from a set. Here the set is a mask over all of them, so that those of
several targets make one tensor, and what is removed by a stage is only left out by the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from .anchors import COORDINATES, decode
from .proposing import Proposals
from .rpn import ProposalMaps

MOST_GROWTH = math.log(8.0)
"""Greatest dw and dh of one refinement: from the flattest anchor, 32 px, to the search crop.

Without a bound, one wild logarithm makes a box infinite, and the deltas of the next stage from it
are no numbers.
"""


@dataclass(frozen=True)
class StageOutput:
    """What stage l makes of its anchors.

    Attributes
    ----------
    maps : ProposalMaps
        Classes c^l and deltas r^l of Eq. 3, for all anchors.
    anchors : Tensor
        (N, 4, k, M, M) A^l, which the deltas start from.
    kept : Tensor
        (N, k, M, M) bool: those that no earlier stage removed.
    """

    maps: ProposalMaps
    anchors: Tensor
    kept: Tensor


def refine(anchors: Tensor, deltas: Tensor) -> Tensor:
    """A^{l+1} of A^l and r^l (Eq. 6), in float32.

    Parameters
    ----------
    anchors : Tensor
        (..., 4, k, M, M) boxes.
    deltas : Tensor
        (N, 4, k, M, M), of which dw and dh are cut at `MOST_GROWTH`.

    Returns
    -------
    Tensor
        (N, 4, k, M, M) boxes.
    """
    shift, growth = deltas.float().chunk(2, COORDINATES)
    return decode(
        anchors, torch.cat([shift, growth.clamp(-MOST_GROWTH, MOST_GROWTH)], COORDINATES)
    )


def survivors(kept: Tensor, logits: Tensor, theta: float) -> Tensor:
    """Remove what is surely background: negative anchor filtering.

    Parameters
    ----------
    kept : Tensor
        (N, k, M, M) bool: the anchors of a stage.
    logits : Tensor
        (N, k, M, M) of the target against the background.
    theta : float
        Highest negative confidence that stays; 1 keeps all.

    Returns
    -------
    Tensor
        (N, k, M, M) bool: at least one of each target, the best where none is good enough. What
        is no number is not removed, so that it shows.
    """
    rest = kept & ~((-logits).sigmoid() > theta)
    flat = logits.masked_fill(~kept, -math.inf).flatten(1)
    best = torch.zeros_like(flat, dtype=torch.bool)
    best.scatter_(1, flat.argmax(dim=1, keepdim=True), True)
    some = rest.flatten(1).any(dim=1).view(-1, 1, 1, 1)
    return torch.where(some, rest, best.view_as(rest))


def cascade(maps: Sequence[ProposalMaps], anchors: Tensor, theta: float) -> list[StageOutput]:
    """Lead anchors through all stages.

    Parameters
    ----------
    maps : sequence of ProposalMaps
        Of each stage.
    anchors : Tensor
        (4, k, M, M) A^1, which are defined beforehand.
    theta : float
        See `survivors`.

    Returns
    -------
    list of StageOutput
        A stage's anchors are data to it: no gradient flows from them into the stage before, which
        has a loss of its own for them (Eq. 7). The paper says nothing of this; a gradient would
        make each regressor answer for how the later ones start.
    """
    outputs = []
    anchors = anchors.expand_as(maps[0].deltas)
    kept = torch.ones_like(maps[0].logits, dtype=torch.bool)
    for stage in maps:
        outputs.append(StageOutput(stage, anchors, kept))
        anchors = refine(anchors, stage.deltas).detach()
        kept = survivors(kept, stage.logits, theta)
    return outputs


def proposals(stages: Sequence[StageOutput], theta: float) -> Proposals:
    """A^{L+1}: what the last stage keeps of its anchors, refined once more (Algorithm 1).

    Each is scored by the last stage, which is the most discriminative one; what an earlier stage
    removed, by that one, because the later ones have not learned to tell it.

    Parameters
    ----------
    stages : sequence of StageOutput
        Of `cascade`.
    theta : float
        See `survivors`.
    """
    last = stages[-1]
    logits = stages[0].maps.logits
    for stage in stages[1:]:
        # The product is 0, or NaN where there is one, which a later stage must not hide.
        logits = torch.where(stage.kept, stage.maps.logits + logits * 0.0, logits)
    kept = survivors(last.kept, last.maps.logits, theta)
    return Proposals(logits, refine(last.anchors, last.maps.deltas), kept)
