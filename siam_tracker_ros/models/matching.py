# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The matching subnetwork of the cascaded Siamese tracker (Gao et al. 2019, section 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .backbones.alexnet import AlexNet
from .backbones.base import Backbone
from .backbones.resnet import ResNet
from .proposing import named
from .siamese import Siamese

NETS: Mapping[str, Callable[..., Backbone]] = {
    'cropped_resnet': ResNet,
    'siamfc_alexnet': AlexNet,
}
"""Features that can be matched: the paper's "ResNet" (section 4.1), and those of SiamFC."""


class Matching(Siamese):
    """Siamese features: those of an exemplar of 127 px are 5 x 5 cells, of SiamFC's net 6 x 6.

    Parameters
    ----------
    backbone : str
        A word of `NETS`.
    **arguments
        Those of that backbone.

    Raises
    ------
    ValueError
        `backbone` is another word.
    """

    def __init__(self, backbone: str = 'cropped_resnet', **arguments: Any) -> None:
        super().__init__(named(NETS, backbone)(**arguments))
