# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well what a tracker says of itself agrees with the truth."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..sequences import Sequence
from ..trackers.base import Tracker
from ..training.followed import follow
from ..training.rates import rates
from .roc import auroc


def agreement(tracker: Tracker, sequences: Iterable[Sequence]) -> str:
    """How well a tracker's score and state agree with the truth, in lines of text."""
    tracks = [follow(tracker, sequence) for sequence in sequences]
    found = rates(tracks)
    scores, matches, boxes = (
        np.concatenate([getattr(f, name) for f in tracks])
        for name in ('scores', 'right', 'box_right')
    )
    lines = {
        'sequences': f'{len(tracks)}, {len(scores)} frames',
        'right boxes': f'{found.right:.1%}',
        'AUROC of the score': f'{auroc(scores, boxes):.3f} of the box, '
        f'{auroc(scores, matches):.3f} of the match, which is another one while lost',
        'lost though right': f'{found.lost_though_right:.1%}',
        'tracking though wrong': f'{found.tracking_though_wrong:.1%}',
        'lost where wrong': f'{found.lost_where_wrong:.1%}',
        'found again': f'{found.returns}, of these on the target {found.returns_on_target:.1%}',
    }
    return '\n'.join(f'{name}: {text}' for name, text in lines.items())
