# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How long, how fast and from what region proposal networks learn.

SiamRPN++ (section 4.2) and C-RPN (sections 3.5 and 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UserError
from ..settings import setting, varied
from .fit import MOMENTUM
from .pair_material import PairSettings
from .proposal_labels import LabelSettings
from .proposal_losses import BALANCED, PLAIN, LossSettings

LARGEST_SEARCH = 511
"""Side of the largest search crop, in pixels."""

LOGARITHMIC, COSINE = 'logarithmic', 'cosine'


@dataclass(frozen=True)
class ProposalSettings(LabelSettings, LossSettings, PairSettings):
    """How a network learns to propose boxes."""

    optimiser: str = setting(
        'sgd',
        f'AdamW, or gradient descent with a momentum of {MOMENTUM}',
        choices=('adamw', 'sgd'),
        source='SiamRPN++ 4.2',
    )
    rate: float = setting(
        0.005, 'highest learning rate', low=0.0, high=1.0, source='SiamRPN++ 4.2'
    )
    schedule: str = setting(
        LOGARITHMIC,
        f'how the rate changes: by equal factors in equal times ({LOGARITHMIC}), or along a line '
        f'up from 0 and a cosine down to 1 % ({COSINE})',
        choices=(LOGARITHMIC, COSINE),
        source=f'{LOGARITHMIC}: SiamRPN++ 4.2; {COSINE}: own',
    )
    warmup: float = setting(
        0.25,
        'share of the steps in which the rate rises',
        low=0.0,
        high=1.0,
        source='SiamRPN++ 4.2: 5 epochs of 20',
    )
    rise_from: float = setting(
        0.2,
        f'share of the highest rate at the first step ({LOGARITHMIC})',
        low=1e-6,
        high=1.0,
        source='code: 0.001 of 0.005; SiamRPN++ 4.2: 0.001 throughout the warm-up',
    )
    fall_to: float = setting(
        0.1,
        f'share of the highest rate at the last step ({LOGARITHMIC})',
        low=1e-6,
        high=1.0,
        source='SiamRPN++ 4.2: 0.0005 of 0.005',
    )
    backbone_frozen: float = setting(
        0.25,
        'share of the steps in which the backbone does not learn',
        low=0.0,
        high=1.0,
        source='SiamRPN++ 4.2: 5 epochs of 20; code: 10',
    )
    backbone_rate: float = setting(
        0.1,
        'share of the rate with which the backbone learns afterwards',
        low=0.0,
        high=1.0,
        source='SiamRPN++ 3.2',
    )
    comparison_rate: float = setting(
        1.0,
        'share of the rate with which those layers learn that features go through before they are '
        'told to be the target: small where they begin by comparing (--heads)',
        low=0.0,
        high=1.0,
        source='own',
    )
    frozen_layers: int = setting(
        0,
        'how many convolutions of the backbone, counted from the image, never learn, nor do the '
        'norms that follow them',
        low=0,
        high=1000,
        source='C-RPN 4: 2',
    )
    decay: float = setting(
        5e-4, 'weight decay', low=0.0, high=1.0, source='SiamRPN++ 4.2; code: 0.0001'
    )
    clip: float = setting(10.0, 'largest norm of the gradient', low=0.0, source='code')
    search_size: int = setting(
        255,
        'side of the search crop in training',
        unit='px',
        low=143,
        high=LARGEST_SEARCH,
        source='SiamRPN++ 4.1',
    )
    crop_rim: int = setting(
        0,
        'what exemplar and search crops show more on each side than 127 px and search_size, at '
        'the same scale, which the weights keep: 8 for a backbone that does not pad, whose '
        'templates are a cell too small on each side',
        unit='px',
        low=0,
        high=64,
        source='own',
    )
    absent: float = setting(
        0.2,
        'share of the pairs whose exemplar is of another object',
        low=0.0,
        high=1.0,
        source='DaSiamRPN; code',
    )

    def check_together(self) -> None:
        """Refuse a rim that a cell does not divide: the map would lie beside the middle."""
        super().check_together()
        if self.crop_rim % 8:
            raise UserError(
                f'crop_rim is {self.crop_rim}: expected a multiple of 8, so that a cell of the '
                'maps lies at zero displacement'
            )


@dataclass(frozen=True)
class CascadeSettings(ProposalSettings):
    """How C-RPN learns, where that differs."""

    rate: float = varied(ProposalSettings, 'rate', 0.01, 'C-RPN 4')
    warmup: float = varied(ProposalSettings, 'warmup', 0.0, 'C-RPN 4')
    fall_to: float = varied(ProposalSettings, 'fall_to', 1e-4, 'C-RPN 4: 0.000001 of 0.01')
    backbone_frozen: float = varied(ProposalSettings, 'backbone_frozen', 0.0, 'C-RPN 4')
    backbone_rate: float = varied(ProposalSettings, 'backbone_rate', 1.0, 'C-RPN 4')
    frozen_layers: int = varied(ProposalSettings, 'frozen_layers', 2, 'C-RPN 4')
    class_loss: str = varied(
        ProposalSettings,
        'class_loss',
        PLAIN,
        f'{PLAIN}: C-RPN Eq. 4; {BALANCED}: code of SiamRPN++',
    )
