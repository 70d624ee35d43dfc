# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network of Bertinetto et al. 2016: a Siamese AlexNet."""

from __future__ import annotations

from collections.abc import Sequence

from .backbones.alexnet import AlexNet
from .siamese import Siamese


class SiamFC(Siamese):
    """SiamFC's network: exemplar features of 127 px are 6 x 6 cells.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the backbone's five convolutions.
    groups : int
        Groups of its convolutions 2, 4 and 5.
    """

    def __init__(self, widths: Sequence[int] = (96, 256, 384, 384, 256), groups: int = 2) -> None:
        super().__init__(AlexNet(widths, groups))
