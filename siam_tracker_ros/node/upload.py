# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images on the tracker's device, and work there that may find no memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from ..faults import is_out_of_memory
from ..frames import Frame
from .exchange import CameraImage
from .image_rules import NANOSECONDS
from .roi import stamp_ns

T = TypeVar('T')


@dataclass(frozen=True)
class Uploaded:
    """An image on its device.

    Attributes
    ----------
    header : std_msgs/Header
    frame : Frame
    arrival : float
        Monotonic time, seconds.
    """

    header: Any
    frame: Frame
    arrival: float

    @property
    def stamp(self) -> int:
        """Nanoseconds."""
        return stamp_ns(self.header.stamp)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frame.width, self.frame.height


def upload(image: CameraImage, device: torch.device) -> Uploaded:
    """Upload a decoded image."""
    seconds = stamp_ns(image.header.stamp) / NANOSECONDS or None
    frame = retried(lambda: Frame.from_numpy(image.pixels, device, 'bgr', seconds))
    return Uploaded(image.header, frame, image.arrival)


def retried(work: Callable[[], T]) -> T:
    """Do something that needs much memory; where there was none, again with an empty cache."""
    try:
        return work()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Only after that block does nothing hold the failed attempt's tensors any more.
    torch.cuda.empty_cache()
    return work()
