# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes into a session and what comes out of it; no ROS in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..trackers import Tracker
from .roi import Refusal, RoiRequest
from .settings import NodeSettings
from .targets import TargetReport


@dataclass(frozen=True)
class CameraImage:
    """A decoded image.

    Attributes
    ----------
    header : std_msgs/Header
    pixels : ndarray
        (H, W, 3) BGR or (H, W) grey, uint8.
    arrival : float
        Monotonic time, seconds.
    """

    header: Any
    pixels: NDArray[np.uint8]
    arrival: float


@dataclass(frozen=True)
class Stop:
    """Command: drop the target with this id; empty drops all."""

    id: str = ''


@dataclass(frozen=True)
class Change:
    """Command: use these settings, and a tracker with other ones, from the next image on."""

    settings: NodeSettings
    tracker: Tracker


Command = RoiRequest | Stop | Change


@dataclass(frozen=True)
class Answer:
    """The answer to a region: the fields of InitResult."""

    header: Any
    id: str
    code: Refusal
    reason: str = ''
    clipped: bool = False
    started_at: Any = None


@dataclass(frozen=True)
class FrameReport:
    """Every target after an image, the primary one first, those that ended last."""

    header: Any
    targets: Sequence[TargetReport]
