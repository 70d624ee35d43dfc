# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a score is the probability that it is meant to be (Guo et al. 2017, section 2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 10


class Reliability(NamedTuple):
    """The reliability diagram; all arrays are (K,), a row for each bin that has frames.

    Attributes
    ----------
    confidence : ndarray
        Mean score.
    accuracy : ndarray
        Share of frames in which what the score is about is true.
    frames : ndarray
        Number of frames.
    """

    confidence: Array
    accuracy: Array
    frames: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap, weighted by frames; NaN without frames."""
        if not len(self.frames):
            return float('nan')
        gaps = np.abs(self.confidence - self.accuracy)
        return float(np.average(gaps, weights=self.frames))


def reliability(scores: Array, true: NDArray[np.bool_]) -> Reliability:
    """Sort frames into `BINS` of equal width by their score.

    Parameters
    ----------
    scores : ndarray
        (N,) where NaN, the frame is left out. No bins come out where one of the others is outside
        of [0, 1]: such a score is no probability.
    true : ndarray
        (N,)
    """
    known = ~np.isnan(scores)
    scores, true = scores[known], true[known]
    if not ((scores >= 0) & (scores <= 1)).all():
        scores, true = scores[:0], true[:0]
    # A score of 1 belongs to the last bin.
    group = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    frames = np.bincount(group, minlength=BINS)
    filled = frames > 0
    sums = np.bincount(group, scores, BINS), np.bincount(group, true, BINS)
    confidence, accuracy = (total[filled] / frames[filled] for total in sums)
    return Reliability(confidence, accuracy, frames[filled])
