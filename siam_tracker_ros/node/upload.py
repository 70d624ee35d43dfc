# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images on the tracker's device, and work there that may find no memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

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
    """

    header: Any
    frame: Frame

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
    return Uploaded(image.header, frame)


def retried(work: Callable[[], T]) -> T:
    """Do something that needs memory of the device, a second time with an empty cache.

    Raises
    ------
    torch.cuda.OutOfMemoryError
        Twice in a row.
    """
    try:
        return work()
    except torch.cuda.OutOfMemoryError:
        # Only after this block does nothing hold the failed attempt's tensors any more.
        pass
    torch.cuda.empty_cache()
    return work()
