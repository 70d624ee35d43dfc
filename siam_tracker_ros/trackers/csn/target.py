# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the cascaded Siamese tracker knows about one object, and what it finds of it in a frame."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...geometry import Box
from ...online.bbox_regression import BoxRegression
from ...online.classifier import TargetClassifier
from ...online.monitor import Evidence
from ...online.redetection import Sweep
from ..base import Response
from ..matches import MatchTarget
from ..teaching import Pupil


class CSNTarget(MatchTarget):
    """One object: its exemplar, and its own last layers.

    Attributes
    ----------
    pupil : Pupil
        Its layers, and what decides about their lessons.
    peak_origin : tuple of float
        The `origin` that peaks of the map have, which is up-sampled less, and without a window.
    regression : BoxRegression or None
        None where boxes are reported as they were found.
    sweep : Sweep
        How far the search for it has come while it is lost.
    """

    pupil: Pupil

    def __init__(self, box: Box, template: Tensor, fill: Tensor, pupil: Pupil) -> None:
        super().__init__(box, template, fill)
        self.pupil = pupil
        self.peak_origin = (0.0, 0.0)
        self.regression: BoxRegression | None = None
        self.sweep = Sweep()

    @property
    def classifier(self) -> TargetClassifier:
        """Its layers."""
        return self.pupil.classifier


@dataclass(frozen=True)
class Result:
    """The optimal result of one target in one frame.

    Attributes
    ----------
    box : Box
    evidence : Evidence
    similarity : float
        S_M.
    classification : float or None
        S_C.
    rivals : list of float
    response : Response
    """

    box: Box
    evidence: Evidence
    similarity: float
    classification: float | None
    rivals: list[float]
    response: Response
