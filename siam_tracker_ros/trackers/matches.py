# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Targets that are matched, and what matching finds of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from torch import Tensor

from ..frames import Frame
from ..geometry import Box, SearchWindow
from .base import Response
from .teaching import TaughtTarget


class MatchTarget(TaughtTarget):
    """One object: its exemplar's features, the colour around its image, its history.

    Attributes
    ----------
    template : Tensor
        (C, h, w) exemplar features, computed once from the first frame.
    fill : Tensor
        (3,) mean colour of the first frame; it stays, so that padding does not flicker.
    origin : tuple of float
        Where the exemplar's own peak lies in the frame it was taken from, x and y in cells from
        the middle of the map.
    parts : dict
        What its last response was made of: (S, M, M) logits for S scales, by their names; empty
        where it was made of one map.
    """

    def __init__(self, box: Box, template: Tensor, fill: Tensor) -> None:
        super().__init__(box)
        self.template = template
        self.fill = fill
        self.origin = (0.0, 0.0)
        self.parts: dict[str, Tensor] = {}


@dataclass(frozen=True)
class Match:
    """What one run of the network found for N targets.

    Attributes
    ----------
    rows : list of list of float
        The rows of `locate`.
    maps : Tensor
        (N, M, M) logits at the best scales.
    factors : list of float
        The best scales.
    windows : list of SearchWindow
        What was searched at the best scales.
    pull : Tensor
        (N,) of `located`.
    stride : int
        Pixels of the crop between two cells.
    size : int
        Side of the crops.
    """

    rows: list[list[float]]
    maps: Tensor
    factors: list[float]
    windows: list[SearchWindow]
    pull: Tensor
    stride: int
    size: int

    def self_response(self) -> tuple[float, float]:
        """Offset of the first target's peak in its own first frame, x and y in cells.

        The response around the exemplar is not symmetric, because its surroundings are not, so
        its up-sampled peak lies a fraction of a cell beside the middle. As a constant error it
        would move every box of a static scene. A peak further off is something else that looks
        alike, which no offset mends.
        """
        return own_offset(self.rows[0], self.cells) or (0.0, 0.0)

    @property
    def cells(self) -> int:
        """Cells along a side of a map, M."""
        return int(self.maps.shape[-1])

    def place(
        self, index: int, column: float, line: float, origin: tuple[float, float]
    ) -> tuple[float, float]:
        """Position in the image of a peak of one target's map.

        Parameters
        ----------
        index : int
            Which target.
        column, line : float
            The peak, in cells.
        origin : tuple of float
            The target's own, see `MatchTarget`.
        """
        return self.windows[index].cell(
            column - origin[0], line - origin[1], self.cells, self.stride, self.size
        )

    def response(self, index: int) -> Response:
        """One target's map, and what it covers of the image."""
        covering = covered(self.windows[index], self.cells, self.stride, self.size)
        return Response(self.maps[index], covering)


@dataclass(frozen=True)
class Found:
    """Where one target was found.

    Attributes
    ----------
    box : Box
        At its new place, and of its new size.
    peak : float
        The response there, a logit.
    sharpness : float
        Peak-to-sidelobe ratio.
    response : Response
    scale : int
        Which of the scales fits best.
    place : tuple of float
        How far it is from the middle of the map of that scale, x and y in cells.
    """

    box: Box
    peak: float
    sharpness: float
    response: Response
    scale: int
    place: tuple[float, float]


def own_offset(row: Sequence[float], cells: int) -> tuple[float, float] | None:
    """How far beside the middle of its map a peak is, x and y in cells.

    None where it is more than a cell, or where the map holds a NaN.

    Parameters
    ----------
    row : sequence of float
        Of `locate`.
    cells : int
        Cells along a side of the map.
    """
    _, column, line, peak, _ = row
    middle = (cells - 1) / 2
    dx, dy = column - middle, line - middle
    if not math.isfinite(peak) or max(abs(dx), abs(dy)) > 1.0:
        return None
    return dx, dy


def covered(window: SearchWindow, cells: int, stride: int, size: int) -> SearchWindow:
    """What a map of so many cells covers of the window that was searched."""
    return SearchWindow(window.cx, window.cy, window.side * cells * stride / size)


def inside(place: tuple[float, float], frame: Frame) -> tuple[float, float]:
    """A place, or the nearest one in the frame; a NaN stays one."""
    x, y = place
    return min(max(x, 0.0), float(frame.width)), min(max(y, 0.0), float(frame.height))


def visible(box: Box, frame: Frame) -> Box:
    """The part of a box inside the frame: there is one, unless the frame shrank."""
    clipped = box.clipped(frame.width, frame.height)
    return clipped if clipped is not None else Box(frame.width / 2, frame.height / 2, 1.0, 1.0)
