# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker says of labelled sequences, beside what is true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..frames import Frame
from ..geometry import Box
from ..images import read_image
from ..online.monitor import ScoreSettings
from ..sequences import Sequence
from ..settings import describe
from ..trackers.base import State, Target, Tracker
from ..trackers.judged import JudgedTarget
from ..trackers.matches import visible

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RIGHT = 0.5
"""A box is right above this overlap (IoU) with the true one, and never where there is none."""
ON_TARGET = 0.3
"""Above this one it is on the target, if of another size: a search looks for the size that the
target had when it was lost, and the tracker mends it afterwards."""
FEATURES = 4


@dataclass(frozen=True)
class Followed:
    """One target in one sequence; rows are the images after the first.

    Attributes
    ----------
    name : str
        Of the sequence.
    features : ndarray
        (N, 4) of `Evidence.features`; NaN where the evidence was not finite.
    overlap : ndarray
        (N,) IoU of the match that the features and the score are about with the true box; 0 where
        the target is absent.
    scores : ndarray
        (N,)
    states : ndarray
        (N,) of `State`'s words.
    box_overlap : ndarray
        (N,) the same of the target's box, which is that of the match unless the target is lost.
    """

    name: str
    features: Floats
    overlap: Floats
    scores: Floats
    states: NDArray[np.str_]
    box_overlap: Floats

    @property
    def right(self) -> Flags:
        """(N,) whether the match is right."""
        return np.asarray(self.overlap > RIGHT)

    @property
    def box_right(self) -> Flags:
        """(N,) whether the target's box is right."""
        return np.asarray(self.box_overlap > RIGHT)

    @property
    def lost(self) -> Flags:
        """(N,) whether the target was searched for without being found."""
        return np.asarray(self.states == State.LOST.value)


def follow(tracker: Tracker, sequence: Sequence) -> Followed:
    """Track a sequence from its first box on, as a user does.

    Raises
    ------
    UserError
        An image cannot be read, or the first box cannot be tracked; there is one image only.
    """
    frame = _first_frame(tracker, sequence)
    record = _Record(sequence, tracker.start(frame, sequence.first_box))
    for index in range(1, len(sequence.images)):
        _step(tracker, sequence, index, [record])
    return record.followed()


def follow_on(tracker: Tracker, sequence: Sequence) -> Followed:
    """Track a sequence without ever losing the target: what `follow_and_lose` does first.

    Raises
    ------
    UserError
        As for `follow`.
    """
    return follow(_undecided(tracker), sequence)


def follow_and_lose(tracker: Tracker, sequence: Sequence) -> tuple[Followed, Followed]:
    """Track a sequence twice at a time: never lost, and lost by the truth and never found.

    Neither depends on score and thresholds, which are what is to be fitted: all scores are 0.5,
    and all peaks are trusted that are not searched for. The first shows how
    wrong matches look beside where the target was. The second is declared lost when it was not
    `ON_TARGET` for `lost_patience` frames; from there on it shows what the search for a lost
    target comes up with, right or wrong.

    Returns
    -------
    never_lost, never_found : Followed

    Raises
    ------
    UserError
        As for `follow`.
    """
    tracker = _undecided(tracker)
    patience = score_settings(tracker).lost_patience
    frame = _first_frame(tracker, sequence)
    records = [
        _Record(sequence, tracker.start(frame, sequence.first_box)) for _ in range(2)
    ]
    loser = records[1]
    for index in range(1, len(sequence.images)):
        _step(tracker, sequence, index, records)
        last = loser.overlap[-patience:]
        if len(last) == patience and max(last) <= ON_TARGET:
            loser.target.lose()
    return records[0].followed(), loser.followed()


def score_settings(tracker: Tracker) -> ScoreSettings:
    """The settings of a tracker with a score."""
    settings = tracker.settings
    assert isinstance(settings, ScoreSettings), 'a tracker without a score'
    return settings


def _undecided(tracker: Tracker) -> Tracker:
    """A tracker whose scores change no state, and say nothing."""
    # A logistic without weights is always 0.5, whatever was fitted before.
    weights = {
        info.name: 0.0
        for info in describe(type(tracker.settings))
        if info.name.startswith('confidence_')
    }
    return tracker.with_settings(
        tracker.settings.replaced(
            **weights, lost_score=0.0, certain_score=0.0, found_score=1.0
        )
    )


class _Record:
    """Rows of one target, as they come."""

    def __init__(self, sequence: Sequence, target: Target) -> None:
        assert isinstance(target, JudgedTarget), 'a target without a score'
        self.sequence = sequence
        self.target = target
        self.features: list[tuple[float, ...]] = []
        self.overlap: list[float] = []
        self.scores: list[float] = []
        self.states: list[str] = []
        self.box_overlap: list[float] = []

    def enter(self, index: int, frame: Frame, box: Box, score: float) -> None:
        """Enter what was just said of an image."""
        truth = self.sequence.box(index)
        self.features.append(self.target.monitor.features or (np.nan,) * FEATURES)
        self.overlap.append(_overlap(visible(self.target.candidate, frame), truth))
        self.scores.append(score)
        self.states.append(self.target.state.value)
        self.box_overlap.append(_overlap(box, truth))

    def followed(self) -> Followed:
        """All rows."""
        return Followed(
            self.sequence.name,
            np.array(self.features, np.float64).reshape(-1, FEATURES),
            np.array(self.overlap, np.float64),
            np.array(self.scores, np.float64),
            np.array(self.states, np.str_),
            np.array(self.box_overlap, np.float64),
        )


def _step(tracker: Tracker, sequence: Sequence, index: int, records: list[_Record]) -> None:
    frame = _frame(tracker, sequence, index)
    estimates = tracker.step(frame, [record.target for record in records])
    for record, estimate in zip(records, estimates):
        record.enter(index, frame, estimate.box, estimate.score)


def _first_frame(tracker: Tracker, sequence: Sequence) -> Frame:
    if len(sequence.images) < 2:
        raise UserError(
            f'sequence {sequence.name} has one image: expected two or more, because its target is '
            'to be followed; leave it out'
        )
    return _frame(tracker, sequence, 0)


def _frame(tracker: Tracker, sequence: Sequence, index: int) -> Frame:
    return Frame.from_numpy(read_image(sequence.images[index]), tracker.device)


def _overlap(box: Box, truth: Box | None) -> float:
    return 0.0 if truth is None else box.iou(truth)
