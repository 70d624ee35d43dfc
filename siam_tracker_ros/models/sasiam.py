# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The two branches of SA-Siam (He et al. 2018, section 3.1, Fig. 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from .semantic import Semantic
from .siamfc import SiamFC


class SASiam(nn.Module):
    """An appearance branch, which is SiamFC's network, and a semantic one.

    They share no layer and are trained each for itself: trained together, either would leave to
    the other what that one does better (section 3.3).

    Parameters
    ----------
    appearance, semantic : mapping
        Arguments of `SiamFC` and of `Semantic`; the paper's where left out.
    """

    def __init__(
        self,
        appearance: Mapping[str, Any] | None = None,
        semantic: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.appearance = SiamFC(**(appearance or {}))
        self.semantic = Semantic(**(semantic or {}))
