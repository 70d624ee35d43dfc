# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing one of the proposals that a network makes for a target.

Li et al., "High Performance Visual Tracking with Siamese Region Proposal Network", 2018, section
4.3, which SiamRPN++ and C-RPN refer to; its published code, pysot, has the numbers' exact form.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..models.anchors import COORDINATES, shares_of_smaller
from ..models.proposing import Proposals
from ..models.windows import hann_window
from .locate import peak_to_sidelobe

GONE = -1.0
"""Rank of what cannot be chosen: below all ranks."""


class Choice(NamedTuple):
    """The best proposal of each of N targets.

    Attributes
    ----------
    boxes : Tensor
        (N, 4) centre and size, in pixels of the crop, from its middle.
    logits : Tensor
        (N,) of its being the target, as the network has it; NaN where a map or the box holds one.
    sharpness : Tensor
        (N,) peak-to-sidelobe ratio of `maps` there.
    rank : Tensor
        (N,) by which it was chosen, in [0, 1].
    steadiness : Tensor
        (N,) the penalty of its change of size and aspect, 1 where nothing changes.
    maps : Tensor
        (N, M, M) the highest logit of each cell.
    """

    boxes: Tensor
    logits: Tensor
    sharpness: Tensor
    rank: Tensor
    steadiness: Tensor
    maps: Tensor


def steadiness(boxes: Tensor, sizes: Tensor, penalty: float) -> Tensor:
    """``exp(-k (max(r / r', r' / r) max(s / s', s' / s) - 1))`` (SiamRPN, Eq. 12).

    r is the ratio of height and width, s the overall scale, ``s^2 = (w + p) (h + p)`` with
    ``p = (w + h) / 2`` (Eq. 13). pysot subtracts 1, so that no change is no penalty.

    Parameters
    ----------
    boxes : Tensor
        (N, 4, k, M, M).
    sizes : Tensor
        (N, 2) width and height of each target in the last frame, in pixels of the crop.
    penalty : float
        k in the equation.

    Returns
    -------
    Tensor
        (N, k, M, M), in (0, 1].
    """
    w, h = boxes.select(COORDINATES, 2), boxes.select(COORDINATES, 3)
    last_w, last_h = (side.view(-1, 1, 1, 1) for side in sizes.unbind(1))
    changes = _change(_scale(w, h) / _scale(last_w, last_h)) * _change((w / h) / (last_w / last_h))
    # Finite, because a penalty of 0 times infinity is no number, and argmax would choose it.
    changes = changes.clamp(max=torch.finfo(changes.dtype).max)
    return torch.exp(-penalty * (changes - 1.0))


def choose(proposals: Proposals, sizes: Tensor, penalty: float, influence: float) -> Choice:
    """Choose by score, steadiness and nearness (SiamRPN, section 4.3).

    The second strategy there: "cosine window and scale change penalty to re-rank the proposals'
    score". Its first one, to leave out what is far from the middle, is not in published code.

    Parameters
    ----------
    proposals : Proposals
    sizes : Tensor
        (N, 2), see `steadiness`.
    penalty, influence : float
        Of `RPNSettings`.
    """
    table = _ranked(proposals, sizes, penalty, influence)
    return table.taken(table.rank.flatten(1).argmax(dim=1, keepdim=True))


def candidates(
    proposals: Proposals,
    sizes: Tensor,
    penalty: float,
    influence: float,
    count: int,
    share: float,
    overlap: float,
) -> list[Choice]:
    """The best few proposals of each target that may be different objects.

    Parameters
    ----------
    proposals, sizes, penalty, influence
        See `choose`.
    count : int
        At most so many of each target.
    share : float
        A candidate's probability is at least so much of that of the first one.
    overlap : float
        No two of a target's candidates have more of the smaller one in common.

    Returns
    -------
    list of Choice
        `count`, by falling rank; the first one is that of `choose`. Further ones have a NaN for a
        logit where a target has no more.
    """
    table = _ranked(proposals, sizes, penalty, influence)
    left = table.rank.flatten(1)
    # By logarithms, which do not vanish where all logits are far below zero.
    logs = functional.logsigmoid(proposals.logits).flatten(1)
    found: list[Choice] = []
    for _ in range(count):
        best = left.argmax(dim=1, keepdim=True)
        choice = table.taken(best)
        if found:
            there = left.gather(1, best).squeeze(1) >= 0.0
            choice = choice._replace(logits=choice.logits.masked_fill(~there, torch.nan))
        else:
            left = left.masked_fill((logs - logs.gather(1, best)).exp() < share, GONE)
        found.append(choice)
        # A box of a part of an object is no other object, however small the part.
        common = shares_of_smaller(proposals.boxes, choice.boxes).flatten(1)
        left = left.masked_fill(common > overlap, GONE)
        left = left.scatter(1, best, GONE)
    return found


class _Table(NamedTuple):
    """Proposals, and what is computed once of all of them.

    Attributes
    ----------
    proposals : Proposals
    steady, rank : Tensor
        (N, k, M, M).
    maps : Tensor
        (N, M, M), see `Choice`.
    total : Tensor
        (N,) sum of all logits, which is NaN where one is.
    """

    proposals: Proposals
    steady: Tensor
    rank: Tensor
    maps: Tensor
    total: Tensor

    def taken(self, best: Tensor) -> Choice:
        """One proposal of each target, by its number: (N, 1)."""
        logits, boxes = self.proposals.logits, self.proposals.boxes
        cells = logits.shape[-1]
        chosen = boxes.flatten(2).gather(2, best.unsqueeze(1).expand(-1, 4, -1)).squeeze(2)
        peak, rank, steadied = (
            values.flatten(1).gather(1, best).squeeze(1)
            for values in (logits, self.rank, self.steady)
        )
        maps = self.maps
        cell = best.squeeze(1) % (cells * cells)
        # What a NaN makes argmax choose means nothing: the sums carry it to the monitor, as they
        # do that of a chosen box or of its steadiness.
        spoilt = (self.total + chosen.sum(dim=1) + steadied) * 0.0
        return Choice(
            chosen,
            peak + spoilt,
            peak_to_sidelobe(maps, cell // cells, cell % cells, peak) + spoilt,
            rank,
            steadied,
            maps,
        )


def _ranked(proposals: Proposals, sizes: Tensor, penalty: float, influence: float) -> _Table:
    """Rank by score, steadiness and nearness; what was removed has no rank."""
    logits = proposals.logits
    steady = steadiness(proposals.boxes, sizes, penalty)
    rank = logits.sigmoid() * steady
    if influence > 0:
        window = hann_window(logits.shape[-1], logits.shape[-1], logits.device)
        rank = (1.0 - influence) * rank + influence * window
    return _Table(
        proposals,
        steady,
        rank.masked_fill(~proposals.kept, GONE),
        logits.amax(dim=1),
        logits.flatten(1).sum(dim=1),
    )


def _scale(w: Tensor, h: Tensor) -> Tensor:
    p = (w + h) / 2
    return torch.sqrt((w + p) * (h + p))


def _change(ratio: Tensor) -> Tensor:
    return torch.maximum(ratio, 1.0 / ratio)
