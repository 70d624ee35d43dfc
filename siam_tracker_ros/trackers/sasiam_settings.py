# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of SA-Siam: He et al., "A Twofold Siamese Network for Real-Time Object Tracking"."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import setting
from .online_settings import OnlineMatchSettings


@dataclass(frozen=True)
class SASiamSettings(OnlineMatchSettings):
    """How SA-Siam searches, how much each branch counts, and when it gives up."""

    # Not dynamic: where a target's own peak lies, which counts as no motion, is found with it.
    appearance_share: float = setting(
        0.3,
        'share of the appearance branch in the response; the rest is the semantic one. A branch '
        'whose share is 0 does not run',
        low=0.0,
        high=1.0,
        symbol='lambda',
        source='Eq. 5, section 4.1',
    )
