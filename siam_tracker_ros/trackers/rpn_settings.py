# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of trackers that choose among proposals: SiamRPN++, and C-RPN, which does it alike."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import setting
from .match_settings import CropSettings
from .online_settings import OnlineSettings


@dataclass(frozen=True)
class RPNSettings(OnlineSettings, CropSettings):
    """How proposals are weighed against each other; defaults: pysot's for VOT."""

    penalty: float = setting(
        0.05,
        'how much a change of size and of aspect within one frame counts against a proposal',
        low=0.0,
        high=10.0,
        symbol='k',
        source='SiamRPN 4.3; pysot r50_l234_dwxcorr',
        dynamic=True,
    )
    window_influence: float = setting(
        0.42,
        'weight of the cosine window against the score of a proposal; none while the target is '
        'lost',
        low=0.0,
        high=1.0,
        source='SiamRPN 4.3; pysot r50_l234_dwxcorr',
        dynamic=True,
    )
    size_rate: float = setting(
        0.38,
        "share of the way to a proposal's size in one frame; times its score and its steadiness",
        low=0.0,
        high=1.0,
        source='pysot r50_l234_dwxcorr',
        dynamic=True,
    )
    least_side: float = setting(
        10.0,
        'smallest width and height, unless the first box has a smaller one',
        unit='px',
        low=1.0,
        high=1000.0,
        source='pysot',
        dynamic=True,
    )
    keep_first_box: bool = setting(
        True,
        'whether what the network finds of the first box in its own frame is taken off what it '
        'finds later, so that a still object keeps its box; published code does not',
        source='own',
    )
    candidate_overlap: float = setting(
        0.5,
        'largest share of the smaller one of two candidates that lies in the other',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
