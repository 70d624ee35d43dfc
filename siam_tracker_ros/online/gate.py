# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a frame is fit to learn from (cascaded Siamese, section 3.3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
import math

from ..errors import UserError
from ..settings import Settings, setting


@dataclass(frozen=True)
class GateSettings(Settings):
    """When the classifier is updated."""

    rival_candidate: float = setting(
        0.75,
        'share of the highest peak from which another peak is a candidate',
        low=0.0,
        high=1.0,
        symbol='gamma_p',
        source='CSN 4.1',
        dynamic=True,
    )
    rival_update: float = setting(
        0.8,
        'share of the highest peak up to which another peak leaves the update direct; the '
        'matching score, too, must exceed this share of its history in a gated one',
        low=0.0,
        high=1.0,
        symbol='gamma_m',
        source='CSN 4.1',
        dynamic=True,
    )
    classification_share: float = setting(
        0.6,
        'share of its history that the classification score must exceed in a gated update',
        low=0.0,
        high=1.0,
        symbol='gamma_c',
        source='CSN 4.1',
        dynamic=True,
    )
    gate_history: int = setting(
        6,
        'frames of the history',
        unit='frames',
        low=1,
        high=1000,
        symbol='n',
        source='CSN 4.1',
    )
    least_classification: float = setting(
        0.0,
        'classification score below which nothing is learned; the paper has no such bound',
        low=0.0,
        high=1.0,
        source='own; MDNet, algorithm 1, has one half',
        dynamic=True,
    )
    between: str = setting(
        'direct',
        'update where the highest rival lies between gamma_p and gamma_m, for which CSN 3.3 '
        'names both rules',
        choices=('direct', 'gated'),
        source='CSN 3.3: the first rule has no exception, the second says "in contrast"',
        dynamic=True,
    )

    def check_together(self) -> None:
        """Refuse thresholds between which neither rule of section 3.3 holds."""
        super().check_together()
        if self.rival_candidate > self.rival_update:
            raise UserError(
                f'rival_candidate is {self.rival_candidate}: expected at most rival_update '
                f'({self.rival_update}), because no rule is given for rivals in between'
            )


@dataclass(frozen=True)
class Decision:
    """Whether to learn from a frame, and why."""

    update: bool
    reason: str


def decide(
    rivals: Sequence[float],
    matching: float,
    classification: float,
    matching_history: Sequence[float],
    classification_history: Sequence[float],
    settings: GateSettings,
) -> Decision:
    """The update rule of section 3.3.

    Without a rival peak above gamma_m of the highest one the update is direct. Otherwise both
    scores must be greater than their share, gamma_m and gamma_c, of their means over the last n
    frames. A rival in (gamma_p, gamma_m] falls under both sentences: `GateSettings.between`. What
    the classifier itself does not take for the target can be left out before that
    (`GateSettings.least_classification`).

    Parameters
    ----------
    rivals : sequence of float
        Height of each other peak of the similarity map, as a ratio to the highest one.
    matching, classification : float
        S_M and S_C of the optimal result. On a scale where 0 is the least, such as probabilities:
        a share of a negative logit would be a lower bar for a worse history.
    matching_history, classification_history : sequence of float
        S_M and S_C of previous frames, the newest last; the last n are used.
    settings : GateSettings
    """
    if not all(map(math.isfinite, (*rivals, matching, classification))):
        return Decision(False, 'a score is not finite')
    if classification < settings.least_classification:
        return Decision(
            False,
            f'the classification score {classification:.3g} is below '
            f'{settings.least_classification:g}',
        )
    highest = max(rivals, default=0.0)
    direct = settings.rival_update if settings.between == 'direct' else settings.rival_candidate
    if highest <= direct:
        return Decision(True, 'no rival peak')
    n = settings.gate_history
    checks = (
        ('matching', matching, settings.rival_update, matching_history[-n:]),
        (
            'classification',
            classification,
            settings.classification_share,
            classification_history[-n:],
        ),
    )
    for name, score, share, history in checks:
        if not history:
            return Decision(False, 'a rival peak, and no history to compare with')
        bar = share * sum(history) / len(history)
        # Written so that a history that is not finite closes the gate.
        if not score > bar:
            return Decision(
                False, f'a rival peak, and the {name} score {score:.3g} is not above {bar:.3g}'
            )
    return Decision(True, 'a rival peak, but both scores hold')


@dataclass
class ScoreHistory:
    """S_M and S_C of one target's last frames."""

    matching: deque[float] = field(default_factory=deque)
    classification: deque[float] = field(default_factory=deque)

    def decide(
        self,
        rivals: Sequence[float],
        matching: float,
        classification: float,
        settings: GateSettings,
    ) -> Decision:
        """Decide about a frame (see `decide`), then remember its scores, where they are finite."""
        decision = decide(
            rivals,
            matching,
            classification,
            list(self.matching),
            list(self.classification),
            settings,
        )
        if math.isfinite(matching) and math.isfinite(classification):
            for scores, score in (
                (self.matching, matching),
                (self.classification, classification),
            ):
                scores.append(score)
                while len(scores) > settings.gate_history:
                    scores.popleft()
        return decision
