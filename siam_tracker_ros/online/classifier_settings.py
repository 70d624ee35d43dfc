# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the online classifier learns from, and when."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..errors import UserError
from ..settings import setting
from .learner import LearnerSettings
from .patches import grid_boxes
from .sampling import overlaps


@dataclass(frozen=True)
class ClassifierSettings(LearnerSettings):
    """What the classifier learns from, and when. Defaults are MDNet's."""

    start_positives: int = setting(
        500, 'positive samples of the first frame', low=1, high=10000, source='MDNet 3.3'
    )
    start_negatives: int = setting(
        5000,
        'negative samples of the first frame: half around the target, half anywhere',
        low=2,
        high=100000,
        source='MDNet 3.3; the halves are of its code',
    )
    update_positives: int = setting(
        50, 'positive samples of a frame', low=1, high=1000, source='MDNet 3.3'
    )
    update_negatives: int = setting(
        200, 'negative samples of a frame', low=1, high=10000, source='MDNet 3.3'
    )
    positive_overlap: float = setting(
        0.7, 'smallest overlap (IoU) of a positive sample', low=0.0, high=1.0, source='MDNet 3.3'
    )
    start_negative_overlap: float = setting(
        0.5,
        'largest overlap (IoU) of a negative sample of the first frame',
        low=0.0,
        high=1.0,
        source='MDNet 3.3',
    )
    update_negative_overlap: float = setting(
        0.3,
        'largest overlap (IoU) of a negative sample later',
        low=0.0,
        high=1.0,
        source='MDNet 3.3',
    )
    positive_shift: float = setting(
        0.1, 'spread of positive samples, in mean sides', low=0.0, high=2.0, source='MDNet code'
    )
    start_shift: float = setting(
        1.0,
        'spread of negative samples of the first frame, in mean sides',
        low=0.0,
        high=10.0,
        source='MDNet code',
    )
    update_shift: float = setting(
        2.0,
        'spread of negative samples later, in mean sides',
        low=0.0,
        high=10.0,
        source='MDNet code',
    )
    grid: int = setting(
        0,
        'negative samples of a frame are taken from a grid of so many boxes along a side, which '
        'one crop gives; 0 draws them, each with a crop of its own',
        low=0,
        high=31,
        source='own',
    )
    long_frames: int = setting(
        100,
        'frames whose positive samples are remembered',
        unit='frames',
        low=1,
        high=10000,
        symbol='tau_l',
        source='MDNet 3.3',
    )
    short_frames: int = setting(
        20,
        'frames whose negative samples are remembered, and whose positive ones a short-term '
        'update uses',
        unit='frames',
        low=1,
        high=10000,
        symbol='tau_s',
        source='MDNet 3.3; the code of 2019 has 30',
    )
    iterations_per_frame: int = setting(
        0,
        'iterations of an update that are done in one frame on a CPU; 0 does all at once; on a '
        'GPU any other number learns on a stream of its own',
        low=0,
        high=10000,
        source='own',
    )

    def check_together(self) -> None:
        """Refuse even grids, whose middle is beside the target, and those without background."""
        super().check_together()
        if self.grid == 0:
            return
        if self.grid % 2 == 0:
            raise UserError(f'grid is {self.grid}: expected 0 or an odd number')
        # All boxes of a grid have the target's shape, so their overlaps are those of squares.
        square = torch.tensor([0.0, 0.0, 1.0, 1.0])
        least = float(overlaps(square, grid_boxes(square.unsqueeze(0), self.grid)[0]).min())
        if least > self.update_negative_overlap:
            raise UserError(
                f'grid is {self.grid}: all its boxes overlap the target by {least:.2f} or more, '
                f'and update_negative_overlap allows {self.update_negative_overlap:g}: give a '
                'larger grid, or 0'
            )


LIGHT = ClassifierSettings(
    start_rate=1e-3,
    update_rate=1e-3,
    start_positives=64,
    start_negatives=192,
    update_positives=8,
    update_negatives=64,
    batch_positives=16,
    batch_negatives=48,
    negative_candidates=256,
    update_iterations=6,
    grid=9,
    iterations_per_frame=1,
)
"""For one CPU core: a frame's samples cost about as much as nine candidates, an iteration less.

Fewer units with fewer samples need larger steps: after 30 iterations at MDNet's 1e-4 a narrow
network takes nothing for the target yet.
"""
