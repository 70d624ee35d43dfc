# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of a target's candidates is it, where a network ranks them and a classifier knows it.

No paper does this. The sum is that of two witnesses' log-odds, as if neither knew of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
import math
from typing import NamedTuple

import torch

from ..errors import UserError
from ..frames import Frame
from ..geometry import Box
from ..models.interfaces import PatchNetwork, placed
from ..online.monitor import Evidence, Judgement, bounded, probability
from ..online.sampling import box_row
from ..stages import stage
from .online_settings import OnlineSettings
from .teaching import Scores, TaughtTarget, Teacher, with_pupils

# Ranks nearer to 0 or 1 are taken for this far from them: their logits would decide alone.
NEAREST = 1e-6

# Below all probabilities; what is not finite has one of 0.
TINY = 1e-9


class Candidate(NamedTuple):
    """What may be a target in a frame.

    Attributes
    ----------
    box : Box
        The target's there.
    logit : float
        Of its being the target, as the network has it.
    sharpness : float
        Peak-to-sidelobe ratio.
    rank : float
        By which it is chosen without a classifier, in [0, 1].
    """

    box: Box
    logit: float
    sharpness: float
    rank: float


@dataclass(frozen=True)
class Result:
    """Which of its candidates a target is.

    Attributes
    ----------
    index : int
        Which of them.
    candidate : Candidate
    margin : float or None
        The classifier's for it, where there is one.
    rivals : list of float
        Probabilities of the other candidates, as ratios to the highest of all.
    """

    index: int
    candidate: Candidate
    margin: float | None = None
    rivals: list[float] = field(default_factory=list)

    @property
    def evidence(self) -> Evidence:
        """What the score is made of."""
        margin = 0.0 if self.margin is None else bounded(self.margin)
        return Evidence(self.candidate.logit, self.candidate.sharpness, margin)

    @property
    def scores(self) -> Scores:
        """What the gate decides by."""
        classification = None if self.margin is None else probability(self.margin)
        return Scores(probability(self.candidate.logit), classification, self.rivals)


def make_teacher(
    settings: OnlineSettings,
    classification: PatchNetwork | None,
    device: torch.device,
    dtype: torch.dtype,
) -> Teacher | None:
    """Make what teaches targets, where the settings say ``online``.

    Parameters
    ----------
    settings : OnlineSettings
    classification : PatchNetwork or None
        What learns the targets; of no use where nothing is learned.
    device : torch.device
    dtype : torch.dtype
        Number format of the network.

    Raises
    ------
    UserError
        It is needed, and there is none.
    """
    if not settings.online:
        return None
    if classification is None:
        raise UserError(
            'online is true, but this tracker was made without a classifier: set it where '
            'the tracker is made'
        )
    return Teacher(placed(classification, device, dtype), settings)


def check_change(now: OnlineSettings, new: OnlineSettings) -> None:
    """Refuse settings that running targets cannot follow.

    Raises
    ------
    UserError
        `online` would change: targets begun without a classifier have learned nothing.
    """
    if new.online != now.online:
        raise UserError(
            f'online is {str(new.online).lower()}: it cannot change while the tracker '
            'runs; set it where the tracker is made'
        )


def choose_results(
    teacher: Teacher | None,
    frame: Frame,
    targets: Sequence[TaughtTarget],
    candidates: Sequence[Sequence[Candidate]],
    weight: float,
) -> list[Result]:
    """Choose among each target's candidates: the first one, or by the classifier, in one batch.

    It is asked about the box that the target would have, which is of the size that it learned.

    Parameters
    ----------
    teacher : Teacher or None
        None where there is no classifier.
    frame : Frame
    targets : sequence of TaughtTarget
        One or more.
    candidates : sequence of sequence of Candidate
        Of each target one or more, the best one of the network first.
    weight : float
        See `best_candidate`.
    """
    if teacher is None:
        return [Result(0, some[0]) for some in candidates]
    rows = [
        # What is no number has no place to look at; its logit says so.
        torch.stack([box_row(c.box if c.box.is_valid else target.box) for c in some])
        for target, some in zip(targets, candidates)
    ]
    classifiers = [pupil.classifier for _, pupil in with_pupils(targets)]
    with stage('classification', teacher.classifier.device):
        margins = [m.tolist() for m in teacher.classifier.margins(frame, classifiers, rows)]
    results = []
    for some, table in zip(candidates, margins):
        best = best_candidate([c.rank for c in some], table, weight)
        rivals = rivals_of(best, [c.logit for c in some])
        results.append(Result(best, some[best], table[best], rivals))
    return results


def judge_result(
    teacher: Teacher | None, target: TaughtTarget, result: Result, rule: Judgement
) -> float:
    """Move a target to its result, unless the score says that it is lost; returns that."""
    if teacher is None or target.pupil is None:
        score = target.judge(result.evidence, rule)
    else:
        score = teacher.judge(target, target.pupil, result.evidence)
    target.go(result.candidate.box)
    return score


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
