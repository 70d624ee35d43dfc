# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Anchor boxes over the cells of a response map, and the deltas that turn them into proposals.

Boxes are centre and size, (cx, cy, w, h), in pixels of the search crop and relative to its
middle. In a tensor these four lie along the fourth dimension from the end: (4, k, M, M) is one box
for each of k anchors at each of M x M cells, (N, 4, k, M, M) one for each of N images as well, as
C-RPN needs it, whose later stages begin from refined anchors.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..kept import kept

COORDINATES = -4
"""Dimension of a tensor of boxes, or of deltas, that holds the four coordinates."""


@dataclass(frozen=True)
class Anchors:
    """The k shapes that are laid over every cell (SiamRPN++, section 3.2).

    The paper leaves them to SiamRPN: five ratios of one scale. The sizes in pixels are pysot's.

    Parameters
    ----------
    ratios : tuple of float
        Heights over widths.
    scales : tuple of float
        Square roots of the areas, in strides.
    stride : int
        Pixels of the search crop between two cells.
    rounded : bool
        Whether the sides are whole multiples of the scale, rounded down as in pysot, whose
        published weights expect it; else all anchors of a scale have exactly the same area.

    Raises
    ------
    ValueError
        There is no shape, or one without an area.
    """

    ratios: tuple[float, ...] = (0.33, 0.5, 1.0, 2.0, 3.0)
    scales: tuple[float, ...] = (8.0,)
    stride: int = 8
    rounded: bool = True

    def __post_init__(self) -> None:
        if self.stride < 1 or not all(v > 0 for v in (*self.ratios, *self.scales)):
            raise ValueError(
                f'anchors of ratios {self.ratios}, scales {self.scales} and stride {self.stride}: '
                'all of these must be positive'
            )
        shapes = self._shapes()
        if not shapes or min(min(shape) for shape in shapes) <= 0:
            raise ValueError(
                f'anchors of ratios {self.ratios} and scales {self.scales} have no area: give '
                'at least one of each, and ratios nearer to 1'
            )

    @property
    def count(self) -> int:
        """Anchors of a cell, k."""
        return len(self.ratios) * len(self.scales)

    def sizes(self) -> Tensor:
        """Width and height of each anchor in pixels, (k, 2): the scales of a ratio together."""
        return torch.tensor(self._shapes())

    def grid(self, cells: int, device: torch.device | str | None = None) -> Tensor:
        """Anchors of a whole map.

        Parameters
        ----------
        cells : int
            Cells along a side of the map, M. Cell i lies at ``(i - (M - 1) / 2) * stride``: the
            maps are symmetric about the middle of the crop.
        device : torch.device or str, optional

        Returns
        -------
        Tensor
            (4, k, M, M); rows before columns.
        """
        places = (torch.arange(cells) - (cells - 1) / 2) * self.stride
        cy, cx = torch.meshgrid(places, places, indexing='ij')
        w, h = self.sizes().view(-1, 2, 1, 1).expand(-1, -1, cells, cells).unbind(1)
        return torch.stack([cx.expand_as(w), cy.expand_as(w), w, h]).to(device)

    def _shapes(self) -> list[tuple[float, float]]:
        shapes: list[tuple[float, float]] = []
        for ratio in self.ratios:
            w, h = self.stride / math.sqrt(ratio), self.stride * math.sqrt(ratio)
            if self.rounded:
                # pysot's height follows from the width that is already rounded.
                w = float(int(w))
                h = float(int(w * ratio))
            shapes.extend((w * scale, h * scale) for scale in self.scales)
        return shapes


# A search that grows from 255 px to the 831 of pysot's long-term tracker has 37 sizes.
@kept(maxsize=64)
def anchor_boxes(anchors: Anchors, cells: int, device: torch.device) -> Tensor:
    """`Anchors.grid`, kept: a frame does not make it anew (pysot does while lost)."""
    # Whoever asks first may be tracking, and the next one may learn.
    with torch.inference_mode(False):
        return anchors.grid(cells, device)


def decode(anchors: Tensor, deltas: Tensor) -> Tensor:
    """Boxes that a regression means (C-RPN, Eq. 6).

    Parameters
    ----------
    anchors : Tensor
        (..., 4, k, M, M) boxes.
    deltas : Tensor
        (..., 4, k, M, M): dx, dy in sizes of the anchor, dw, dh as logarithms of ratios of sizes.

    Returns
    -------
    Tensor
        (..., 4, k, M, M) boxes; the leading dimensions are broadcast.
    """
    centre, size = anchors.chunk(2, COORDINATES)
    shift, growth = deltas.chunk(2, COORDINATES)
    return torch.cat([centre + size * shift, size * growth.exp()], COORDINATES)


def encode(anchors: Tensor, boxes: Tensor) -> Tensor:
    """Deltas from anchors to boxes, the inverse of `decode` (C-RPN, Eq. 5).

    Parameters
    ----------
    anchors : Tensor
        (..., 4, k, M, M) boxes.
    boxes : Tensor
        (..., 4, k, M, M) boxes; (N, 4, 1, 1, 1) is the same one for all anchors of an image.

    Returns
    -------
    Tensor
        (..., 4, k, M, M) deltas; all dimensions are broadcast.
    """
    centre, size = anchors.chunk(2, COORDINATES)
    target_centre, target_size = boxes.chunk(2, COORDINATES)
    return torch.cat([(target_centre - centre) / size, (target_size / size).log()], COORDINATES)


def overlaps(anchors: Tensor, boxes: Tensor) -> Tensor:
    """Intersection over union of all anchors with the one box of each image.

    Parameters
    ----------
    anchors : Tensor
        (4, k, M, M), or (N, 4, k, M, M) where each image has its own.
    boxes : Tensor
        (N, 4).

    Returns
    -------
    Tensor
        (N, k, M, M), in [0, 1].
    """
    shared, area, box_area = _areas(anchors, boxes)
    return shared / (area + box_area - shared)


def shares_of_smaller(anchors: Tensor, boxes: Tensor) -> Tensor:
    """What all anchors have in common with the one box of each image, as a share of the smaller.

    1 where one lies in the other, however small it is. Arguments and shapes: see `overlaps`.
    """
    shared, area, box_area = _areas(anchors, boxes)
    return shared / torch.minimum(area, box_area)


def _areas(anchors: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Areas of the intersections, of the anchors and of the boxes; see `overlaps`."""
    centre, size = anchors.chunk(2, COORDINATES)
    box_centre, box_size = boxes[:, :, None, None, None].chunk(2, COORDINATES)
    low = torch.maximum(centre - size / 2, box_centre - box_size / 2)
    high = torch.minimum(centre + size / 2, box_centre + box_size / 2)
    shared = (high - low).clamp(min=0).prod(COORDINATES)
    return shared, size.prod(COORDINATES), box_size.prod(COORDINATES)
