# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ways to find targets in a frame: by both subnetworks or, to measure what each is worth, by one.

The variants of the paper's ablation (section 4.2, Fig. 3).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
import math

import torch

from ...frames import Frame
from ...geometry import Box, SearchWindow
from ...online.classifier import OnlineClassifier
from ...online.monitor import Evidence, probability
from ...online.redetection import Hit, look
from ...online.sampling import Spread, box_row, gaussian, inside
from ...stages import stage
from ..base import Response, State
from ..matcher import Matcher
from .proposals import Proposer
from .settings import CSNSettings
from .target import CSNTarget, Result

# Spread and number of averaged candidates where the classifier tracks alone (MDNet code).
ALONE = Spread(0.6, 1.0)
BEST = 5

# Margins beyond this are certain anyway; an unbounded one would outweigh all other evidence.
CERTAIN_MARGIN = 8.0


class Finder(ABC):
    """A way to find targets.

    Parameters
    ----------
    matcher : Matcher
    classifier : OnlineClassifier
    settings : CSNSettings
    """

    def __init__(
        self, matcher: Matcher, classifier: OnlineClassifier, settings: CSNSettings
    ) -> None:
        self.matcher = matcher
        self.classifier = classifier
        self.settings = settings
        self.device = matcher.device

    @abstractmethod
    def measure_origins(self, frame: Frame, target: CSNTarget) -> None:
        """Measure where a target's peaks lie in its first frame, each as it is found later.

        A static scene would move otherwise.
        """

    @abstractmethod
    def find(self, frame: Frame, targets: list[CSNTarget]) -> list[Result]:
        """Find the optimal result of each target."""


class Cascade(Finder):
    """Both subnetworks: peaks of the similarity map are classified (section 3.2)."""

    def __init__(
        self, matcher: Matcher, classifier: OnlineClassifier, settings: CSNSettings
    ) -> None:
        super().__init__(matcher, classifier, settings)
        self.proposer = Proposer(matcher, classifier.network, settings)

    def measure_origins(self, frame: Frame, target: CSNTarget) -> None:
        """See `Finder.measure_origins`."""
        s, box = self.settings, target.box
        fine = self.matcher.match(frame, [target], [box], s.fine_size, [1.0], 0.0)
        target.origin = fine.self_response()
        peaks = self.matcher.match(
            frame, [target], [box], s.search_size, [1.0], 0.0, s.peak_upsampling
        )
        target.peak_origin = peaks.self_response()

    def find(self, frame: Frame, targets: list[CSNTarget]) -> list[Result]:
        """See `Finder.find`."""
        s = self.settings
        proposals = self.proposer.propose(frame, targets)
        factors = s.candidate_factors
        with stage('classification', self.device):
            margins = self.classifier.margins(
                frame,
                [t.classifier for t in targets],
                [p.boxes(factors) for p in proposals],
            )
            tables = [m.tolist() for m in margins]
        hits = self._look_around(frame, targets, tables)
        places, chosen = [], []
        for i, (proposal, table) in enumerate(zip(proposals, tables)):
            rank = [
                margin + proposal.bonus[k // len(factors)] for k, margin in enumerate(table)
            ]
            # The first of equals: the higher peak. What overflowed is no candidate.
            best = max(
                range(len(table)), key=lambda k: rank[k] if math.isfinite(rank[k]) else -math.inf
            )
            peak, scale = divmod(best, len(factors))
            chosen.append((peak, factors[scale], table[best]))
            places.append(Box(*proposal.places[peak], *proposal.size))
            if i in hits:
                # The map is as it is: its peak's sharpness says how far it can be trusted here.
                chosen[i] = (peak, 1.0, hits[i].margin)
                row = inside(box_row(hits[i].box).unsqueeze(0), frame.width, frame.height)
                places[i] = Box(*row[0].tolist())
        if s.size_from == 'matching':
            # Much of one scale may look like the target to a classifier that learned from boxes
            # that overlap it by seven tenths.
            fine = self.matcher.match(frame, targets, places, s.fine_size, s.factors, 0.0)
        results = []
        for i, (target, proposal, place) in enumerate(zip(targets, proposals, places)):
            peak, factor, margin = chosen[i]
            at, logit = (place.cx, place.cy), proposal.logits[peak]
            if s.size_from == 'matching':
                _, column, line, logit, _ = fine.rows[i]
                at, factor = fine.place(i, column, line, target.origin), fine.factors[i]
            results.append(
                Result(
                    self.matcher.moved(target, at, factor, frame),
                    Evidence(logit, proposal.sharpness[peak], bounded(margin)),
                    probability(logit),
                    probability(margin),
                    proposal.rivals,
                    proposal.response,
                )
            )
        return results

    def _look_around(
        self, frame: Frame, targets: list[CSNTarget], tables: list[list[float]]
    ) -> dict[int, Hit]:
        """What the classifier finds near targets that it takes no peak for, by their number."""
        s = self.settings
        near = [
            i
            for i, (target, table) in enumerate(zip(targets, tables))
            if s.look_around
            and target.state is not State.LOST
            and not any(margin > 0.0 for margin in table if math.isfinite(margin))
        ]
        if not near:
            return {}
        with stage('classification', self.device):
            hits = look(
                self.classifier.network,
                frame,
                [targets[i].classifier.head for i in near],
                [box_row(targets[i].box).unsqueeze(0) for i in near],
                s.redetect_cells,
            )
        return {i: hit for i, hit in zip(near, hits) if hit is not None}


class MatchingAlone(Finder):
    """The matching subnetwork alone: SiamFC."""

    def measure_origins(self, frame: Frame, target: CSNTarget) -> None:
        """See `Finder.measure_origins`."""
        s = self.settings
        match = self.matcher.match(
            frame, [target], [target.box], s.search_size, [1.0], s.window_influence
        )
        target.origin = match.self_response()

    def find(self, frame: Frame, targets: list[CSNTarget]) -> list[Result]:
        """See `Finder.find`."""
        return [
            Result(
                found.box,
                Evidence(found.peak, found.sharpness),
                probability(found.peak),
                None,
                [],
                found.response,
            )
            for found in self.matcher.search(frame, targets)
        ]


class ClassificationAlone(Finder):
    """The classification subnetwork alone: MDNet's candidates."""

    def measure_origins(self, frame: Frame, target: CSNTarget) -> None:
        """See `Finder.measure_origins`: no peak is looked for."""

    def find(self, frame: Frame, targets: list[CSNTarget]) -> list[Result]:
        """See `Finder.find`."""
        s = self.settings
        rows = [
            inside(
                gaussian(ALONE)(box_row(t.box), s.drawn_candidates, t.classifier.generator),
                frame.width,
                frame.height,
            )
            for t in targets
        ]
        with stage('classification', self.device):
            margins = self.classifier.margins(frame, [t.classifier for t in targets], rows)
        results = []
        for target, boxes, some in zip(targets, rows, margins):
            top = some.topk(min(BEST, len(some)))
            margin = float(top.values.mean())
            mean = Box(*boxes[top.indices.cpu()].mean(dim=0).tolist())
            box = self.matcher.bounded(target, mean)
            empty = torch.zeros(1, 1, device=self.device)
            window = SearchWindow(box.cx, box.cy, max(box.w, box.h))
            results.append(
                Result(
                    # A mean that is taken for background moves nothing (MDNet code).
                    box if margin > 0 else target.box,
                    Evidence(0.0, 1.0, bounded(margin)),
                    0.0,
                    probability(margin),
                    [],
                    Response(empty, window),
                )
            )
        return results


def make_finder(
    matcher: Matcher, classifier: OnlineClassifier, settings: CSNSettings
) -> Finder:
    """The finder that the settings ask for."""
    if settings.decide_by == 'matching':
        return MatchingAlone(matcher, classifier, settings)
    if settings.candidates_from == 'draws':
        return ClassificationAlone(matcher, classifier, settings)
    return Cascade(matcher, classifier, settings)


def bounded(margin: float) -> float:
    """A margin as evidence; what is not finite stays so, and is none."""
    if not math.isfinite(margin):
        return margin
    return min(max(margin, -CERTAIN_MARGIN), CERTAIN_MARGIN)
