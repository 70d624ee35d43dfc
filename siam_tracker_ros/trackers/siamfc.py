# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SiamFC: the matching baseline that the cascaded Siamese, DSiam and SA-Siam papers build on.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..frames import Frame
from ..geometry import Box, check_initial_box
from ..models.siamese import Siamese
from ..online.monitor import ScoreSettings
from ..settings import Settings
from .base import Estimate, Target, Tracker
from .match_settings import MatchSettings
from .matcher import Matcher, MatchTarget


@dataclass(frozen=True)
class SiamFCSettings(ScoreSettings, MatchSettings):
    """How SiamFC searches, and when it gives up. Defaults are the paper's where it states them."""


class SiamFCTarget(MatchTarget):
    """One object: what is matched, and the history of its matches."""


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
        self.rule = settings.rule

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
        return [
            target.estimate(
                frame,
                found,
                target.follow(found, self.rule),
                updated=False,
                reason='SiamFC keeps its first exemplar',
            )
            for target, found in zip(mine, self.matcher.search(frame, mine))
        ]
