# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting a tracker's score on labelled sequences.

Pairs, which `calibrate` fits on, do not show what a tracker does after it has gone wrong. And a
classifier's margin means something only after the classifier has learned a target, and went on
learning, also from what it mistook for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math

import numpy as np
import torch

from .. import sequences as labelled
from ..errors import UserError
from ..online.monitor import Calibration, Evidence, Judgement, Monitor, Thresholds
from ..trackers.base import Tracker
from .calibrate import fit_logistic
from .followed import (
    FEATURES,
    ON_TARGET,
    Flags,
    Floats,
    Followed,
    follow_and_lose,
    follow_on,
    score_settings,
)
from .thresholds import CERTAIN, choose_found, choose_lost

LONGEST = 30
"""Wrong frames in a row that count: about a second. Later ones say more about what a classifier
looks like that has learned something else, which a tracker with thresholds does not go on with."""

# What is trusted depends on the score, and the score on what is trusted before: a few rounds of
# both settle, up to a frame here or there.
ROUNDS = 10
DIGITS = 4


@dataclass(frozen=True)
class Evidences:
    """Two ways through each of some sequences, as `follow_and_lose` returns them.

    Attributes
    ----------
    never_lost, never_found : tuple of Followed
    easy : tuple of Followed
        The first way through others, see `calibrate_on_tracks`.
    """

    never_lost: tuple[Followed, ...]
    never_found: tuple[Followed, ...]
    easy: tuple[Followed, ...] = ()


def gather(
    tracker: Tracker,
    sequences: Iterable[labelled.Sequence],
    easy: Iterable[labelled.Sequence] = (),
) -> Evidences:
    """Track sequences in both ways, and the easy ones in the first.

    Raises
    ------
    UserError
        An image cannot be read, a first box cannot be tracked, or all matches are right, or none:
        nothing can be fitted then.
    """
    both = [follow_and_lose(tracker, sequence) for sequence in sequences]
    found = Evidences(
        tuple(a for a, _ in both),
        tuple(b for _, b in both),
        tuple(follow_on(tracker, sequence) for sequence in easy),
    )
    right = np.concatenate([np.zeros(0, np.bool_), *(f.right for f in found.never_lost)])
    if right.all() or not right.any():
        what = 'none' if not right.any() else 'all'
        raise UserError(
            f'{what} of the {len(right)} matches in {len(both)} sequences are right: to fit a '
            'score, both kinds are needed; give more sequences'
        )
    return found


def calibrate_on_tracks(
    tracker: Tracker,
    sequences: Iterable[labelled.Sequence],
    easy: Iterable[labelled.Sequence] = (),
) -> dict[str, float]:
    """Fit the score, choose the thresholds, and return the tracker's settings for them.

    `fit_calibration` and `thresholds` say how.

    Parameters
    ----------
    tracker : Tracker
        With the settings that it will be used with; those of the score are not used.
    sequences : iterable of Sequence
        Of nothing that anybody is judged by.
    easy : iterable of Sequence
        Real ones, of which only ``lost_score`` takes notice: what is rendered is sharper than
        what a camera sees, and by the rendered ones alone many a real target would be lost while
        its match is right. The score is not fitted on them: what `mining` leaves is what a
        matching network could follow there and back, so nearly all of it is right, and what is
        wrong says nothing about the classifier.

    Returns
    -------
    dict
        ``confidence_*`` and ``*_score`` of its settings.

    Raises
    ------
    UserError
        See `gather`.
    """
    s = score_settings(tracker)
    fitted = settings_for(gather(tracker, sequences, easy), s.history, s.lost_patience)
    if not s.has_margin:
        # The margin was 0 throughout, and its weight says nothing.
        del fitted['confidence_margin']
    return fitted


def settings_for(evidences: Evidences, history: int, patience: int) -> dict[str, float]:
    """Fit and choose, as `calibrate_on_tracks`, from what was gathered.

    Parameters
    ----------
    evidences : Evidences
    history : int
        Trusted peaks that are remembered.
    patience : int
        Frames below `lost_score` until a target is lost.
    """
    c = fit_calibration(evidences, history)
    c = Calibration(*(round(v, DIGITS) for v in (c.bias, c.peak, c.sharpness, c.drop, c.margin)))
    kept = [
        (replay(f, c, history)[1], f.right) for f in (*evidences.never_lost, *evidences.easy)
    ]
    searched = [search(f, replay(f, c, history)[1], patience) for f in evidences.never_found]
    found = choose_found([table for table in searched if table is not None])
    return {
        'confidence_bias': c.bias,
        'confidence_peak': c.peak,
        'confidence_sharpness': c.sharpness,
        'confidence_drop': c.drop,
        'confidence_margin': c.margin,
        'certain_score': CERTAIN,
        'lost_score': choose_lost(kept, found, patience),
        'found_score': found,
    }


def search(followed: Followed, scores: Floats, patience: int) -> tuple[Floats, Flags] | None:
    """What the search for a target came up with: scores, and whether that was the target.

    None where there is no search: the target was not lost, or in one of the frames that spoke for
    a loss its score was still that of one which is tracked.

    Parameters
    ----------
    followed : Followed
        The second way of `follow_and_lose`.
    scores : ndarray
        (N,)
    patience : int
        Frames that must speak for a loss.
    """
    lost = followed.lost
    if not lost.any():
        return None
    begin = int(np.argmax(lost))
    if (scores[max(0, begin - patience) : begin] >= CERTAIN).any():
        return None
    return scores[lost], followed.overlap[lost] > ON_TARGET


def fit_calibration(evidences: Evidences, history: int) -> Calibration:
    """Fit a logistic model of whether a match is right.

    Every way through a sequence weighs the same, however long it is, and its frames alike. It is
    the first way as a whole, and of the second one what came up while the target was lost: a wide
    search has sharper maps and more that looks like the target, and the same score must serve
    both. Of wrong frames in a row only the first `LONGEST` count: long drifts would else be most
    of what is wrong.

    All of the evidence speaks for a match where there is more of it. A feature that would get a
    negative weight gets none: what it says here is how a classifier looks after it has learned
    something wrong.

    Parameters
    ----------
    evidences : Evidences
    history : int
        Trusted peaks that are remembered.
    """
    ways = [(f, counting(f.right) & ~f.lost) for f in evidences.never_lost]
    ways += [(f, counting(f.right) & f.lost) for f in evidences.never_found]
    ways = [(f, rows & np.isfinite(f.features).all(axis=1)) for f, rows in ways]
    ways = [(f, rows) for f, rows in ways if rows.any()]
    right = np.concatenate([f.right[rows] for f, rows in ways])
    shares = np.concatenate([np.full(rows.sum(), 1.0 / rows.sum()) for _, rows in ways])
    # Which peaks are trusted first: those that the classifier and the matching agree on.
    found = Calibration(0.0, 0.5, 0.0, 0.0, 0.5)
    for _ in range(ROUNDS):
        features = np.concatenate([replay(f, found, history)[0][rows] for f, rows in ways])
        before, found = found, _fit(features, right, shares)
        if found == before:
            break
    return found


def counting(right: Flags) -> Flags:
    """Rows that are right, or among the first `LONGEST` wrong ones in a row: (N,)."""
    return ~in_a_row(~right, LONGEST + 1)


def in_a_row(flags: Flags, count: int) -> Flags:
    """Where a flag and all of the `count` - 1 before it are set: (N,)."""
    sums = np.concatenate([np.zeros(count, np.int64), np.cumsum(flags)])
    return np.asarray(sums[count:] - sums[: len(flags)] == count)


def replay(followed: Followed, calibration: Calibration, history: int) -> tuple[Floats, Floats]:
    """What features and scores would have been with another score.

    Where the target was, and whether it was lost, does not depend on the score in either way of
    `follow_and_lose`. Only the trusted peaks do.

    Returns
    -------
    features : ndarray
        (N, 4)
    scores : ndarray
        (N,) 0 where the evidence is not finite.
    """
    monitor = Monitor()
    rule = Judgement(calibration, Thresholds(CERTAIN, 0.0, math.inf, 1), history)
    features, scores = np.full((len(followed.right), FEATURES), np.nan), []
    for i, (row, lost) in enumerate(zip(followed.features.tolist(), followed.lost)):
        monitor.lost = bool(lost)
        peak, sharpness, _, margin = row
        score, _ = monitor.judge(Evidence(peak, math.exp(sharpness), margin), rule)
        features[i] = monitor.features or np.nan
        scores.append(score)
    return features, np.array(scores)


def _fit(features: Floats, right: Flags, shares: Floats) -> Calibration:
    """Logistic regression whose weights are not negative."""
    used = list(range(FEATURES))
    x, y, s = (torch.from_numpy(a.astype(np.float64)) for a in (features, right, shares))
    while True:
        bias, found = fit_logistic(x[:, used], y, shares=s)
        if not used or float(found.min()) >= 0:
            break
        del used[int(found.argmin())]
    weights = dict(zip(used, found.tolist()))
    return Calibration(bias, *(weights.get(column, 0.0) for column in range(FEATURES)))
