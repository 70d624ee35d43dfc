# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam over a clip, as one network: its recurrence, unrolled (DSiam, Fig. 5 and section 3.5).

All of it is differentiable but for two decisions, which the paper's gradients (Eq. 11 to 15) leave
out, too: where the response is highest, and whether that is a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.dsiam import DSiam
from ..models.dynamic import weight_map
from ..trackers.dsiam_settings import FIRST, NONE, DSiamSettings
from ..trackers.locate import locate
from ..trackers.transforming import Layers, Learned, Lesson, Transforming


@dataclass(frozen=True)
class Course:
    """How N targets went through clips of T images; the first image has no response.

    Attributes
    ----------
    maps : Tensor
        (N, T - 1, M, M) float32 logits: S_t.
    places : Tensor
        (N, T - 1, 2) where the target was found, x and y in pixels of the crop from its middle.
    successes : Tensor
        (N, T - 1) bool: which of them may be learned from.
    """

    maps: Tensor
    places: Tensor
    successes: Tensor


class Unrolled:
    """Follows targets through clips, and learns from each success for the next image.

    Parameters
    ----------
    network : DSiam
        In the mode in which it shall be.
    settings : DSiamSettings
        The tracker's own. What W is learned from is what was searched, whatever they say; nobody
        judges targets here, so none is uncertain.
    """

    def __init__(self, network: DSiam, settings: DSiamSettings) -> None:
        self.network = network
        self.settings = settings
        self.transforming = Transforming(network, settings)

    def __call__(self, searches: Tensor) -> Course:
        """Follow.

        Parameters
        ----------
        searches : Tensor
            (N, T, 3, X, X), see `ClipBatch`.
        """
        count, length = searches.shape[:2]
        # Nothing in a crop depends on what was found before, so one run does for all images.
        features = self.network.layer_features(searches.flatten(0, 1))
        regions = [f.reshape(count, length, *f.shape[1:]) for f in features]
        middle = searches.new_zeros(count, 2)
        first = self._exemplars(searches[:, 0], middle)
        start = [r[:, :1] for r in regions]
        learned: list[Learned | None] = [None] * count
        skipped = [0] * count
        origin = own = self._own(first, learned, start, middle)
        maps, places, successes = [], [], []
        for k in range(1, length):
            region = [r[:, k : k + 1] for r in regions]
            maps.append(self.transforming.match(_each(first), learned, region).float())
            at, peak = self._found(maps[-1])
            places.append((at - origin) * self.network.backbone.stride)
            successes.append(peak > self.settings.success_peak)
            if k + 1 < length:
                before = list(learned)
                pupils = self._pupils(successes[-1].tolist(), learned, skipped)
                if pupils:
                    some = torch.tensor(pupils, device=searches.device)
                    lesson = self._lesson(
                        tuple(f[some] for f in first),
                        searches[some, k],
                        [r[some] for r in region],
                        places[-1][some],
                    )
                    for i, one in zip(pupils, self.transforming.learn(lesson)):
                        learned[i] = one
                if any(now is not then for now, then in zip(learned, before)):
                    origin = self._own(first, learned, start, own)
        return Course(
            torch.cat(maps, dim=1), torch.stack(places, dim=1), torch.stack(successes, dim=1)
        )

    def _pupils(
        self, successes: Sequence[bool], learned: list[Learned | None], skipped: list[int]
    ) -> list[int]:
        """Who learns from its result; who fails forgets, and `skipped` counts who waits."""
        pupils = []
        for i, good in enumerate(successes):
            skipped[i] += 1
            if not good:
                learned[i] = None
            elif learned[i] is None or skipped[i] >= self.settings.learn_every:
                pupils.append(i)
                skipped[i] = 0
        return pupils

    def _exemplars(self, crops: Tensor, places: Tensor) -> Layers:
        """Features of what is cut out of search crops: the 'Crop' layer of O_1 and O_t.

        Parameters
        ----------
        crops : Tensor
            (N, 3, X, X).
        places : Tensor
            (N, 2) x and y of its middle, in pixels from that of the crop; rounded, so that pixels
            are taken as they are.
        """
        size = self.settings.exemplar_size
        rim = (crops.shape[-1] - size) / 2
        corners = (places + rim).round().clamp(0, 2 * rim).long().tolist()
        cut = [c[:, y : y + size, x : x + size] for c, (x, y) in zip(crops, corners)]
        return self.network.layer_features(torch.stack(cut))

    def _lesson(
        self, first: Layers, crops: Tensor, region: Sequence[Tensor], places: Tensor
    ) -> Lesson:
        """What the tracker learns from a success, see `DSiamTracker`."""
        s, stride = self.settings, self.network.backbone.stride
        latest = () if s.template == FIRST else self._exemplars(crops, places)
        if s.suppression == NONE:
            return Lesson(first, latest)
        plain = tuple(r[:, 0] for r in region)
        spread = s.weight_spread * s.exemplar_size / stride
        weighted = tuple(
            g * weight_map(g.shape[-1], places / stride, spread, s.weight_window).unsqueeze(1)
            for g in plain
        )
        return Lesson(first, latest, plain, weighted)

    @torch.no_grad()
    def _found(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Peaks of maps, (N, 1, M, M): x and y in cells from the middle, (N, 2), and height."""
        s = self.settings
        rows = locate(maps.detach(), maps.new_ones(1), s.window_influence, s.upsampling)
        return rows[:, 1:3] - (maps.shape[-1] - 1) / 2, rows[:, 3]

    @torch.no_grad()
    def _own(
        self,
        first: Layers,
        learned: Sequence[Learned | None],
        start: Sequence[Tensor],
        otherwise: Tensor,
    ) -> Tensor:
        """Where the peak of each template lies in the first image, which counts as no motion.

        As for `own_offset`, a peak further off than a cell is something else.
        """
        at, _ = self._found(self.transforming.match(_each(first), learned, start).float())
        return torch.where(at.abs().amax(dim=1, keepdim=True) <= 1.0, at, otherwise)


def _each(layers: Layers) -> list[Layers]:
    """Features of N targets as each target's own."""
    return list(zip(*layers))
