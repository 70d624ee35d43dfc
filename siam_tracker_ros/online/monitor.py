# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the match that was found is the target: tracking, uncertain or lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
import math

from ..errors import UserError
from ..settings import Settings, setting

CERTAIN_MARGIN = 8.0
"""Margins beyond this are certain anyway; an unbounded one would outweigh all other evidence."""


def probability(logit: float) -> float:
    """Logistic function; 0 of what is not finite."""
    if not math.isfinite(logit):
        return 0.0
    return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))


def bounded(margin: float) -> float:
    """A margin as evidence; what is not finite stays so, and is none."""
    if not math.isfinite(margin):
        return margin
    return min(max(margin, -CERTAIN_MARGIN), CERTAIN_MARGIN)


@dataclass(frozen=True)
class Evidence:
    """What one frame says about the match that was found in it.

    Attributes
    ----------
    peak : float
        The response at the chosen position, a logit.
    sharpness : float
        Peak-to-sidelobe ratio: the peak's distance from the mean of the map outside the peak's
        surroundings, in standard deviations of that part (Bolme et al. 2010, section 3.5).
    margin : float
        The classifier's margin there, a logit; 0 where there is no classifier.
    """

    peak: float
    sharpness: float
    margin: float = 0.0

    @property
    def is_finite(self) -> bool:
        """False where a NaN or an infinity came out of the network."""
        return all(map(math.isfinite, (self.peak, self.sharpness, self.margin)))

    def features(self, trusted: float) -> tuple[float, float, float, float]:
        """What `Calibration` weighs; `trusted` is the mean of the peaks that were trusted before.

        The peak, the logarithm of the sharpness, the peak's difference from those before, and the
        margin.
        """
        return (
            self.peak,
            math.log(max(self.sharpness, 1e-3)),
            self.peak - trusted,
            self.margin,
        )


@dataclass(frozen=True)
class Calibration:
    """Logistic model of ``P(IoU > 0.5 | evidence)``, fitted on training data only.

    The logit is ``bias + peak * p + sharpness * log(psr) + drop * (p - mean of the trusted peaks)
    + margin * m``.
    """

    bias: float
    peak: float
    sharpness: float
    drop: float
    margin: float = 0.0

    def score(self, features: Sequence[float]) -> float:
        """Confidence in [0, 1], of `Evidence.features`."""
        weights = (self.peak, self.sharpness, self.drop, self.margin)
        return probability(self.bias + sum(w * f for w, f in zip(weights, features)))


@dataclass(frozen=True)
class Thresholds:
    """When a score changes the state.

    Attributes
    ----------
    certain : float
        From this score on the target is tracked.
    lost : float
        Below this score a frame speaks for a loss.
    found : float
        From this score on a lost target counts as found again.
    patience : int
        Frames in a row that must speak for a loss.
    """

    certain: float
    lost: float
    found: float
    patience: int


@dataclass(frozen=True)
class ThresholdSettings(Settings):
    """When the score of a target's matches changes its state."""

    certain_score: float = setting(
        0.5,
        'score from which a target is tracked, not uncertain',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
    lost_score: float = setting(
        0.2,
        'score below which a frame speaks for a loss',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
    found_score: float = setting(
        0.6,
        'score from which a lost target counts as found',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
    lost_patience: int = setting(
        5,
        'frames in a row below lost_score before the target is lost',
        unit='frames',
        low=1,
        high=1000,
        source='own',
        dynamic=True,
    )
    history: int = setting(
        30, 'trusted peaks that are remembered', unit='frames', low=1, high=1000, source='own'
    )

    def check_together(self) -> None:
        """Refuse crossed thresholds."""
        super().check_together()
        if not self.lost_score <= self.certain_score:
            raise UserError(
                f'lost_score is {self.lost_score}: expected at most certain_score '
                f'({self.certain_score})'
            )

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds alone, as `Judgement` has them."""
        return Thresholds(
            self.certain_score, self.lost_score, self.found_score, self.lost_patience
        )


@dataclass(frozen=True)
class ScoreSettings(ThresholdSettings):
    """What a score is made of, and when it changes a target's state."""

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

    @property
    def has_margin(self) -> bool:
        """Whether there is a classifier, so that its margin's weight means something."""
        return False

    @property
    def learns(self) -> bool:
        """Whether a target's model can change while it is tracked."""
        return False

    @property
    def calibration(self) -> Calibration:
        """The fitted score."""
        return Calibration(
            self.confidence_bias,
            self.confidence_peak,
            self.confidence_sharpness,
            self.confidence_drop,
        )

    @property
    def rule(self) -> Judgement:
        """How evidence becomes a state."""
        return Judgement(self.calibration, self.thresholds, self.history)


@dataclass(frozen=True)
class Judgement:
    """How evidence becomes a state.

    Attributes
    ----------
    calibration : Calibration
    thresholds : Thresholds
    memory : int
        Number of trusted peaks that are remembered.
    """

    calibration: Calibration
    thresholds: Thresholds
    memory: int


@dataclass
class Monitor:
    """History of one target's matches, and the state that follows from it.

    Attributes
    ----------
    lost : bool
    doubts : int
        Frames in a row that spoke for a loss.
    peaks : deque of float
        Trusted peaks.
    features : tuple of float or None
        What the last score was made of, for fitting a `Calibration`.
    """

    lost: bool = False
    doubts: int = 0
    peaks: deque[float] = field(default_factory=deque)
    features: tuple[float, ...] | None = None

    def judge(self, evidence: Evidence, rule: Judgement) -> tuple[float, str]:
        """Return the score of one frame's match and the state after it.

        Parameters
        ----------
        evidence : Evidence
        rule : Judgement
            Given each time, so that thresholds may change while a target is tracked.

        Returns
        -------
        score : float
            In [0, 1]; 0 where the evidence is not finite.
        state : {'tracking', 'uncertain', 'lost'}
        """
        self.features = None
        if not evidence.is_finite:
            self.lost = True
            return 0.0, 'lost'
        trusted = sum(self.peaks) / len(self.peaks) if self.peaks else evidence.peak
        self.features = evidence.features(trusted)
        score = rule.calibration.score(self.features)
        if self.turn(score, rule.thresholds):
            return score, 'lost'
        if score < rule.thresholds.certain:
            return score, 'uncertain'
        self.peaks.append(evidence.peak)
        while len(self.peaks) > rule.memory:
            self.peaks.popleft()
        return score, 'tracking'

    def turn(self, score: float, thresholds: Thresholds) -> bool:
        """Whether the target is lost after a frame of this score."""
        if self.lost:
            self.lost = score < thresholds.found
            self.doubts = 0
        else:
            self.doubts = self.doubts + 1 if score < thresholds.lost else 0
            self.lost = self.doubts >= thresholds.patience
        return self.lost
