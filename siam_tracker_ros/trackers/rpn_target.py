# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker by proposals knows about one object, and what it finds of it in a frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from ..geometry import Box, SearchWindow
from ..online.monitor import Evidence, bounded, probability
from .base import Response
from .judged import JudgedTarget
from .teaching import Pupil, Scores


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


@dataclass(frozen=True)
class Result:
    """What was found of one target in a frame.

    Attributes
    ----------
    box : Box
        The target's at the proposal.
    found : Proposal
    margin : float or None
        The classifier's at `box`, where there is one.
    rivals : list of float
        Probabilities of the other candidates, as ratios to the highest.
    """

    box: Box
    found: Proposal
    margin: float | None = None
    rivals: list[float] = field(default_factory=list)

    @property
    def evidence(self) -> Evidence:
        """What the score is made of."""
        margin = 0.0 if self.margin is None else bounded(self.margin)
        return Evidence(self.found.logit, self.found.sharpness, margin)

    @property
    def scores(self) -> Scores:
        """What the gate decides by."""
        classification = None if self.margin is None else probability(self.margin)
        return Scores(probability(self.found.logit), classification, self.rivals)


class RPNTarget(JudgedTarget):
    """One object: its template, and the colour around its image.

    Attributes
    ----------
    template : tuple of Tensor
        (1, ...) each, from the first frame.
    fill : Tensor
        (3,) mean colour of the first frame.
    origin : Origin
    pupil : Pupil or None
        Its layers, where a classifier learns it.
    """

    def __init__(self, box: Box, template: tuple[Tensor, ...], fill: Tensor) -> None:
        super().__init__(box)
        self.template = template
        self.fill = fill
        self.origin = Origin()
        self.pupil: Pupil | None = None
