# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Patches of boxes, as the classification subnetwork sees them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..frames import Frame
from ..models.classification import CELLS, PATCH_SIZE, STRIDE
from ..models.interfaces import PatchNetwork

PADDING = 16
"""Pixels of a patch around the box on each side (MDNet code)."""

CELL_STEP = STRIDE / (PATCH_SIZE - 2 * PADDING)
"""Distance of two boxes of a grid, in sides of the box: a little more than a fifth."""

CHUNK = 64
"""Patches that are run at once, or larger crops of as many pixels: thousands of the first frame
would not fit everywhere."""

GREY = 128.0
"""Colour outside the image: 0 for the network (MDNet code)."""


def patch_windows(boxes: Tensor, size: int = PATCH_SIZE) -> Tensor:
    """Affine windows in which boxes fill the middle of their patches.

    A box is warped to a square, whatever its shape (section 2; MDNet 3.1), with a margin of
    context around it.

    Parameters
    ----------
    boxes : Tensor
        (N, 4) ``cx, cy, w, h`` in continuous pixels of the image.
    size : int
        Side of the crop in pixels; in a larger one the box keeps its size, and more is seen
        around it.

    Returns
    -------
    Tensor
        (N, 2, 3), see `Frame.sample`.
    """
    grown = boxes[:, 2:] * (size / (PATCH_SIZE - 2 * PADDING))
    return torch.cat([torch.diag_embed(grown), boxes[:, :2].unsqueeze(2)], dim=2)


def crop_patches(frame: Frame, boxes: Tensor, size: int = PATCH_SIZE) -> Tensor:
    """Cut the patches of boxes out of a frame.

    Parameters
    ----------
    frame : Frame
    boxes : Tensor
        (N, 4) on the CPU, N >= 1; see `patch_windows`.
    size : int
        Side of each crop in pixels.

    Returns
    -------
    Tensor
        (N, 3, size, size) float32, RGB in [0, 255], on the frame's device.
    """
    windows = patch_windows(boxes, size)
    reach = windows[:, :, :2].sum(dim=2) / 2
    left, top = (windows[:, :, 2] - reach).amin(dim=0).tolist()
    right, bottom = (windows[:, :, 2] + reach).amax(dim=0).tolist()
    windows = windows.to(frame.device, non_blocking=True)
    grey = torch.full((3,), GREY, device=frame.device)
    return frame.sample(windows, size, grey, (left, top, right, bottom))


def grid_boxes(boxes: Tensor, cells: int) -> Tensor:
    """Boxes of a target's size on a grid around it, whose features one larger crop holds.

    Convolutions without padding see a patch of the crop exactly as they see the patch alone, so
    a crop of a few patches' cost gives the features of a hundred (`grid_features`).

    Parameters
    ----------
    boxes : Tensor
        (T, 4).
    cells : int
        Boxes along a side of the grid, odd; they are `STRIDE` pixels of a patch apart, a fifth of
        the box.

    Returns
    -------
    Tensor
        (T, cells * cells, 4), row after row.
    """
    steps = (torch.arange(cells) - (cells - 1) / 2) * CELL_STEP
    down, right = torch.meshgrid(steps, steps, indexing='ij')
    shift = torch.stack([right.flatten(), down.flatten()], dim=1)
    centres = boxes[:, None, :2] + shift * boxes[:, None, 2:]
    return torch.cat([centres, boxes[:, None, 2:].expand_as(centres)], dim=2)


def grid_features(
    network: PatchNetwork, frame: Frame, boxes: Tensor, cells: int
) -> Tensor:
    """Features of `grid_boxes`: (T, 4) -> (T, cells * cells, D) float32, on the frame's device."""
    maps = _maps(network, frame, boxes, PATCH_SIZE + STRIDE * (cells - 1))
    patches = maps.unfold(2, CELLS, 1).unfold(3, CELLS, 1)
    # (T, C, row, column, 3, 3) -> (T, row, column, C, 3, 3), the order of `features`.
    return patches.permute(0, 2, 3, 1, 4, 5).reshape(len(boxes), cells * cells, -1).float()


def patch_features(network: PatchNetwork, frame: Frame, boxes: Tensor) -> Tensor:
    """Features of the patches of boxes: (N, 4) -> (N, D) float32, on the frame's device."""
    return _maps(network, frame, boxes, PATCH_SIZE).flatten(1).float()


def _maps(network: PatchNetwork, frame: Frame, boxes: Tensor, size: int) -> Tensor:
    """conv3 maps of crops around boxes, a bounded number of pixels at once."""
    chunk = max(1, CHUNK * PATCH_SIZE**2 // size**2)
    crops = (crop_patches(frame, some, size) for some in torch.split(boxes, chunk))
    return torch.cat(
        [network.maps(c.to(network.dtype, memory_format=torch.channels_last)) for c in crops]
    )
