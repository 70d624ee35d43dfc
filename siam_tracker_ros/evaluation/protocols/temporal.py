# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temporal robustness evaluation, TRE (Wu et al. 2013, section 4): starts at several frames."""

from __future__ import annotations

import numpy as np

from ...errors import BoxError
from ...geometry import Box, check_initial_box
from ...sequences import Sequence, image_size
from ..subjects import Subject
from ..traces import Trace
from .base import Protocol
from .one_pass import follow

SEGMENTS = 20
# Every segment has this many frames at least.
SHORTEST = 20


class TemporalRobustness(Protocol):
    """A pass from each of twenty frames, evenly chosen, to the end: see `segment_starts`."""

    name = 'temporal'

    def passes(self, sequence: Sequence) -> int:
        """See `Protocol.passes`."""
        return len(segment_starts(sequence))

    def run(self, subject: Subject, sequence: Sequence, index: int) -> Trace:
        """See `Protocol.run`."""
        first = segment_starts(sequence)[index]
        return follow(subject, sequence, first, Box.from_ltwh(*sequence.boxes[first].tolist()))


def segment_starts(sequence: Sequence) -> list[int]:
    """Indices of the frames to start in, ascending.

    As in the toolkit of OTB: of the frames that can be started in, those with at least `SHORTEST`
    frames to come, themselves included, are kept; `SEGMENTS` of them are chosen, the first and
    the last among them. A frame can be started in where the target is present and its left-top
    corner is in the image. Deviations: the box must be one that `check_initial_box` accepts, or
    our trackers would refuse it; the toolkit's lists of further frames to leave out are not read;
    where a short sequence would make it start twice in one frame, there is one pass. Where no
    frame is left, the sequence is run once, from its first frame.
    """
    size = image_size(sequence)
    if size is None:
        # There is no image to be read: the pass that needs it says so.
        return [0]
    # The toolkit wants a positive corner, which is 1-based there; nothing is above NaN.
    cornered = np.flatnonzero((sequence.boxes[:, :2] > -1).all(axis=1))
    late = len(sequence.boxes) - SHORTEST
    kept = [i for i in cornered.tolist() if i <= late and _can_start(sequence.box(i), size)]
    if not kept:
        return [0]
    count = len(kept)
    # In whole numbers: 1 + k * count / (SEGMENTS - 1), rounded down, as long as it is below.
    steps = np.arange(SEGMENTS - 1)
    places = (SEGMENTS - 1 + steps * count) // (SEGMENTS - 1)
    chosen = np.unique(np.append(places[places <= count], count))
    return [kept[place - 1] for place in chosen.tolist()]


def _can_start(box: Box | None, size: tuple[int, int]) -> bool:
    if box is None:
        return False
    try:
        check_initial_box(box, *size)
    except BoxError:
        return False
    return True
