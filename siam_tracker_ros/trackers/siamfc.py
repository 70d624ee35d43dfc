# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SiamFC: the matching baseline that the cascaded Siamese, DSiam and SA-Siam papers build on.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, check_initial_box
from ..models.siamese import Siamese
from ..online.monitor import Calibration, Evidence, Judgement, Monitor, ThresholdSettings
from ..settings import Settings, setting
from .base import Estimate, State, Target, Tracker
from .matcher import Matcher, MatchSettings, MatchTarget, visible


@dataclass(frozen=True)
class SiamFCSettings(ThresholdSettings, MatchSettings):
    """How SiamFC searches, and when it gives up. Defaults are the paper's where it states them."""

    confidence_bias: float = setting(
        0.0, "constant of the score's logit, fitted when the weights were trained", source='own'
    )
    confidence_peak: float = setting(
        1.0,
        "weight of the response peak in the score's logit, fitted with the weights",
        source='own',
    )
    confidence_sharpness: float = setting(
        0.0,
        'weight of the logarithm of the peak-to-sidelobe ratio, fitted with the weights',
        source='own; ratio of Bolme et al. 2010',
    )
    confidence_drop: float = setting(
        0.0,
        "weight of the peak's difference from its trusted history, fitted with the weights",
        source='own',
    )


class SiamFCTarget(MatchTarget):
    """One object: what is matched, and the history of its matches.

    Attributes
    ----------
    monitor : Monitor
    """

    def __init__(self, box: Box, template: Tensor, fill: Tensor) -> None:
        super().__init__(box, template, fill)
        self.monitor = Monitor()

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.monitor.lost = True


class SiamFCTracker(Tracker):
    """Three-scale matching of the first frame's exemplar.

    Parameters
    ----------
    network : Siamese
        In evaluation mode, on `device`.
    settings : SiamFCSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions are always computed in float32.
    """

    def __init__(
        self,
        network: Siamese,
        settings: SiamFCSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.matcher = Matcher(network, settings, device, dtype)
        self.network = self.matcher.network
        self.settings: SiamFCSettings = settings
        self.device = device
        s = settings
        self.rule = Judgement(
            Calibration(
                s.confidence_bias, s.confidence_peak, s.confidence_sharpness, s.confidence_drop
            ),
            s.thresholds,
            s.history,
        )

    def with_settings(self, settings: Settings) -> SiamFCTracker:
        """See `Tracker.with_settings`."""
        assert isinstance(settings, SiamFCSettings)
        return SiamFCTracker(self.network, settings, self.device, self.matcher.dtype)

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> SiamFCTarget:
        """See `Tracker.start`."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        target = SiamFCTarget(box, *self.matcher.exemplar(frame, box))
        match = self.matcher.match(
            frame, [target], [box], s.search_size, s.factors, s.window_influence
        )
        target.origin = match.self_response()
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`; lost targets search a larger crop, in a run of their own."""
        mine = [t for t in targets if isinstance(t, SiamFCTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        s = self.settings
        searches = {
            False: (s.search_size, s.factors, s.window_influence),
            True: (s.lost_search_size, [1.0], 0.0),
        }
        # Before any search: who is lost in this frame searches more from the next one on.
        groups = {
            lost: [(i, t) for i, t in enumerate(mine) if (t.state is State.LOST) == lost]
            for lost in searches
        }
        results: dict[int, Estimate] = {}
        for lost, search in searches.items():
            group = groups[lost]
            if group:
                found = self._search(frame, [t for _, t in group], *search)
                results.update((i, estimate) for (i, _), estimate in zip(group, found))
        return [results[i] for i in range(len(mine))]

    def _search(
        self,
        frame: Frame,
        targets: list[SiamFCTarget],
        size: int,
        factors: list[float],
        influence: float,
    ) -> list[Estimate]:
        """Match all targets of one group in one batch, and move them."""
        boxes = [t.box for t in targets]
        match = self.matcher.match(frame, targets, boxes, size, factors, influence)
        estimates = []
        for index, target in enumerate(targets):
            _, column, line, peak, sharpness = match.rows[index]
            # A NaN in the map has no position: keep the old one, the monitor says lost.
            score, word = target.monitor.judge(Evidence(peak, sharpness), self.rule)
            target.state = State(word)
            if target.state is not State.LOST:
                at = match.place(index, column, line, target.origin)
                target.box = self.matcher.moved(target, at, match.factors[index], frame)
            estimates.append(
                Estimate(
                    box=visible(target.box, frame),
                    score=score,
                    similarity=peak if math.isfinite(peak) else 0.0,
                    classification=None,
                    state=target.state,
                    updated=False,
                    update_reason='SiamFC keeps its first exemplar',
                    response=match.response(index),
                )
            )
        return estimates
