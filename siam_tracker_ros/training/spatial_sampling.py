# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial-aware sampling (SiamRPN++, section 3.1): targets are anywhere in the search crop.

A network that pads knows how far a cell is from the border. Trained with targets in the middle it
learns that targets are in the middle (Fig. 1), and then it cannot track.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UserError
from ..settings import setting, varied
from .scenes import SceneSettings


@dataclass(frozen=True)
class SpatialScenes(SceneSettings):
    """Scenes of networks that regress boxes: places are uniform, and sizes and aspects vary.

    Published code draws the scales of x and of y apart, each up to 18 %, and does not rotate: the
    upright box of a rotated object is not known exactly.
    """

    shift: float = setting(
        64.0,
        'largest shift of the target in the search crop, uniform in x and in y',
        unit='px',
        low=0.0,
        high=128.0,
        source='SiamRPN++ 3.1',
    )
    log_aspect: float = varied(
        SceneSettings, 'log_aspect', 0.25, 'code: 0.18 in x and in y, apart'
    )
    rotation: float = varied(SceneSettings, 'rotation', 0.0, 'code')
    bend: float = setting(
        0.0,
        'smooth distortion of the search crop: 0, because the box of a bent object is not known',
        unit='px',
        low=0.0,
        high=32.0,
    )

    def check_together(self) -> None:
        """Refuse what makes the label another box than the one that is seen."""
        super().check_together()
        if self.bend > 0:
            raise UserError(
                f'bend is {self.bend:g}: expected 0, because the box of a bent object is not '
                'known, and boxes are what this network learns; leave out --bend'
            )
