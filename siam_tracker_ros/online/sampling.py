# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes around a target to learn from: what overlaps it well, and what does not.

Nam and Han 2016, section 3.3, "Hard minibatch mining" and "Implementation details".

All boxes of a call are rows ``cx, cy, w, h`` of one tensor, in continuous pixels of the image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry import Box

STEP = 1.05
"""Ratio between two steps of the scale (MDNet code)."""

# Draws that are made at once, as a multiple of what is wanted, and how often. What no box within
# the bounds was found for by then is filled with the nearest ones.
SURPLUS = 3
ROUNDS = 8

# Smallest side of a drawn box, in pixels.
SMALLEST = 1.0


@dataclass(frozen=True)
class Spread:
    """How far drawn boxes lie from the target.

    Attributes
    ----------
    shift : float
        In mean sides of the target, ``(w + h) / 2``: for Gaussian boxes twice the deviation,
        for all the largest shift.
    steps : float
        In steps of `STEP` of the scale, likewise.
    """

    shift: float
    steps: float


Draw = Callable[[Tensor, int, torch.Generator], Tensor]
"""A generator of boxes: target (4,), count, generator -> (count, 4)."""


def box_row(box: Box) -> Tensor:
    """A box as a row: (4,) float32, ``cx, cy, w, h``."""
    return torch.tensor([box.cx, box.cy, box.w, box.h], dtype=torch.float32)


def overlaps(box: Tensor, boxes: Tensor) -> Tensor:
    """Intersection over union of one box with others: (4,), (N, 4) -> (N,)."""
    low = torch.maximum(box[:2] - box[2:] / 2, boxes[:, :2] - boxes[:, 2:] / 2)
    high = torch.minimum(box[:2] + box[2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2)
    shared = (high - low).clamp_min(0.0).prod(dim=1)
    return shared / (box[2:].prod() + boxes[:, 2:].prod(dim=1) - shared)


def gaussian(spread: Spread) -> Draw:
    """Boxes normally distributed around the target.

    Half a normal variate, cut at 1, times the spread (MDNet code): far outliers are rare, but
    none is beyond it.
    """

    def draw(target: Tensor, count: int, generator: torch.Generator) -> Tensor:
        noise = (0.5 * torch.randn(count, 3, generator=generator)).clamp_(-1.0, 1.0)
        return _moved(target, noise, spread)

    return draw


def uniform(spread: Spread) -> Draw:
    """Boxes evenly distributed around the target."""

    def draw(target: Tensor, count: int, generator: torch.Generator) -> Tensor:
        noise = 2.0 * torch.rand(count, 3, generator=generator) - 1.0
        return _moved(target, noise, spread)

    return draw


def aspect(spread: Spread, steps: float) -> Draw:
    """Evenly distributed boxes whose shape changes, too, for regression (MDNet code).

    Parameters
    ----------
    spread : Spread
    steps : float
        Largest change of width and height for themselves, in steps of `STEP`.
    """

    def draw(target: Tensor, count: int, generator: torch.Generator) -> Tensor:
        boxes = uniform(spread)(target, count, generator)
        noise = 2.0 * torch.rand(count, 2, generator=generator) - 1.0
        return torch.cat([boxes[:, :2], boxes[:, 2:] * STEP ** (steps * noise)], dim=1)

    return draw


def whole(width: int, height: int, steps: float) -> Draw:
    """Boxes with their centres anywhere in the image, and of sizes around the target's.

    Parameters
    ----------
    width, height : int
        Size of the image.
    steps : float
        Largest change of the scale, in steps of `STEP`.
    """

    def draw(target: Tensor, count: int, generator: torch.Generator) -> Tensor:
        noise = torch.rand(count, 3, generator=generator)
        centre = noise[:, :2] * torch.tensor([width, height], dtype=torch.float32)
        scale = STEP ** (steps * (2.0 * noise[:, 2:] - 1.0))
        return torch.cat([centre, target[2:] * scale], dim=1)

    return draw


def sample(
    draw: Draw,
    target: Tensor,
    count: int,
    bounds: tuple[float, float],
    image: tuple[int, int],
    generator: torch.Generator,
) -> Tensor:
    """Boxes whose overlap with the target lies within bounds.

    Parameters
    ----------
    draw : Draw
        `gaussian`, `uniform`, `aspect` or `whole`.
    target : Tensor
        (4,) on the CPU.
    count : int
        How many.
    bounds : tuple of float
        Smallest and largest intersection over union, both included.
    image : tuple of int
        Width and height: centres are moved into the image, sides are at most its own.
    generator : torch.Generator
        The target's own, on the CPU: the same boxes on every device.

    Returns
    -------
    Tensor
        (count, 4). Where too few boxes within the bounds were found, those that missed them
        least fill the rest: a target as large as the image has nothing beside it.
    """
    low, high = bounds
    size = torch.tensor(image, dtype=torch.float32)
    drawn, missed = [], []
    found = 0
    for _ in range(ROUNDS):
        boxes = inside(draw(target, SURPLUS * count, generator), *image)
        sides = torch.minimum(boxes[:, 2:].clamp_min(SMALLEST), size)
        drawn.append(torch.cat([boxes[:, :2], sides], dim=1))
        overlap = overlaps(target, drawn[-1])
        missed.append((low - overlap).clamp_min(0.0) + (overlap - high).clamp_min(0.0))
        found += int((missed[-1] == 0).sum())
        if found >= count:
            break
    # Stable: of the boxes within the bounds the first drawn ones, which are as random as any.
    order = torch.cat(missed).sort(stable=True).indices[:count]
    return torch.cat(drawn)[order]


def inside(boxes: Tensor, width: int, height: int) -> Tensor:
    """Boxes with their centres moved into an image: (N, 4)."""
    size = torch.tensor([width, height], dtype=boxes.dtype)
    return torch.cat([torch.minimum(boxes[:, :2].clamp_min(0.0), size), boxes[:, 2:]], dim=1)


def _moved(target: Tensor, noise: Tensor, spread: Spread) -> Tensor:
    """The target's box moved by (N, 3) noise in [-1, 1]: x, y and scale."""
    shift = spread.shift * target[2:].mean() * noise[:, :2]
    return torch.cat(
        [target[:2] + shift, target[2:] * STEP ** (spread.steps * noise[:, 2:])], dim=1
    )
