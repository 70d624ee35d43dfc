# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is evaluated: anything that follows one box through images."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from ..frames import Frame
from ..geometry import Box
from ..images import Image
from ..stages import stage
from ..trackers.base import State, Target, Tracker


class Answer(NamedTuple):
    """What a subject says of one image.

    Attributes
    ----------
    box : Box
        In continuous pixels; the last one where it knows no better.
    score : float
        Confidence, higher for surer; NaN where the subject has none.
    state : State or None
        None where the subject does not tell.
    """

    box: Box
    score: float
    state: State | None


class Subject(Protocol):
    """Anything that follows one box through images."""

    name: str

    def start(self, image: Image, box: Box) -> None:
        """Begin on the first image: (H, W, 3) uint8, BGR; forget what was before.

        Raises
        ------
        BoxError
            The box cannot be tracked.
        """

    def step(self, image: Image) -> Answer:
        """Find the target in the next image."""


class LibrarySubject:
    """One of this package's trackers, with one target."""

    def __init__(self, name: str, tracker: Tracker) -> None:
        self.name = name
        self._tracker = tracker
        self._target: Target | None = None

    def start(self, image: Image, box: Box) -> None:
        """See `Subject.start`."""
        self._target = self._tracker.start(self._frame(image), box)

    def step(self, image: Image) -> Answer:
        """See `Subject.step`."""
        assert self._target is not None, 'start comes first'
        estimate = self._tracker.step(self._frame(image), [self._target])[0]
        return Answer(estimate.box, estimate.score, estimate.state)

    def _frame(self, image: Image) -> Frame:
        device = self._tracker.device
        with stage('upload', device):
            return Frame.from_numpy(image, device)
