# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How matched targets are followed: by the response alone, or with a classifier's word.

No paper gives the trackers that use it a classifier. Candidates are the peaks of the response, as
in Gao et al., "Cascaded Siamese Networks for Visual Tracking", 2019, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple

from ..frames import Frame
from ..models.interfaces import PatchNetwork
from ..online.gate import Decision
from ..online.monitor import Judgement, probability
from ..stages import stage
from .base import Estimate, Response
from .locate import hann
from .matcher import Matcher
from .matches import Found, Match, MatchTarget, visible
from .online_settings import OnlineMatchSettings
from .peaks import list_peaks
from .second_opinion import Candidate, Result, choose_results, judge_result, make_teacher
from .teaching import with_pupils


class Followed(NamedTuple):
    """Where a target was found, and what that is worth.

    Attributes
    ----------
    found : Found
    result : Result
    score : float
    """

    found: Found
    result: Result
    score: float

    def estimate(self, frame: Frame, target: MatchTarget, decision: Decision) -> Estimate:
        """What is known about its target, which may have learned, after this frame."""
        response = self.found.response
        return Estimate(
            box=visible(target.box, frame),
            score=self.score,
            similarity=self.found.peak if math.isfinite(self.found.peak) else 0.0,
            classification=self.result.scores.classification,
            state=target.state,
            updated=decision.update,
            update_reason=decision.reason,
            response=response,
            parts={
                name: Response(maps[self.found.scale], response.window)
                for name, maps in target.parts.items()
            },
        )


class Following:
    """Finds matched targets, judges and moves them.

    Parameters
    ----------
    matcher : Matcher
        What is matched, and how.
    rule : Judgement
        How matches are judged.
    settings : OnlineMatchSettings, optional
        The matcher's, where a classifier may have a word.
    classification : PatchNetwork, optional
        What learns the targets where `settings` say ``online``; of no use elsewhere.

    Raises
    ------
    UserError
        It is needed, and there is none.
    """

    def __init__(
        self,
        matcher: Matcher,
        rule: Judgement,
        settings: OnlineMatchSettings | None = None,
        classification: PatchNetwork | None = None,
    ) -> None:
        self.matcher = matcher
        self.device = matcher.device
        self.rule = rule
        self.settings = settings
        self.classification = classification
        self.teacher = None
        if settings is not None:
            self.teacher = make_teacher(settings, classification, matcher.device, matcher.dtype)

    def start(self, frame: Frame, target: MatchTarget) -> None:
        """Let the classifier learn a target's first box, before this returns."""
        if self.teacher is not None:
            target.pupil = self.teacher.start(frame, target.box)

    def follow(self, frame: Frame, targets: Sequence[MatchTarget]) -> list[Followed]:
        """Find all targets in the next frame, and move those that are not lost.

        Parameters
        ----------
        frame : Frame
        targets : sequence of MatchTarget
            Each of them was given to `start`.

        Returns
        -------
        list of Followed
            In the order of the targets.
        """
        if self.teacher is None or self.settings is None:
            found = [[(one, 1.0)] for one in self.matcher.search(frame, targets)]
            weight = 0.0
        else:
            if not targets:
                return []
            with stage('learning', self.device):
                self.teacher.advance(with_pupils(targets))
            found = self._ranked(frame, targets, self.settings)
            weight = self.settings.rank_weight
        candidates = [
            [Candidate(one.box, one.peak, one.sharpness, rank) for one, rank in some]
            for some in found
        ]
        results = choose_results(self.teacher, frame, targets, candidates, weight)
        return [
            Followed(
                some[result.index][0],
                result,
                judge_result(self.teacher, target, result, self.rule),
            )
            for target, some, result in zip(targets, found, results)
        ]

    def learn(
        self, frame: Frame, targets: Sequence[MatchTarget], followed: Sequence[Followed]
    ) -> list[Decision] | None:
        """Let the classifier learn from results that are fit for it; None without one."""
        if self.teacher is None:
            return None
        with stage('learning', self.device):
            return self.teacher.learn(
                frame, with_pupils(targets), [one.result.scores for one in followed]
            )

    def _ranked(
        self, frame: Frame, targets: Sequence[MatchTarget], s: OnlineMatchSettings
    ) -> list[list[tuple[Found, float]]]:
        """Where each target may be, with the ranks: where it would be without a classifier first.

        All places are at the scale that fits best.
        """
        found: dict[int, list[tuple[Found, float]]] = {}
        for group, match in self.matcher.matches(frame, targets):
            with stage('post-processing', self.device):
                rows, pulls = _rows(match, s), match.pull.tolist()
            for k, i in enumerate(group):
                found[i] = [
                    (
                        self.matcher.found(frame, targets[i], match, k, row),
                        _rank(row, pulls[k], match.cells, s.upsampling),
                    )
                    for row in rows[k]
                ]
        return [found[i] for i in range(len(targets))]


def _rows(match: Match, s: OnlineMatchSettings) -> list[list[list[float]]]:
    """Rows as those of `locate` for all places of each target, the one that it chose first."""
    tables = list_peaks(
        match.maps, s.rival_candidate, s.online_candidates, s.peak_distance, s.peak_upsampling
    )
    found = []
    for first, peaks in zip(match.rows, tables):
        scale, column, line, logit, _ = first
        # Where a map of any scale holds a NaN, no place is better than another.
        others = [
            [scale, p.column, p.line, p.logit, p.sharpness]
            for p in peaks
            if math.isfinite(logit)
            and max(abs(p.column - column), abs(p.line - line)) > s.peak_distance
        ]
        found.append([first, *others[: s.online_candidates - 1]])
    return found


def _rank(row: Sequence[float], pull: float, cells: int, upsampling: int) -> float:
    """A place's response without what the window takes off it, as a probability."""
    _, column, line, logit, _ = row
    samples = (cells - 1) * upsampling + 1
    window = hann(column * upsampling, samples) * hann(line * upsampling, samples)
    lowered = logit - pull * (1.0 - window)
    return probability(lowered) if math.isfinite(lowered) else math.nan
