# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One-pass evaluation (Wu et al. 2013, section 4): started on the first box, never corrected."""

from __future__ import annotations

import time

from ...errors import BoxError
from ...geometry import Box
from ...images import Image, read_image
from ...sequences import Sequence
from ..subjects import Subject
from ..traces import INIT, TRACKED, Trace
from .base import Protocol


class OnePass(Protocol):
    """From the first image to the last."""

    name = 'one-pass'

    def run(self, subject: Subject, sequence: Sequence, index: int) -> Trace:
        """See `Protocol.run`."""
        return follow(subject, sequence, 0, sequence.first_box)


def follow(subject: Subject, sequence: Sequence, first: int, box: Box) -> Trace:
    """Start on a box in one image and go on to the end without correction.

    A subject that refuses the box has missed the target in all images that follow: its boxes are
    NaN there. Left out, it would be spared what the others must do.

    Parameters
    ----------
    subject : Subject
    sequence : Sequence
    first : int
        Index of the image to start in; those before it are skipped.
    box : Box
        In continuous pixels of that image.
    """
    trace = Trace.empty(len(sequence.images))
    try:
        start(subject, read_image(sequence.images[first]), box, trace, first)
    except BoxError:
        enter_start(trace, first, box)
        trace.events[first + 1 :] = TRACKED
        return trace
    for index in range(first + 1, len(sequence.images)):
        step(subject, read_image(sequence.images[index]), trace, index)
    return trace


def start(subject: Subject, image: Image, box: Box, trace: Trace, index: int) -> None:
    """Start a subject and enter it in a row of the trace."""
    begin = time.perf_counter()
    subject.start(image, box)
    trace.seconds[index] = time.perf_counter() - begin
    enter_start(trace, index, box)


def enter_start(trace: Trace, index: int, box: Box) -> None:
    """Enter in a row of the trace that a subject was given a box, whether it takes it or not."""
    trace.boxes[index] = box.ltwh
    trace.events[index] = INIT


def step(subject: Subject, image: Image, trace: Trace, index: int) -> Box:
    """Step a subject and enter its answer in a row of the trace."""
    begin = time.perf_counter()
    answer = subject.step(image)
    trace.seconds[index] = time.perf_counter() - begin
    trace.boxes[index] = answer.box.ltwh
    trace.scores[index] = answer.score
    trace.states[index] = '' if answer.state is None else answer.state.value
    trace.events[index] = TRACKED
    return answer.box
