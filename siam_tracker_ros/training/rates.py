# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How often the state of a target agrees with the truth, on labelled sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..trackers.base import State
from .followed import ON_TARGET, Flags, Followed


@dataclass(frozen=True)
class Rates:
    """Shares of frames over some sequences, each of which weighs the same; NaN of nothing.

    Attributes
    ----------
    right : float
        Frames whose box is right.
    lost_though_right : float
        Of those, the ones in which the target counts as lost.
    tracking_though_wrong : float
        Of the others, those in which it counts as tracked.
    lost_where_wrong : float
        Of the others, those in which it counts as lost.
    returns : int
        Number of times that a lost target was found.
    returns_on_target : float
        Share of those after which the box is on the target, if of another size.
    """

    right: float
    lost_though_right: float
    tracking_though_wrong: float
    lost_where_wrong: float
    returns: int
    returns_on_target: float


def rates(tracks: Sequence[Followed]) -> Rates:
    """Count.

    Parameters
    ----------
    tracks : sequence of Followed
        One or more, of a tracker with the thresholds that are to be judged.
    """
    found = np.concatenate([f.box_overlap[1:][f.lost[:-1] & ~f.lost[1:]] for f in tracks])
    tracked = [f.states == State.TRACKING.value for f in tracks]
    return Rates(
        right=_share([f.box_right for f in tracks], [np.ones_like(f.lost) for f in tracks]),
        lost_though_right=_share([f.lost for f in tracks], [f.box_right for f in tracks]),
        tracking_though_wrong=_share(tracked, [~f.box_right for f in tracks]),
        lost_where_wrong=_share([f.lost for f in tracks], [~f.box_right for f in tracks]),
        returns=len(found),
        returns_on_target=float((found > ON_TARGET).mean()) if len(found) else float('nan'),
    )


def _share(what: Sequence[Flags], among: Sequence[Flags]) -> float:
    """Share of `what` among the frames of one kind."""
    total = sum(float(rows.mean()) for rows in among)
    told = sum(float((flags & rows).mean()) for flags, rows in zip(what, among))
    return told / total if total else float('nan')
