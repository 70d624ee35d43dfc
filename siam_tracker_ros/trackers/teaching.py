# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Targets that learn while they are tracked: whose layers are advanced, mended and taught.

Gao et al., "Cascaded Siamese Networks for Visual Tracking", 2019, section 3.3; it decides by two
scores, whatever finds the target.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple

from ..frames import Frame
from ..geometry import Box
from ..models.interfaces import PatchNetwork
from ..online.classifier import OnlineClassifier, TargetClassifier
from ..online.gate import Decision, ScoreHistory
from ..online.monitor import Evidence
from ..online.teaching_settings import TeachingSettings
from .base import State
from .judged import JudgedTarget


class Pupil:
    """What one target learns with, and what decides about its lessons.

    Attributes
    ----------
    classifier : TargetClassifier
    scores : ScoreHistory
        S_M and S_C of the last frames, for the gate.
    frames : int
        Frames since the first.
    news : int
        Remembered frames since the last update.
    rebuilt : bool
        Whether its layers were found broken in this frame, and others learned.
    """

    def __init__(self, classifier: TargetClassifier) -> None:
        self.classifier = classifier
        self.scores = ScoreHistory()
        self.frames = 0
        self.news = 0
        self.rebuilt = False


class TaughtTarget(JudgedTarget):
    """One object that a classifier may learn.

    Attributes
    ----------
    pupil : Pupil or None
        What it learns with; None where no classifier learns it.
    """

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self.pupil: Pupil | None = None


Taught = Sequence[tuple[TaughtTarget, Pupil]]
"""Targets, each with what it learns with."""


def with_pupils(targets: Sequence[TaughtTarget]) -> Taught:
    """Targets of a tracker with a classifier, each with what it learns with."""
    taught = [(t, t.pupil) for t in targets if t.pupil is not None]
    assert len(taught) == len(targets), 'targets of a tracker without a classifier'
    return taught


class Scores(NamedTuple):
    """What the gate knows of one target's result.

    Attributes
    ----------
    similarity : float
        S_M.
    classification : float or None
        S_C; None where the classifier was not asked.
    rivals : sequence of float
        Heights of what else may be the target, as ratios to the highest.
    """

    similarity: float
    classification: float | None
    rivals: Sequence[float]


class Teacher:
    """The online classifier in the steps of a tracker.

    It holds no target: network, settings and schedule serve all of them.

    Parameters
    ----------
    network : PatchNetwork
        On the device and in the number format that it runs in.
    settings : TeachingSettings
    """

    def __init__(self, network: PatchNetwork, settings: TeachingSettings) -> None:
        self.classifier = OnlineClassifier(network, settings)
        self.settings = settings
        self.rule = settings.rule

    def start(self, frame: Frame, box: Box) -> Pupil:
        """Learn a target's first box, before this returns."""
        return Pupil(self.classifier.start(frame, box, self.settings.seed))

    def advance(self, taught: Taught) -> None:
        """Begin another frame: work on lessons, and lose and rebuild whose layers broke."""
        self.classifier.advance([pupil.classifier for _, pupil in taught])
        for target, pupil in taught:
            pupil.frames += 1
            pupil.rebuilt = not pupil.classifier.healthy
            if pupil.rebuilt:
                self.classifier.rebuild(pupil.classifier)
                target.lose()

    def judge(self, target: TaughtTarget, pupil: Pupil, evidence: Evidence) -> float:
        """Return the score of what was found; the state follows."""
        if not math.isfinite(evidence.margin):
            # Layers may be finite and their scores not.
            pupil.classifier.healthy = False
        if pupil.rebuilt:
            # Its new layers are not those that all thresholds and histories are about.
            target.monitor.features = None
            return 0.0
        return target.judge(evidence, self.rule)

    def learn(self, frame: Frame, taught: Taught, scores: Sequence[Scores]) -> list[Decision]:
        """Remember and learn from results that are fit for it (section 3.3).

        Parameters
        ----------
        frame : Frame
        taught : sequence of tuple
            Targets that have been judged, and moved to their results.
        scores : sequence of Scores
            Of each of them.

        Returns
        -------
        list of Decision
            Whether each of them learns from this frame.
        """
        s = self.settings
        decisions = [self._decide(*one, found) for one, found in zip(taught, scores)]
        fit = [one for one, decision in zip(taught, decisions) if decision.update]
        if fit:
            self.classifier.remember(
                frame, [pupil.classifier for _, pupil in fit], [target.box for target, _ in fit]
            )
        for _, pupil in fit:
            pupil.news += 1
        due = [
            pupil
            for target, pupil in taught
            if s.learning
            and pupil.news
            and pupil.frames % s.update_every == 0
            and target.state is not State.LOST
            # What is new waits for the next update.
            and not pupil.classifier.learning
        ]
        if due:
            self.classifier.learn([pupil.classifier for pupil in due])
            for pupil in due:
                pupil.news = 0
        return decisions

    def _decide(self, target: TaughtTarget, pupil: Pupil, found: Scores) -> Decision:
        """Whether this frame's samples are remembered, and why."""
        s = self.settings
        if found.classification is None:
            return Decision(False, 'matching alone does not learn')
        if target.state is State.LOST:
            return Decision(False, 'the target is lost')
        decision = pupil.scores.decide(found.rivals, found.similarity, found.classification, s)
        if not s.learning:
            return Decision(False, 'learning is off')
        if decision.update and pupil.frames % s.remember_every:
            return Decision(False, f'one frame in {s.remember_every} is remembered')
        return decision
