# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The matching subnetwork of the cascaded Siamese tracker (Gao et al. 2019, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from .backbones.resnet import CROP, EXPANSION, ResNet
from .siamese import Siamese


class Matching(Siamese):
    """A Siamese ResNet: exemplar features of 127 px are 5 x 5 cells.

    Parameters
    ----------
    widths, depths : sequence of int
    padding : str
    expansion : int
        Those of `ResNet`.
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 256, 512),
        depths: Sequence[int] = (4, 3),
        padding: str = CROP,
        expansion: int = EXPANSION,
    ) -> None:
        super().__init__(ResNet(widths, depths, padding, expansion))
