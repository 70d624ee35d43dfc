# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SiamFC: the matching baseline that the cascaded Siamese, DSiam and SA-Siam papers build on.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..frames import Frame
from ..geometry import Box
from ..models.interfaces import MatchingNetwork
from ..online.monitor import ScoreSettings
from ..settings import Settings
from .following import Following
from .match_settings import MatchSettings
from .matcher import Matcher
from .matches import MatchTarget
from .template import TemplateTracker


@dataclass(frozen=True)
class SiamFCSettings(ScoreSettings, MatchSettings):
    """How SiamFC searches, and when it gives up. Defaults are the paper's where it states them."""


class SiamFCTarget(MatchTarget):
    """One object: what is matched, and the history of its matches."""


class SiamFCTracker(TemplateTracker):
    """Three-scale matching of the first frame's exemplar.

    Parameters
    ----------
    network : MatchingNetwork
    settings : SiamFCSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions are always computed in float32.
    """

    kind = SiamFCTarget
    reason = 'SiamFC keeps its first exemplar'

    def __init__(
        self,
        network: MatchingNetwork,
        settings: SiamFCSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(Following(Matcher(network, settings, device, dtype), settings.rule))
        self.network = self.matcher.network
        self.settings: SiamFCSettings = settings

    def with_settings(self, settings: Settings) -> SiamFCTracker:
        """See `Tracker.with_settings`."""
        assert isinstance(settings, SiamFCSettings)
        return SiamFCTracker(self.network, settings, self.device, self.matcher.dtype)

    def begin(self, frame: Frame, box: Box) -> SiamFCTarget:
        """See `TemplateTracker.begin`."""
        return SiamFCTarget(box, *self.matcher.exemplar(frame, box))
