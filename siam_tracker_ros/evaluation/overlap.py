# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Intersection over union of boxes and of polygons, row by row.

Boxes are (N, 4) left, top, width, height and polygons (N, 4, 2) corners, in continuous pixels. A
row with a number that is not finite, or with a region that has no area, overlaps nothing: its
value is 0.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError, install
from ..sequences import Sequence

Array = NDArray[np.float64]


def overlaps(boxes: Array, sequence: Sequence, bounds: tuple[int, int] | None = None) -> Array:
    """Overlap of a tracker's boxes with what a sequence says is true.

    A sequence with polygons is compared exactly with them, one without with its boxes.

    Parameters
    ----------
    boxes : ndarray
        (N, 4), one row for each image.
    sequence : Sequence
    bounds : tuple of int or None
        Width and height of the images, to leave out what lies outside them: see `box_overlaps`
        and `polygon_overlaps`.

    Returns
    -------
    ndarray
        (N,) in [0, 1]; 0, too, where the target is absent.

    Raises
    ------
    UserError
        The sequence has polygons, and shapely is not installed.
    """
    if sequence.polygons is None:
        return box_overlaps(boxes, sequence.boxes, bounds)
    return polygon_overlaps(box_corners(boxes), sequence.polygons, bounds)


def box_overlaps(first: Array, second: Array, bounds: tuple[int, int] | None = None) -> Array:
    """Intersection over union of each pair of upright boxes.

    Parameters
    ----------
    first, second : ndarray
        (N, 4) each.
    bounds : tuple of int or None
        Width and height of the images. Boxes are then moved into them as the toolkit of GOT-10k
        does: a corner outside comes to the border and the box keeps its size, as far as the
        other border lets it. What `bounds` of `polygon_overlaps` cuts off is another area.

    Returns
    -------
    ndarray
        (N,) in [0, 1].
    """
    finite = _finite(first) & _finite(second)
    first = np.where(finite[:, None], first, 0.0)
    second = np.where(finite[:, None], second, 0.0)
    if bounds is not None:
        first, second = _moved_inside(first, bounds), _moved_inside(second, bounds)
    begin = np.maximum(first[:, :2], second[:, :2])
    end = np.minimum(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    shared = np.prod(np.clip(end - begin, 0.0, None), axis=1)
    return _ratios(shared, np.prod(first[:, 2:], axis=1), np.prod(second[:, 2:], axis=1))


def polygon_overlaps(first: Array, second: Array, bounds: tuple[int, int] | None = None) -> Array:
    """Exact intersection over union of each pair of quadrilaterals.

    A quadrilateral whose sides cross covers both of its triangles: annotators swap corners, and
    what they meant is all of it.

    Parameters
    ----------
    first, second : ndarray
        (N, 4, 2) each, corners in any direction.
    bounds : tuple of int or None
        Width and height of the images, to cut off what lies outside them.

    Returns
    -------
    ndarray
        (N,) in [0, 1].

    Raises
    ------
    UserError
        shapely is not installed.
    """
    shapely = _require_shapely()
    finite = _finite(first) & _finite(second)
    ratios = np.zeros(len(first))
    # The first releases of shapely 2 warn of an invalid value where there is none.
    with np.errstate(invalid='ignore'):
        regions = [_regions(shapely, corners[finite], bounds) for corners in (first, second)]
        shared = shapely.area(shapely.intersection(*regions))
    ratios[finite] = _ratios(shared, *(shapely.area(region) for region in regions))
    return ratios


def box_corners(boxes: Array) -> Array:
    """Corners of upright boxes: (N, 4, 2), clockwise from the left-top one; NaN without area."""
    # A box turned inside out has no area, but its corners would.
    good = _finite(boxes) & np.asarray((boxes[:, 2:] > 0).all(axis=1))
    kept = np.where(good[:, None], boxes, np.nan)
    steps = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
    return np.asarray(kept[:, None, :2] + steps * kept[:, None, 2:])


def _finite(rows: Array) -> NDArray[np.bool_]:
    """(N,) whether all numbers of a row are."""
    return np.asarray(np.isfinite(rows).all(axis=tuple(range(1, rows.ndim))))


def _moved_inside(boxes: Array, bounds: tuple[int, int]) -> Array:
    size = np.array(bounds, np.float64)
    corner = np.clip(boxes[:, :2], 0.0, size)
    return np.hstack([corner, np.clip(boxes[:, 2:], 0.0, size - corner)])


def _ratios(shared: Array, first: Array, second: Array) -> Array:
    """Shared area over that of the union; at most 1, which rounding may exceed."""
    union = first + second - shared
    good = (shared > 0) & (union > 0)
    ratio = np.divide(shared, union, out=np.zeros_like(shared), where=good)
    return np.asarray(np.minimum(ratio, 1.0))


def _regions(shapely: ModuleType, corners: Array, bounds: tuple[int, int] | None) -> Any:
    """What quadrilaterals cover: (N,) geometries without crossings."""
    regions = shapely.polygons(corners)
    wrong = ~shapely.is_valid(regions)
    regions[wrong] = shapely.make_valid(regions[wrong])
    if bounds is not None:
        regions = shapely.intersection(regions, shapely.box(0.0, 0.0, *bounds))
    return regions


def _require_shapely() -> ModuleType:
    try:
        return importlib.import_module('shapely')
    except ImportError as error:
        raise UserError(
            f'rotated boxes need shapely, which is not installed: run {install("eval")}'
        ) from error
