# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happened to a target and when the tracker said so: losses, and returns from absences.

Delays are in frames of the video, infinite where what is waited for never came.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence
from ..trackers.base import State
from .overlap import overlaps
from .traces import INIT, Trace

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# The box is right above this overlap with the true one.
RIGHT = 0.5
# Frames after the end of an absence in which the tracker should be back. Later on, it is as
# likely that the target ran into a box that stood somewhere.
HORIZON = 100


@dataclass(frozen=True)
class Run:
    """What a tracker said between one start and the next, in the frames that somebody labelled.

    All arrays are (K,).

    Attributes
    ----------
    frames : ndarray
        Index of each frame in the sequence, ascending.
    scores : ndarray
        NaN where the tracker gave none.
    told : ndarray
        Whether the tracker told its state.
    lost : ndarray
        Whether it said that the target is lost.
    absent : ndarray
        Whether the target is not in the image.
    overlap : ndarray
        Of the tracker's box with the true one; 0 where the target is absent.
    """

    frames: NDArray[np.intp]
    scores: Array
    told: Flags
    lost: Flags
    absent: Flags
    overlap: Array

    @property
    def right(self) -> Flags:
        """Whether the box is on the target."""
        return np.asarray(self.overlap > RIGHT)


def runs(sequence: Sequence, trace: Trace) -> list[Run]:
    """Split a pass at its starts; a run may have no frame.

    Frames that the tracker was started in or that were skipped do not count: what stands there is
    not the tracker's word.
    """
    judged = trace.tracked & (sequence.present | sequence.absent)
    number = np.cumsum(trace.events == INIT)
    overlap = overlaps(trace.boxes, sequence)
    found = []
    for index in range(1, int(number.max(initial=0)) + 1):
        frames = np.flatnonzero(judged & (number == index))
        found.append(
            Run(
                frames=frames,
                scores=trace.scores[frames],
                told=trace.states[frames] != '',
                lost=trace.states[frames] == State.LOST.value,
                absent=sequence.absent[frames],
                overlap=overlap[frames],
            )
        )
    return found


def loss_delays(run: Run) -> Array:
    """Frames from each loss to the first state LOST, infinite where it was never said.

    A loss begins where the target is absent or its box does not touch the true one any more
    (the failure of the VOT challenge), and lasts until the box is right again. LOST must be said
    while it lasts. Nothing is lost in a run whose tracker tells no states.

    Returns
    -------
    ndarray
        (number of losses,) 0 where LOST is said in its first frame, be it since earlier.
    """
    # A box that is neither right nor off leaves things as they were: what overlaps a little is
    # neither a new loss nor a return. A run starts on the true box.
    gone = _latched(run.overlap == 0, run.right)
    first, after = _stretches(gone)
    return _delays(run, run.lost, first, after)


def return_delays(run: Run) -> Array:
    """Frames from the end of each absence until the tracker is back, infinite where it is not.

    It is back where its box is right and it does not say LOST. That must come within `HORIZON`
    frames, before the next absence and before the end of the run. An absence that lasts to the
    end of the run has no return to wait for.

    Returns
    -------
    ndarray
        (number of absences that ended,) 0 where the tracker is back in the first frame.
    """
    _, end = _stretches(run.absent)
    end = end[end < len(run.frames)]
    again = np.append(np.flatnonzero(run.absent), len(run.frames))
    delays = _delays(run, run.right & ~run.lost, end, again[np.searchsorted(again, end)])
    return np.where(delays <= HORIZON, delays, np.inf)


def _latched(on: Flags, off: Flags) -> Flags:
    """Switch at the marked frames and hold in between; off at the beginning."""
    last = np.maximum.accumulate(np.where(on | off, np.arange(len(on)), -1))
    return np.asarray((last >= 0) & on[last])


def _stretches(flags: Flags) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First position of each unbroken row of True, and the one after its last."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _delays(run: Run, hit: Flags, first: NDArray[np.intp], after: NDArray[np.intp]) -> Array:
    """Frames from each first position to the next hit, infinite where none comes before after."""
    if not run.told.any():
        return np.zeros(0)
    hits = np.append(np.flatnonzero(hit), len(run.frames))
    position = hits[np.searchsorted(hits, first)]
    inside = position < after
    frames = run.frames[np.where(inside, position, first)] - run.frames[first]
    return np.where(inside, frames.astype(np.float64), np.inf)
