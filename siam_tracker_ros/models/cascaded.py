# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The two subnetworks of the cascaded Siamese tracker (Gao et al. 2019, section 2, Fig. 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from .classification import ClassificationNetwork
from .matching import Matching


class CascadedSiamese(nn.Module):
    """Matching finds where the target may be, classification tells which of them it is.

    They share no layer, and are trained each for itself (section 4.1, "respectively").

    Parameters
    ----------
    matching, classification : mapping
        Arguments of `Matching` and of `ClassificationNetwork`; the papers' where left out.
    """

    def __init__(
        self,
        matching: Mapping[str, Any] | None = None,
        classification: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.matching = Matching(**(matching or {}))
        self.classification = ClassificationNetwork(**(classification or {}))
