# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measures of one-pass evaluation (Wu et al. 2013, section 4), without loops over frames.

Boxes are (N, 4) arrays of left, top, width, height; a frame whose true box is NaN does not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Overlap thresholds of the success plot.
THRESHOLDS: Array = np.linspace(0.0, 1.0, 21)
# Distance in pixels of the precision score.
PRECISION_PIXELS = 20.0


@dataclass(frozen=True)
class Score:
    """Result on one sequence.

    Attributes
    ----------
    auc : float
        Area under the success plot: the mean over `THRESHOLDS` of the share of frames whose
        overlap is above the threshold.
    precision : float
        Share of frames whose centre is within `PRECISION_PIXELS` of the true one.
    frames : int
        Frames that count: those in which the target is present, the first one included.
    """

    auc: float
    precision: float
    frames: int


def overlaps(boxes: Array, truth: Array) -> Array:
    """Intersection over union of each pair of rows: (N,), 0 where a box is NaN or has no area."""
    first = np.maximum(boxes[:, :2], truth[:, :2])
    last = np.minimum(boxes[:, :2] + boxes[:, 2:], truth[:, :2] + truth[:, 2:])
    shared = np.prod(np.clip(last - first, 0.0, None), axis=1)
    union = np.prod(boxes[:, 2:], axis=1) + np.prod(truth[:, 2:], axis=1) - shared
    good = (shared > 0) & (union > 0)
    ratio = np.divide(shared, union, out=np.zeros_like(shared), where=good)
    # Corners are sums: by their rounding, equal boxes may share a little more than they have.
    return np.asarray(np.minimum(ratio, 1.0))


def centre_errors(boxes: Array, truth: Array) -> Array:
    """Distance of the centres of each pair of rows in pixels: (N,), infinite where NaN."""
    offset = boxes[:, :2] + boxes[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2
    distance = np.hypot(offset[:, 0], offset[:, 1])
    return np.where(np.isnan(distance), np.inf, distance)


def success_curve(overlap: Array, thresholds: Array = THRESHOLDS) -> Array:
    """Share of frames whose overlap is above each threshold: (T,).

    Above, not at: a perfect tracker has 20/21 under the usual 21 thresholds, as in the toolkit of
    the OTB benchmark.
    """
    return np.asarray((overlap[:, None] > thresholds[None, :]).mean(axis=0))


def score(boxes: Array, truth: Array) -> Score:
    """Compare a tracker's boxes with the true ones.

    Parameters
    ----------
    boxes : ndarray
        (N, 4), one row for each image.
    truth : ndarray
        (N, 4), NaN where the target is absent.
    """
    present = ~np.isnan(truth).any(axis=1)
    boxes, truth = boxes[present], truth[present]
    return Score(
        auc=float(success_curve(overlaps(boxes, truth)).mean()),
        precision=float((centre_errors(boxes, truth) <= PRECISION_PIXELS).mean()),
        frames=int(present.sum()),
    )
