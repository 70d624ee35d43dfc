# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker by proposals knows about one object, and what it finds of it in a frame."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..geometry import Box, SearchWindow
from .base import Response
from .teaching import TaughtTarget


@dataclass(frozen=True)
class Origin:
    """What the network finds of a target's first box in its own frame.

    Attributes
    ----------
    dx, dy : float
        From the middle of the crop, in its pixels.
    width, height : float
        Ratios to the box's.
    """

    dx: float = 0.0
    dy: float = 0.0
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True)
class Proposal:
    """Where one target may be in a frame.

    Attributes
    ----------
    box : Box
        In pixels of the crop, from its middle.
    logit, sharpness, rank, steadiness : float
        See `proposals.Choice`.
    window : SearchWindow
        The crop.
    size : int
        Its side in its own pixels.
    response : Response
    """

    box: Box
    logit: float
    sharpness: float
    rank: float
    steadiness: float
    window: SearchWindow
    size: int
    response: Response


class RPNTarget(TaughtTarget):
    """One object: its template, and the colour around its image.

    Attributes
    ----------
    template : tuple of Tensor
        (1, ...) each, from the first frame.
    fill : Tensor
        (3,) mean colour of the first frame.
    origin : Origin
    """

    def __init__(self, box: Box, template: tuple[Tensor, ...], fill: Tensor) -> None:
        super().__init__(box)
        self.template = template
        self.fill = fill
        self.origin = Origin()
