# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The short-term protocol of VOT: a tracker that has lost the target is started again.

Kristan et al., "A novel performance evaluation methodology for single-target trackers", 2016.
"""

from __future__ import annotations

from ...errors import BoxError
from ...images import Image, read_image
from ...sequences import Sequence
from ..subjects import Subject
from ..traces import FAILURE, Trace
from ..vot.regions import region_overlaps
from .base import Protocol
from .one_pass import enter_start, start, step


class Supervised(Protocol):
    """Starts on the first image, and again some images after each failure.

    A failure is an image in which the box does not touch the target at all, or is NaN. The
    images between a failure and the next start are skipped. An image in which nobody knows where
    the target is can be no failure, and a start waits until it is known; at the end of a sequence
    there is no start any more. A subject that refuses to start on a box fails in the next image:
    left out, it would be spared what the others must do.

    Parameters
    ----------
    skip : int
        Images from a failure to the next start: 5 in all challenges.
    """

    name = 'supervised'

    def __init__(self, skip: int = 5) -> None:
        self.skip = skip

    def run(self, subject: Subject, sequence: Sequence, index: int) -> Trace:
        """See `Protocol.run`."""
        trace = Trace.empty(len(sequence.images))
        restart: int | None = 0  # None while the subject runs
        for row, path in enumerate(sequence.images):
            truth = sequence.box(row)
            if restart is not None:
                if row >= restart and truth is not None:
                    try:
                        start(subject, read_image(path), truth, trace, row)
                        restart = None
                    except BoxError:
                        enter_start(trace, row, truth)
                        trace.events[row + 1 : row + 2] = FAILURE
                        restart = row + 1 + self.skip
                continue
            image = read_image(path)
            step(subject, image, trace, row)
            if truth is not None and _failed(trace, sequence, row, image):
                trace.events[row] = FAILURE
                restart = row + self.skip
        return trace


def _failed(trace: Trace, sequence: Sequence, row: int, image: Image) -> bool:
    rows = slice(row, row + 1)
    height, width = image.shape[:2]
    return bool(region_overlaps(trace.boxes[rows], sequence, (width, height), rows)[0] <= 0.0)
