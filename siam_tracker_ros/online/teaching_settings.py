# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of every tracker whose targets have a classifier of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..settings import setting
from .classifier_settings import ClassifierSettings
from .gate import GateSettings
from .monitor import Calibration, ScoreSettings


@dataclass(frozen=True)
class TeachingSettings(ScoreSettings, GateSettings, ClassifierSettings):
    """What the classifier learns, which frames it learns from, and what its word counts."""

    learning: bool = setting(
        True,
        'whether the classifier learns after the first frame; false freezes it',
        source='CSN 3.3',
        dynamic=True,
    )
    remember_every: int = setting(
        1,
        'frames from one whose samples are remembered to the next',
        unit='frames',
        low=1,
        high=1000,
        source='MDNet 3.3',
        dynamic=True,
    )
    update_every: int = setting(
        10,
        'frames from one update of the classifier to the next',
        unit='frames',
        low=1,
        high=1000,
        source='MDNet 3.3',
        dynamic=True,
    )
    confidence_margin: float = setting(
        0.5,
        "weight of the classifier's margin in the score's logit, fitted with the weights",
        source='own',
    )
    seed: int = setting(
        0, "seed of each target's random choices", low=0, high=2**31 - 1, source='own'
    )

    @property
    def has_margin(self) -> bool:
        """See `ScoreSettings.has_margin`."""
        return True

    @property
    def learns(self) -> bool:
        """See `ScoreSettings.learns`."""
        return True

    @property
    def calibration(self) -> Calibration:
        """The fitted score, of which the margin is a part here."""
        return replace(super().calibration, margin=self.confidence_margin)
