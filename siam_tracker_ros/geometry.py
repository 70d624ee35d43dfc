# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes and search windows in continuous pixels.

The image spans [0, W] x [0, H]; pixel (0, 0) covers [0, 1) x [0, 1) and its centre is (0.5, 0.5).
Every reader of another convention converts at the border, so nothing inside ever adds or subtracts
half a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from .errors import BoxError


@dataclass(frozen=True)
class Box:
    """An upright box.

    Parameters
    ----------
    cx, cy : float
        Centre, in continuous pixels.
    w, h : float
        Width and height, in pixels.
    """

    cx: float
    cy: float
    w: float
    h: float

    @classmethod
    def from_ltwh(cls, left: float, top: float, w: float, h: float) -> Box:
        """Make a box from its left-top corner (0-based, continuous) and its size."""
        return cls(left + w / 2, top + h / 2, w, h)

    @property
    def ltwh(self) -> tuple[float, float, float, float]:
        """Left, top, width, height."""
        return self.cx - self.w / 2, self.cy - self.h / 2, self.w, self.h

    @property
    def ltrb(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (
            self.cx - self.w / 2,
            self.cy - self.h / 2,
            self.cx + self.w / 2,
            self.cy + self.h / 2,
        )

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.w * self.h

    @property
    def is_valid(self) -> bool:
        """True when every number is finite and the size is positive."""
        return (
            all(math.isfinite(v) for v in (self.cx, self.cy, self.w, self.h))
            and self.w > 0
            and self.h > 0
        )

    def intersection(self, other: Box) -> float:
        """Area shared with another box, in square pixels."""
        l1, t1, r1, b1 = self.ltrb
        l2, t2, r2, b2 = other.ltrb
        return max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(b1, b2) - max(t1, t2))

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def clipped(self, width: float, height: float) -> Box | None:
        """Return the part inside an image of this size, or None where nothing is inside."""
        x, y = _cut(self.cx, self.w, float(width)), _cut(self.cy, self.h, float(height))
        return None if x is None or y is None else Box(x[0], y[0], x[1], y[1])

    def scaled(self, fx: float, fy: float | None = None) -> Box:
        """Return the box in an image resized by these factors."""
        fy = fx if fy is None else fy
        return Box(self.cx * fx, self.cy * fy, self.w * fx, self.h * fy)


def _cut(centre: float, size: float, limit: float) -> tuple[float, float] | None:
    """Centre and size of the part of an interval in [0, limit]; None where there is none."""
    low, high = centre - size / 2, centre + size / 2
    inner_low, inner_high = max(low, 0.0), min(high, limit)
    if inner_high <= inner_low:
        return None
    if (inner_low, inner_high) == (low, high):
        # To the bit: a box of the smallest size that can be tracked must not become smaller.
        return centre, size
    return (inner_low + inner_high) / 2, inner_high - inner_low


MIN_TARGET_SIDE = 4.0
"""Smallest side of a box that can be tracked, in pixels: less holds no structure to match."""


def check_initial_box(box: Box, width: int, height: int) -> Box:
    """Return the box to start with, clipped to the image, or refuse it.

    Parameters
    ----------
    box : Box
        What the user gave, in continuous pixels of the image; NumPy's scalars are welcome.
    width, height : int
        Size of the image.

    Raises
    ------
    BoxError
        Not finite, not positive, under `MIN_TARGET_SIDE`, or less than half inside the image.
    """
    numbers = f'x={box.ltwh[0]:g} y={box.ltwh[1]:g} w={box.w:g} h={box.h:g}'
    if not all(math.isfinite(v) for v in (box.cx, box.cy, box.w, box.h)):
        raise BoxError(
            f'the box ({numbers}) has a number that is not finite: give four real numbers'
        )
    if box.w <= 0 or box.h <= 0:
        raise BoxError(f'the box ({numbers}) has no area: width and height must be positive')
    if min(box.w, box.h) < MIN_TARGET_SIDE:
        raise BoxError(
            f'the box ({numbers}) is too small: both sides must be at least {MIN_TARGET_SIDE:g} px'
        )
    inside = box.clipped(width, height)
    if inside is None or inside.area < 0.5 * box.area:
        raise BoxError(
            f'the box ({numbers}) lies outside the {width}x{height} image: '
            'at least half of it must be inside'
        )
    if min(inside.w, inside.h) < MIN_TARGET_SIDE:
        raise BoxError(
            f'the box ({numbers}) leaves less than {MIN_TARGET_SIDE:g} px inside the '
            f'{width}x{height} image: choose more of the target'
        )
    # A number of NumPy's would make float64 tensors of all that is computed from it.
    return Box(float(inside.cx), float(inside.cy), float(inside.w), float(inside.h))


@dataclass(frozen=True)
class SearchWindow:
    """A square of the image that is cropped and resized to a network's input.

    Parameters
    ----------
    cx, cy : float
        Centre, in continuous pixels of the image.
    side : float
        Side, in pixels of the image.
    """

    cx: float
    cy: float
    side: float

    def cell(
        self, ix: float, iy: float, cells: int, stride: float, size: int
    ) -> tuple[float, float]:
        """Position in the image of one cell of a response map.

        The maps of a network without padding are symmetric about the crop's centre, so cell (cells
        - 1) / 2 lies exactly there: a static scene gives exactly zero displacement.

        Parameters
        ----------
        ix, iy : float
            Column and row of the cell.
        cells : int
            Cells along a side of the map.
        stride : float
            Pixels of the crop between two cells.
        size : int
            Side of the crop, in its own pixels.
        """
        step = stride * self.side / size
        middle = (cells - 1) / 2
        return self.cx + (ix - middle) * step, self.cy + (iy - middle) * step


def context_side(w: float, h: float, context: float = 0.5) -> float:
    """Side of the square exemplar window around a target of this size, in pixels.

    ``sqrt((w + 2p) (h + 2p))`` with ``2p = context * (w + h)`` (SiamFC, section 2.5 "Dataset
    curation").
    """
    margin = context * (w + h)
    return math.sqrt((w + margin) * (h + margin))
