# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One pass through a sequence: started on the first true box, never corrected."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..frames import Frame
from ..geometry import Box
from ..images import Image, read_image
from ..sequences import Sequence
from ..trackers.base import Target, Tracker


class Subject(Protocol):
    """Anything that follows one box through images."""

    name: str

    def start(self, image: Image, box: Box) -> None:
        """Begin on the first image: (H, W, 3) uint8, BGR; forget what was before."""

    def step(self, image: Image) -> Box:
        """Find the target in the next image."""


class LibrarySubject:
    """One of this package's trackers, with one target."""

    def __init__(self, name: str, tracker: Tracker) -> None:
        self.name = name
        self._tracker = tracker
        self._target: Target | None = None

    def start(self, image: Image, box: Box) -> None:
        """See `Subject.start`."""
        frame = Frame.from_numpy(image, self._tracker.device)
        self._target = self._tracker.start(frame, box)

    def step(self, image: Image) -> Box:
        """See `Subject.step`."""
        assert self._target is not None, 'start comes first'
        frame = Frame.from_numpy(image, self._tracker.device)
        return self._tracker.step(frame, [self._target])[0].box


@dataclass(frozen=True)
class Run:
    """What came out of one pass.

    Attributes
    ----------
    boxes : ndarray
        (N, 4) left, top, width, height; the first row is the box that was given.
    seconds : ndarray
        (N,) time of `start` and of each `step`; reading the files is not part of it.
    """

    boxes: NDArray[np.float64]
    seconds: NDArray[np.float64]

    @property
    def median_fps(self) -> float:
        """Steps per second of the median step; NaN for a sequence of one image."""
        return float(1.0 / np.median(self.seconds[1:])) if len(self.seconds) > 1 else float('nan')


def run_one_pass(subject: Subject, sequence: Sequence) -> Run:
    """Follow a sequence's target from its first box to the end.

    Raises
    ------
    UserError
        An image cannot be read, or the first box cannot be tracked.
    """
    boxes = np.empty((len(sequence.images), 4))
    seconds = np.empty(len(sequence.images))
    boxes[0] = sequence.boxes[0]
    for index, path in enumerate(sequence.images):
        image = read_image(path)
        begin = time.perf_counter()
        if index == 0:
            subject.start(image, sequence.first_box)
        else:
            boxes[index] = subject.step(image).ltwh
        seconds[index] = time.perf_counter() - begin
    return Run(boxes, seconds)
