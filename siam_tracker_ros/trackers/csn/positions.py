# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a target may be: the peaks of its similarity map (section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ...frames import Frame
from ...geometry import Box
from ...models.interfaces import PatchNetwork
from ...online.redetection import redetect
from ...stages import stage
from ..base import Response, State
from ..locate import hann
from ..matcher import Matcher
from ..matches import covered, inside
from ..peaks import Peak, list_peaks
from .settings import CSNSettings
from .target import CSNTarget


@dataclass(frozen=True)
class Positions:
    """Where one target may be, by one similarity map.

    Attributes
    ----------
    places : list of tuple of float
        K, moved into the image, the highest peak first.
    size : tuple of float
        Width and height that the target is expected to have there.
    logits, sharpness : list of float
        Of each peak.
    bonus : list of float
        What is added to the classifier's margins at each peak where the result is chosen.
    rivals : list of float
        Heights of all peaks but the highest, as ratios to it.
    response : Response
    """

    places: list[tuple[float, float]]
    size: tuple[float, float]
    logits: list[float]
    sharpness: list[float]
    bonus: list[float]
    rivals: list[float]
    response: Response

    def boxes(self, factors: list[float]) -> Tensor:
        """Candidates: (K * scales, 4), peak after peak."""
        w, h = self.size
        return torch.tensor([[x, y, w * f, h * f] for x, y in self.places for f in factors])


class Searcher:
    """Searches for targets: around their last places, or, where they are lost, anywhere.

    Parameters
    ----------
    matcher : Matcher
    network : PatchNetwork
        What looks for lost targets.
    settings : CSNSettings
    """

    def __init__(
        self, matcher: Matcher, network: PatchNetwork, settings: CSNSettings
    ) -> None:
        self.matcher = matcher
        self.network = network
        self.settings = settings
        self.device = matcher.device

    def search(self, frame: Frame, targets: list[CSNTarget]) -> list[list[Positions]]:
        """Search for all targets, one or more times each; what is searched alike in one batch."""
        searches = self._searches(frame, targets)
        groups: dict[int, list[int]] = {}
        for k, (_, _, size) in enumerate(searches):
            groups.setdefault(size, []).append(k)
        results: dict[int, Positions] = {}
        for size, group in groups.items():
            some = [targets[searches[k][0]] for k in group]
            boxes = [searches[k][1] for k in group]
            results.update(zip(group, self._peaks(frame, some, boxes, size)))
        found: list[list[Positions]] = [[] for _ in targets]
        # In the order of the searches, whoever else is searched.
        for k, (i, _, _) in enumerate(searches):
            found[i].append(results[k])
        return found

    def _searches(self, frame: Frame, targets: list[CSNTarget]) -> list[tuple[int, Box, int]]:
        """Which targets are searched, around which boxes, and in how large crops."""
        s = self.settings
        searches = [(i, t.box, t.search_size(s)) for i, t in enumerate(targets)]
        lost = [i for i, t in enumerate(targets) if t.state is State.LOST]
        if lost:
            some = [targets[i] for i in lost]
            with stage('re-detection', self.device):
                hits = redetect(
                    self.network,
                    frame,
                    [t.classifier.head for t in some],
                    [t.box for t in some],
                    [t.sweep for t in some],
                    s,
                )
            searches += [(i, hit, s.search_size) for i, hit in zip(lost, hits) if hit is not None]
        return searches

    def _peaks(
        self, frame: Frame, targets: list[CSNTarget], boxes: list[Box], size: int
    ) -> list[Positions]:
        """Find the peaks of one batch of searches."""
        s = self.settings
        maps, windows = self.matcher.respond(frame, targets, boxes, size, [1.0])
        maps = maps[:, 0]
        cells, stride = int(maps.shape[-1]), self.matcher.stride
        with stage('post-processing', self.device):
            tables = list_peaks(
                maps, s.rival_candidate, s.peak_count, s.peak_distance, s.peak_upsampling
            )
        positions = []
        for target, box, window, response, peaks in zip(targets, boxes, windows, maps, tables):
            dx, dy = target.peak_origin
            lost = target.state is State.LOST
            positions.append(
                Positions(
                    [
                        inside(window.cell(p.column - dx, p.line - dy, cells, stride, size), frame)
                        for p in peaks
                    ],
                    (box.w, box.h),
                    [peak.logit for peak in peaks],
                    [peak.sharpness for peak in peaks],
                    [self._bonus(peak, cells, lost) for peak in peaks],
                    [peak.ratio for peak in peaks[1:]],
                    Response(response, covered(window, cells, stride, size)),
                )
            )
        return positions

    def _bonus(self, peak: Peak, cells: int, lost: bool) -> float:
        """What speaks for a peak besides the classifier."""
        s = self.settings
        bonus = s.similarity_weight * peak.logit
        if not lost:
            window = hann(peak.column, cells) * hann(peak.line, cells)
            bonus += s.distance_weight * math.log(window)
        return bonus
