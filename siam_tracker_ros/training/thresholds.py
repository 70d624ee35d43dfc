# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing the scores at which the state of a target changes, on labelled sequences.

``certain_score``
    One half: the score is a probability, and a match is trusted that is more likely right than
    wrong.
``lost_score``
    The highest at which, in at most `FALSE_LOSS` of the frames whose match is right, the target
    would be lost: since `patience` frames in a row scored lower, none has reached ``found_score``.
    Not above ``certain_score``.
``found_score``
    The lowest at which what is found is the target, in whatever size, in at least `PRECISION` of
    the searches that find something. What a search finds is its first match that scores as high.
    Not below ``certain_score``. A target that still scores as certain when it has left its box is
    lost by no threshold, so there is no search for it.

Every sequence weighs the same, however long it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..online.monitor import Monitor, Thresholds
from .followed import Flags, Floats

CERTAIN = 0.5
FALSE_LOSS = 0.01
PRECISION = 0.95

# In hundredths, the lowest first.
LOST = tuple(k / 100 for k in range(1, 51))
FOUND = tuple(k / 100 for k in range(50, 100))

Table = Sequence[tuple[Floats, Flags]]


def choose_lost(tracks: Table, found: float, patience: int) -> float:
    """Choose ``lost_score``; see above.

    Parameters
    ----------
    tracks : sequence of (scores, right)
        Of targets that are never lost: (N,) each, and whether the match is right.
    found : float
        ``found_score``.
    patience : int
        Frames in a row that must speak for a loss.
    """
    fit = [
        lost
        for lost in LOST
        if false_loss(tracks, Thresholds(CERTAIN, lost, found, patience)) <= FALSE_LOSS
    ]
    return max(fit, default=LOST[0])


def false_loss(tracks: Table, thresholds: Thresholds) -> float:
    """Share of the frames with a right match in which the target would be lost.

    How long a loss lasts counts: a score that falls below ``lost_score`` once, and then stays
    below ``found_score``, is of a target that is right there and not followed any more.
    """
    told = total = 0.0
    for scores, right in tracks:
        monitor = Monitor()
        lost = np.array([monitor.turn(score, thresholds) for score in scores.tolist()], np.bool_)
        told += float((right & lost).mean())
        total += float(right.mean())
    return told / total if total else 0.0


def choose_found(searches: Table) -> float:
    """Choose ``found_score``; see above.

    Where none is precise enough, it is the most precise one, the lowest of equals. Where no
    search finds anything, nothing is known about it, and only the surest matches count.

    Parameters
    ----------
    searches : sequence of (scores, on target)
        Of targets that are lost and never found: (N,) each, and whether the match is the target.
    """
    known = {t: p for t in FOUND if np.isfinite(p := found_precision(searches, t))}
    enough = [t for t, p in known.items() if p >= PRECISION]
    if enough:
        return min(enough)
    # The first of equals.
    return max(known, key=known.__getitem__, default=FOUND[-1])


def found_precision(searches: Table, threshold: float) -> float:
    """Share of targets among what searches find first; NaN where they find nothing."""
    first = [
        bool(on_target[int(np.argmax(scores >= threshold))])
        for scores, on_target in searches
        if (scores >= threshold).any()
    ]
    return float(np.mean(first)) if first else float('nan')
