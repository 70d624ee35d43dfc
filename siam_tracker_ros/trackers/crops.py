# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is cut out of a frame: exemplars, and the regions in which they are searched."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, SearchWindow, context_side
from .match_settings import CropSettings


def exemplar_crop(
    frame: Frame, box: Box, settings: CropSettings, dtype: torch.dtype, surroundings: int = 0
) -> tuple[Tensor, Tensor]:
    """A target with its context (SiamFC, section 2.5), and the mean colour.

    Parameters
    ----------
    frame : Frame
    box : Box
    settings : CropSettings
    dtype : torch.dtype
        Of the crop.
    surroundings : int
        Pixels that are seen beyond an exemplar, both sides together.

    Returns
    -------
    crop : Tensor
        (1, 3, Z, Z), the exemplar in its middle.
    fill : Tensor
        (3,) mean colour of the frame.
    """
    fill = frame.mean_colour()
    size = settings.exemplar_size + surroundings
    return cut(frame, search_windows([box], size, [1.0], settings), size, fill, dtype), fill


def search_windows(
    boxes: Sequence[Box], size: int, factors: Sequence[float], settings: CropSettings
) -> list[SearchWindow]:
    """Windows around boxes, at the exemplar's scale.

    Parameters
    ----------
    boxes : sequence of Box
        N.
    size : int
        Side of the search crops in pixels.
    factors : sequence of float
        S sizes of the windows, relative to those of the boxes.
    settings : CropSettings

    Returns
    -------
    list of SearchWindow
        N * S, box after box.
    """
    s = settings
    sides = [context_side(b.w, b.h, s.context) * size / s.exemplar_size for b in boxes]
    return [
        SearchWindow(box.cx, box.cy, side * factor)
        for box, side in zip(boxes, sides)
        for factor in factors
    ]


def cut(
    frame: Frame, windows: Sequence[SearchWindow], size: int, fill: Tensor, dtype: torch.dtype
) -> Tensor:
    """Crops as the networks want them, with the channels innermost: (N, 3, size, size)."""
    # The number format first: half as many bytes are then turned.
    crops = frame.crop(windows, size, fill).to(dtype)
    return crops.contiguous(memory_format=torch.channels_last)
