# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bounding box regression from conv3 features (Nam and Han 2016, section 3.3).

It is that of R-CNN (Girshick et al. 2014, appendix C): learned from the first frame only, in
closed form, it moves and reshapes a result's box onto the target.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box
from ..models.interfaces import PatchNetwork
from ..settings import Settings, setting
from .patches import patch_features
from .sampling import Spread, aspect, box_row, sample

# Keeps a target dimension without any variance from being blown up (R-CNN code).
WHITENING = 1e-3

# Largest changes of scale and of shape of the samples, in steps of 1.05 (MDNet code).
SCALE_STEPS = 10.0
ASPECT_STEPS = 2.0


@dataclass(frozen=True)
class RegressionSettings(Settings):
    """What the regression is learned from. Defaults are MDNet's."""

    regression_samples: int = setting(
        1000, 'samples of the first frame', low=1, high=10000, source='MDNet 3.3'
    )
    regression_overlap: float = setting(
        0.6, 'smallest overlap (IoU) of a sample', low=0.0, high=1.0, source='MDNet code'
    )
    regression_shift: float = setting(
        0.3, 'spread of the samples, in mean sides', low=0.0, high=2.0, source='MDNet code'
    )
    regression_ridge: float = setting(
        1000.0,
        'ridge: the more, the less boxes are changed',
        low=1e-6,
        high=1e9,
        symbol='lambda',
        source='MDNet code, R-CNN appendix C',
    )


@dataclass(frozen=True)
class BoxRegression:
    """One target's regression.

    Attributes
    ----------
    weight : Tensor
        (D + 1, 4): features, and one constant, to changes of the box.
    offset : Tensor
        (4,) constant part of the change: at first the mean change of the samples.
    """

    weight: Tensor
    offset: Tensor

    @classmethod
    def fit(cls, features: Tensor, boxes: Tensor, target: Tensor, ridge: float) -> BoxRegression:
        """Fit the changes from samples to the target.

        Parameters
        ----------
        features : Tensor
            (N, D) conv3 features of the samples.
        boxes : Tensor
            (N, 4) the samples, ``cx, cy, w, h``.
        target : Tensor
            (4,) the target.
        ridge : float
            lambda of the ridge regression.
        """
        # In double precision: the ridge is small beside the features' squares.
        x = _with_constant(features.double())
        changes = to_changes(boxes, target).to(features.device).double()
        mean = changes.mean(dim=0)
        centred = changes - mean
        whiten, colour = _whitening(centred)
        y = centred @ whiten
        n, d = x.shape
        # Both are the ridge regression's solution; the smaller system is solved.
        if n < d:
            gram = x @ x.T + ridge * torch.eye(n, dtype=x.dtype, device=x.device)
            weight = x.T @ torch.linalg.solve(gram, y)
        else:
            gram = x.T @ x + ridge * torch.eye(d, dtype=x.dtype, device=x.device)
            weight = torch.linalg.solve(gram, x.T @ y)
        return cls((weight @ colour).to(features.dtype), mean.to(features.dtype))

    def anchored(self, features: Tensor) -> BoxRegression:
        """The same regression, less what it says of the target itself.

        The ridge leaves an answer to the target's own box, too: a target that does not move would
        be reported beside the box that was drawn, in every frame. So the mean of the samples drops
        out, and what changes a box is how its features differ from the target's. Our choice;
        MDNet's code has no such step.

        Parameters
        ----------
        features : Tensor
            (1, D) features of the target.
        """
        answer = (_with_constant(features) @ self.weight)[0]
        return BoxRegression(self.weight, -answer)

    def apply(self, features: Tensor, boxes: Tensor) -> Tensor:
        """Move boxes onto the target.

        Parameters
        ----------
        features : Tensor
            (N, D) features of the boxes.
        boxes : Tensor
            (N, 4).

        Returns
        -------
        Tensor
            (N, 4), on the device of `boxes`.
        """
        changes = _with_constant(features) @ self.weight + self.offset
        return from_changes(boxes, changes.to(boxes))


@torch.no_grad()
def learn_regression(
    network: PatchNetwork,
    frame: Frame,
    box: Box,
    settings: RegressionSettings,
    generator: torch.Generator,
) -> BoxRegression:
    """Learn a target's regression from its first frame.

    Parameters
    ----------
    network : PatchNetwork
    frame : Frame
    box : Box
        In continuous pixels of the frame.
    settings : RegressionSettings
    generator : torch.Generator
        The target's own, on the CPU.
    """
    s, row = settings, box_row(box)
    draw = aspect(Spread(s.regression_shift, SCALE_STEPS), ASPECT_STEPS)
    boxes = sample(
        draw,
        row,
        s.regression_samples,
        (s.regression_overlap, 1.0),
        (frame.width, frame.height),
        generator,
    )
    features = patch_features(network, frame, boxes)
    regression = BoxRegression.fit(features, boxes, row, s.regression_ridge)
    return regression.anchored(patch_features(network, frame, row.unsqueeze(0)))


def to_changes(boxes: Tensor, target: Tensor) -> Tensor:
    """Changes from boxes to one target (R-CNN, Eq. 6 to 9): (N, 4), (4,) -> (N, 4)."""
    shift = (target[:2] - boxes[:, :2]) / boxes[:, 2:]
    return torch.cat([shift, (target[2:] / boxes[:, 2:]).log()], dim=1)


def from_changes(boxes: Tensor, changes: Tensor) -> Tensor:
    """Boxes after changes (R-CNN, Eq. 1 to 4): (N, 4), (N, 4) -> (N, 4)."""
    centre = boxes[:, :2] + boxes[:, 2:] * changes[:, :2]
    return torch.cat([centre, boxes[:, 2:] * changes[:, 2:].exp()], dim=1)


def _whitening(centred: Tensor) -> tuple[Tensor, Tensor]:
    """Linear maps to changes of unit covariance and back (MDNet code, R-CNN code)."""
    covariance = centred.T @ centred / len(centred)
    values, vectors = torch.linalg.eigh(covariance)
    root = (values.clamp_min(0.0) + WHITENING).sqrt()
    return vectors / root @ vectors.T, vectors * root @ vectors.T


def _with_constant(features: Tensor) -> Tensor:
    return torch.cat([features, features.new_ones(len(features), 1)], dim=1)
