# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial robustness evaluation, SRE (Wu et al. 2013, section 4): starts on imprecise boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import UserError
from ...geometry import MIN_TARGET_SIDE, Box
from ...sequences import Sequence, image_size
from ..subjects import Subject
from ..traces import Trace
from .base import Protocol
from .one_pass import follow

Array = NDArray[np.float64]

# Shifts of the four edges (left, top, right, bottom) in sizes of the target. The toolkit of OTB
# moves the whole box for a shift of the centre, and one corner alone for a shift of a corner.
CENTRES = 0.1 * np.array([(-1, 0, -1, 0), (1, 0, 1, 0), (0, -1, 0, -1), (0, 1, 0, 1)])
CORNERS = 0.1 * np.array([(-1, -1, 0, 0), (0, -1, 1, 0), (-1, 0, 0, 1), (0, 0, 1, 1)])
SCALES = (0.8, 0.9, 1.1, 1.2)


class SpatialRobustness(Protocol):
    """Twelve passes from the first image: see `perturbed`."""

    name = 'spatial'

    def passes(self, sequence: Sequence) -> int:
        """See `Protocol.passes`."""
        return len(CENTRES) + len(CORNERS) + len(SCALES)

    def run(self, subject: Subject, sequence: Sequence, index: int) -> Trace:
        """See `Protocol.run`."""
        size = image_size(sequence)
        if size is None:
            raise UserError(f'{sequence.images[0]} does not exist: the sequence is not complete')
        return follow(subject, sequence, 0, perturbed(sequence.first_box, size)[index])


def perturbed(box: Box, size: tuple[int, int]) -> list[Box]:
    """The twelve boxes to start with, in the toolkit's order.

    Shifted to the left, right, top and bottom by a tenth of the target's size, at least a pixel;
    the left-top, right-top, left-bottom and right-bottom corner moved outwards by a tenth; scaled
    about the centre by 0.8, 0.9, 1.1 and 1.2. As in the toolkit of OTB, shifts are whole pixels,
    moved edges and scaled boxes are rounded to them, and then a box that begins outside the image
    is moved to its border, and one that ends outside is cut off there. Deviation: where that
    leaves a side under `MIN_TARGET_SIDE`, which our trackers refuse, the true box is used.

    Parameters
    ----------
    box : Box
        The true one, in continuous pixels.
    size : tuple of int
        Width and height of the image.
    """
    left, top, w, h = box.ltwh
    edges = np.array([left, top, left + w, top + h])
    extent = np.array([w, h, w, h])
    centres = edges + np.sign(CENTRES) * np.ceil(np.abs(CENTRES) * extent)
    corners = np.where(CORNERS == 0, edges, _rounded(edges + CORNERS * extent))
    factors = np.array(SCALES)[:, None]
    middle, sides = np.array([box.cx, box.cy]), np.array([w, h])
    starts = _rounded(middle - factors * sides / 2)
    scaled = np.hstack([starts, starts + _rounded(factors * sides)])
    moved = [_inside(row, size) for row in np.vstack([centres, corners, scaled])]
    return [one if min(one.w, one.h) >= MIN_TARGET_SIDE else box for one in moved]


def _rounded(values: Array) -> Array:
    """To whole pixels, halves up.

    The toolkit rounds 1-based numbers, which are positive inside the image, away from zero.
    """
    return np.floor(np.round(values, 9) + 0.5)


def _inside(edges: Array, size: tuple[int, int]) -> Box:
    left, top, right, bottom = edges.tolist()
    w, h = right - left, bottom - top
    left, top = max(left, 0.0), max(top, 0.0)
    return Box.from_ltwh(left, top, min(w, size[0] - left), min(h, size[1] - top))
