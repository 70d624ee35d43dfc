# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors and curves of one-pass evaluation, without loops over frames.

Boxes are (N, 4) left, top, width, height in continuous pixels. Which frames count is for the
caller to say; a box of the tracker that is not finite is a miss at every threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Of the success plot (toolkit of OTB: 0:0.05:1).
OVERLAPS: Array = np.linspace(0.0, 1.0, 21)
# Of the precision plot, in pixels (toolkit of OTB: 0:50), and the one that ranks.
PIXELS: Array = np.arange(51.0)
PRECISION_PIXELS = 20
# Of the normalised precision plot (toolkit of LaSOT: 0:0.01:0.5), and the one that ranks there.
NORMALISED: Array = np.arange(51) / 100
NORMALISED_RANK = 0.2
# Where the kit of TrackingNet samples the same plot to take its area.
NORMALISED_AREA: Array = np.linspace(0.0, 0.5, 21)


def centre_errors(boxes: Array, truth: Array) -> Array:
    """Distance of the centres in pixels: (N,), infinite where a number is not finite."""
    return _lengths(_offsets(boxes, truth))


def normalised_errors(boxes: Array, truth: Array) -> Array:
    """Distance of the centres in sizes of the true box: (N,), infinite as in `centre_errors`.

    Müller et al. 2018 (TrackingNet), section 5: the offset is divided by the true width and
    height before its length is taken. The true boxes have an area.
    """
    return _lengths(_offsets(boxes, truth) / truth[:, 2:])


def success_curve(overlaps: Array, thresholds: Array = OVERLAPS) -> Array:
    """Share of frames whose overlap is above each threshold: (T,), NaN without frames.

    Above, not at, as in the toolkits of OTB and GOT-10k: nobody exceeds an overlap of 1, so a
    perfect tracker has 0 at the last threshold, and 20/21 as the mean over `OVERLAPS`.
    """
    return 1.0 - _share_up_to(overlaps, thresholds)


def precision_curve(errors: Array, thresholds: Array = PIXELS) -> Array:
    """Share of frames whose error is at most each threshold: (T,), NaN without frames."""
    return _share_up_to(errors, thresholds)


def normalised_precision(errors: Array) -> float:
    """Area under the normalised precision plot up to 0.5, as a share of the whole.

    TrackingNet ranks by it. Its kit takes 21 samples and joins them by straight lines; it also
    rounds all boxes to whole pixels first, which is not done here.
    """
    heights = precision_curve(errors, NORMALISED_AREA)
    return float(((heights[1:] + heights[:-1]) / 2).mean())


def _offsets(boxes: Array, truth: Array) -> Array:
    """Of the centres: (N, 2)."""
    # Each centre by itself, so that those of equal boxes are equal to the last bit.
    with np.errstate(invalid='ignore'):
        return _centres(boxes) - _centres(truth)


def _centres(boxes: Array) -> Array:
    return np.asarray(boxes[:, :2] + boxes[:, 2:] / 2)


def _lengths(offsets: Array) -> Array:
    lengths = np.hypot(offsets[:, 0], offsets[:, 1])
    return np.where(np.isnan(lengths), np.inf, lengths)


def _share_up_to(values: Array, thresholds: Array) -> Array:
    """Share of values at most each threshold."""
    if not len(values):
        return np.full(len(thresholds), np.nan)
    return np.searchsorted(np.sort(values), thresholds, side='right') / len(values)
