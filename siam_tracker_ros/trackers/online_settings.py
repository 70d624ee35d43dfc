# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of trackers among whose candidates a classifier may choose; no paper does this."""

from __future__ import annotations

from dataclasses import dataclass

from ..online.teaching_settings import TeachingSettings
from ..settings import setting, varied
from .match_settings import MatchSettings, PeakSettings


@dataclass(frozen=True)
class OnlineSettings(TeachingSettings):
    """Whether a classifier learns each target, and what its word counts."""

    online: bool = setting(
        False,
        'whether a classifier that learns each target, of the shipped weights of csn, chooses '
        'among the best candidates; without it all settings of its learning mean nothing',
        source='own',
    )
    online_candidates: int = setting(
        5,
        'candidates at most that the classifier chooses among',
        low=1,
        high=64,
        source='own',
        dynamic=True,
    )
    rank_weight: float = setting(
        1.0,
        "weight of the logit of a candidate's rank, by which it is chosen without a classifier, "
        "beside the classifier's margin; 0: the classifier chooses alone",
        low=0.0,
        high=100.0,
        source='own',
        dynamic=True,
    )

    @property
    def has_margin(self) -> bool:
        """See `ScoreSettings.has_margin`."""
        return self.online

    @property
    def learns(self) -> bool:
        """See `ScoreSettings.learns`."""
        return self.online


@dataclass(frozen=True)
class OnlineMatchSettings(OnlineSettings, PeakSettings, MatchSettings):
    """The same, where candidates are the peaks of a response map."""

    # What has been chosen is found as finely as ever from the next frame on, and a fine map of a
    # large crop would cost more than the networks.
    peak_upsampling: int = varied(PeakSettings, 'peak_upsampling', 4, 'own')
