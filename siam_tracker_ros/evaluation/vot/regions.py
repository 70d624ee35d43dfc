# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Overlap inside the image: what sticks out of it counts for nobody in VOT since 2016."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...sequences import Sequence
from ..overlap import box_corners, box_overlaps, polygon_overlaps

Array = NDArray[np.float64]
WHOLE = slice(None)


def region_overlaps(
    boxes: Array, sequence: Sequence, bounds: tuple[int, int] | None, rows: slice = WHOLE
) -> Array:
    """Overlap of a tracker's boxes with the polygons of a sequence, or with its boxes.

    Parameters
    ----------
    boxes : ndarray
        (K, 4) left, top, width, height in continuous pixels.
    sequence : Sequence
    bounds : tuple of int or None
        Width and height of the images; both regions are cut to it. None where nobody knows.
    rows : slice
        The K images that the boxes belong to; all by default.

    Returns
    -------
    ndarray
        (K,) in [0, 1]; 0 where a box or the truth is not finite.

    Raises
    ------
    UserError
        The sequence has polygons, and shapely is not installed.
    """
    if sequence.polygons is not None:
        return polygon_overlaps(box_corners(boxes), sequence.polygons[rows], bounds)
    return box_overlaps(_cut(boxes, bounds), _cut(sequence.boxes[rows], bounds))


def _cut(boxes: Array, bounds: tuple[int, int] | None) -> Array:
    if bounds is None:
        return boxes
    size = np.array(bounds, np.float64)
    # An infinite box would be cut to a good one.
    boxes = np.where(np.isfinite(boxes).all(axis=1, keepdims=True), boxes, np.nan)
    begin = np.clip(boxes[:, :2], 0.0, size)
    end = np.clip(boxes[:, :2] + boxes[:, 2:], 0.0, size)
    return np.hstack([begin, end - begin])
