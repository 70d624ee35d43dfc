# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well a score separates two classes of frames, whatever its scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def auroc(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, from ranks (Mann and Whitney 1947).

    It is the probability that a positive frame, drawn at random, has a higher score than a
    negative one; a tie counts half.

    Parameters
    ----------
    scores : ndarray
        (N,) on any scale, infinite ones included; frames with NaN are left out.
    positive : ndarray
        (N,) the class of each frame.

    Returns
    -------
    float
        In [0, 1]; NaN where a class has no frame.
    """
    scores, positive = _scored(scores, positive)
    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        return float('nan')
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    # Equal scores share the mean of the ranks 1..N that they take up together.
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[group]
    wins = ranks[positive].sum() - count * (count + 1) / 2
    return float(wins / (count * others))


def roc(scores: Array, positive: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Share of negatives and of positives at or above each threshold, from (0, 0) to (1, 1).

    Parameters
    ----------
    scores, positive : ndarray
        As for `auroc`, which is the area under the straight lines between the points.

    Returns
    -------
    false, true : ndarray
        (K,) each, one point for each score that occurs, less those between two equal steps.
        Empty where a class has no frame.
    """
    scores, positive = _scored(scores, positive)
    if positive.all() or not positive.any():
        return np.zeros(0), np.zeros(0)
    _, group = np.unique(-scores, return_inverse=True)
    true = np.concatenate([[0], np.cumsum(np.bincount(group, positive))])
    false = np.concatenate([[0], np.cumsum(np.bincount(group, ~positive))])
    bends = (np.diff(true, 2) != 0) | (np.diff(false, 2) != 0)
    keep = np.concatenate([[True], bends, [True]])
    return false[keep] / false[-1], true[keep] / true[-1]


def _scored(
    scores: Array, positive: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """The frames that have a score."""
    known = ~np.isnan(scores)
    return scores[known], positive[known]
