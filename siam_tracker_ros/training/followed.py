# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the cascaded Siamese tracker says of labelled sequences, beside what is true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..frames import Frame
from ..geometry import Box
from ..images import read_image
from ..sequences import Sequence
from ..trackers.base import State
from ..trackers.csn import CSNTarget, CSNTracker
from ..trackers.matcher import visible

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RIGHT = 0.5
"""A box is right above this overlap (IoU) with the true one, and never where there is none."""
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
    right : ndarray
        (N,) whether the match that the features and the score are about is right.
    scores : ndarray
        (N,)
    states : ndarray
        (N,) of `State`'s words.
    on_target : ndarray
        (N,) whether the target's box is right. It is that of the match, unless the target is lost.
    """

    name: str
    features: Floats
    right: Flags
    scores: Floats
    states: NDArray[np.str_]
    on_target: Flags

    @property
    def lost(self) -> Flags:
        """(N,) whether the target was searched for without being found."""
        return np.asarray(self.states == State.LOST.value)


def follow(tracker: CSNTracker, sequence: Sequence) -> Followed:
    """Track a sequence from its first box on, as a user does.

    Raises
    ------
    UserError
        An image cannot be read, or the first box cannot be tracked.
    """
    frame = _frame(tracker, sequence, 0)
    record = _Record(sequence, tracker.start(frame, sequence.first_box))
    for index in range(1, len(sequence.images)):
        _step(tracker, sequence, index, [record])
    return record.followed()


def follow_and_lose(tracker: CSNTracker, sequence: Sequence) -> tuple[Followed, Followed]:
    """Track a sequence twice at a time: never lost, and lost by the truth and never found.

    Neither depends on score and thresholds, which are what is to be fitted. The first shows how
    wrong matches look beside where the target was. The second is declared lost when its matches
    were wrong for `lost_patience` frames; from there on it shows what the search for a lost
    target comes up with, right or wrong.

    Returns
    -------
    never_lost, never_found : Followed

    Raises
    ------
    UserError
        As for `follow`.
    """
    s = tracker.settings
    # No score is below 0. One of 1 would find a target, but a logistic reaches it at 37 only.
    tracker = tracker.with_settings(s.replaced(lost_score=0.0, found_score=1.0))
    frame = _frame(tracker, sequence, 0)
    records = [
        _Record(sequence, tracker.start(frame, sequence.first_box)) for _ in range(2)
    ]
    loser = records[1]
    for index in range(1, len(sequence.images)):
        _step(tracker, sequence, index, records)
        last = loser.right[-s.lost_patience :]
        if len(last) == s.lost_patience and not any(last):
            loser.target.lose()
    return records[0].followed(), loser.followed()


class _Record:
    """Rows of one target, as they come."""

    def __init__(self, sequence: Sequence, target: CSNTarget) -> None:
        self.sequence = sequence
        self.target = target
        self.features: list[tuple[float, ...]] = []
        self.right: list[bool] = []
        self.scores: list[float] = []
        self.states: list[str] = []
        self.on_target: list[bool] = []

    def enter(self, index: int, frame: Frame, box: Box, score: float) -> None:
        """Enter what was just said of an image."""
        truth = self.sequence.box(index)
        self.features.append(self.target.monitor.features or (np.nan,) * FEATURES)
        self.right.append(_is_right(visible(self.target.candidate, frame), truth))
        self.scores.append(score)
        self.states.append(self.target.state.value)
        self.on_target.append(_is_right(box, truth))

    def followed(self) -> Followed:
        """All rows."""
        return Followed(
            self.sequence.name,
            np.array(self.features, np.float64).reshape(-1, FEATURES),
            np.array(self.right, np.bool_),
            np.array(self.scores, np.float64),
            np.array(self.states, np.str_),
            np.array(self.on_target, np.bool_),
        )


def _step(tracker: CSNTracker, sequence: Sequence, index: int, records: list[_Record]) -> None:
    frame = _frame(tracker, sequence, index)
    for record in records:
        # A target whose classifier fell ill is not judged, and keeps those of the frame before.
        record.target.monitor.features = None
    estimates = tracker.step(frame, [record.target for record in records])
    for record, estimate in zip(records, estimates):
        record.enter(index, frame, estimate.box, estimate.score)


def _frame(tracker: CSNTracker, sequence: Sequence, index: int) -> Frame:
    return Frame.from_numpy(read_image(sequence.images[index]), tracker.device)


def _is_right(box: Box, truth: Box | None) -> bool:
    return truth is not None and box.iou(truth) > RIGHT
