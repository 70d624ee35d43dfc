# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ways to find targets in a frame: by both subnetworks or, to measure what each is worth, by one.

The variants of the paper's ablation (section 4.2, Fig. 3).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
import math

import torch

from ...frames import Frame
from ...geometry import Box, SearchWindow
from ...online.classifier import OnlineClassifier
from ...online.monitor import Evidence, bounded, probability
from ...online.redetection import Hit, look
from ...online.sampling import Spread, box_row, gaussian, inside
from ...stages import stage
from ..base import Response, State
from ..matcher import Matcher
from .positions import Positions, Searcher
from .settings import CSNSettings
from .target import CSNTarget, Result

# Spread and number of averaged candidates where the classifier tracks alone (MDNet code).
ALONE = Spread(0.6, 1.0)
BEST = 5

# Below all heights of peaks; what is not finite has a height of 0.
TINY = 1e-9


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


@dataclass(frozen=True)
class Chosen:
    """The best candidate of one target, or what the classifier found beside all of them.

    Attributes
    ----------
    place : Box
        Of the size that the target is expected to have.
    logit, sharpness : float
        Of the peak.
    factor : float
        Its scale.
    margin : float
        The classifier's.
    rivals : list of float
        Heights of other peaks, as ratios to the highest one of this map.
    response : Response
        The map that was searched.
    """

    place: Box
    logit: float
    sharpness: float
    factor: float
    margin: float
    rivals: list[float]
    response: Response

    def instead(self, place: Box, margin: float, near: float) -> Chosen:
        """What the classifier found, in place of the peak.

        The map stays as it is: its peak's height and sharpness say how far it can be trusted in
        this frame. The peak itself is a rival of what lies elsewhere.

        Parameters
        ----------
        place : Box
        margin : float
            What the classifier has there.
        near : float
            Cells of the map, in each direction, within which both are the same.
        """
        same = distance(self.response, self.place, place) <= near
        rivals = self.rivals if same else [1.0, *self.rivals]
        return replace(self, place=place, factor=1.0, margin=margin, rivals=rivals)


class Cascade(Finder):
    """Both subnetworks: peaks of the similarity map are classified (section 3.2)."""

    def __init__(
        self, matcher: Matcher, classifier: OnlineClassifier, settings: CSNSettings
    ) -> None:
        super().__init__(matcher, classifier, settings)
        self.searcher = Searcher(matcher, classifier.network, settings)

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
        searches = self.searcher.search(frame, targets)
        factors = s.candidate_factors
        with stage('classification', self.device):
            margins = self.classifier.margins(
                frame,
                [t.classifier for t in targets],
                [torch.cat([p.boxes(factors) for p in some]) for some in searches],
            )
            tables = [m.tolist() for m in margins]
        hits = self._look_around(frame, targets, tables)
        chosen = [self._choose(some, table) for some, table in zip(searches, tables)]
        for i, hit in hits.items():
            # Beyond the image nothing can be searched.
            row = inside(box_row(hit.box).unsqueeze(0), frame.width, frame.height)[0]
            chosen[i] = chosen[i].instead(Box(*row.tolist()), hit.margin, s.peak_distance)
        places = [c.place for c in chosen]
        if s.size_from == 'matching':
            # Much of one scale may look like the target to a classifier that learned from boxes
            # that overlap it by seven tenths.
            fine = self.matcher.match(frame, targets, places, s.fine_size, s.factors, 0.0)
        results = []
        for i, (target, c) in enumerate(zip(targets, chosen)):
            at, logit, factor = (c.place.cx, c.place.cy), c.logit, c.factor
            if s.size_from == 'matching':
                _, column, line, logit, _ = fine.rows[i]
                at, factor = fine.place(i, column, line, target.origin), fine.factors[i]
            results.append(
                Result(
                    self.matcher.moved(target, at, factor, frame),
                    Evidence(logit, c.sharpness, bounded(c.margin)),
                    probability(logit),
                    probability(c.margin),
                    c.rivals,
                    c.response,
                )
            )
        return results

    def _choose(self, searches: list[Positions], margins: list[float]) -> Chosen:
        """The best of one target's candidates, which are those of all its searches in order."""
        factors = self.settings.candidate_factors
        peaks = [(found, k) for found in searches for k in range(len(found.places))]
        candidates = [(*peak, factor) for peak in peaks for factor in factors]
        rank = [
            margin + found.bonus[k] for (found, k, _), margin in zip(candidates, margins)
        ]
        # The first of equals: the higher peak. What overflowed is no candidate.
        best = max(
            range(len(rank)), key=lambda j: rank[j] if math.isfinite(rank[j]) else -math.inf
        )
        found, k, factor = candidates[best]
        place = Box(*found.places[k], *found.size)
        # What another search came up with elsewhere is a rival like any other.
        highest = max(probability(found.logits[0]), TINY)
        others = [
            min(1.0, probability(logit) / highest)
            for other in searches
            if other is not found
            for at, logit in zip(other.places, other.logits)
            if distance(found.response, place, Box(*at, *found.size)) > self.settings.peak_distance
        ]
        return Chosen(
            place,
            found.logits[k],
            found.sharpness[k],
            factor,
            margins[best],
            [*found.rivals, *others],
            found.response,
        )

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


def distance(response: Response, one: Box, other: Box) -> float:
    """How far two places are apart, in cells of a map, in the direction in which it is more."""
    cell = response.window.side / response.logits.shape[-1]
    return max(abs(one.cx - other.cx), abs(one.cy - other.cy)) / cell
