# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendering crops from layers: affine windows on images, each seen through a soft mask.

All crops of a batch are rendered together, one depth of layers after the other, with the sampling
that the tracker uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..frames import FrameStack, crop_points
from ..geometry import Box

Window = np.ndarray[Any, np.dtype[np.float64]]

# Source pixels that are sampled at once. A CPU is quickest while they stay in its cache; elsewhere
# the bound only keeps a batch of large images within the memory.
CACHED = 2**18
IN_MEMORY = 2**27


@dataclass(frozen=True)
class Mask:
    """Opacity around a box: a superellipse, soft at its edge.

    Attributes
    ----------
    box : Box
        In image pixels.
    power : float
        Exponent of the superellipse: 2 is an ellipse, more is squarer.
    softness : float
        Width of the edge, relative to the radius.
    """

    box: Box
    power: float
    softness: float


@dataclass(frozen=True)
class Layer:
    """One affine window on one image.

    Attributes
    ----------
    image : int
        Which of the images.
    window : ndarray
        (2, 3), see `Frame.sample`.
    mask : Mask, optional
        What is seen of it; all where None, as for the lowest layer of a crop.
    """

    image: int
    window: Window
    mask: Mask | None = None


def place(
    box: Box, side: float, at: tuple[float, float], angle: float, log_aspect: float
) -> Window:
    """Affine window in which a box appears at a chosen place.

    Parameters
    ----------
    box : Box
        In image pixels.
    side : float
        Side of the window in image pixels.
    at : tuple of float
        Where the box's centre shall lie, in crop coordinates [-0.5, 0.5].
    angle : float
        Rotation, in radians.
    log_aspect : float
        Logarithm of the stretch of x against y.

    Returns
    -------
    ndarray
        (2, 3) float64, see `Frame.sample`.
    """
    stretch = math.exp(log_aspect / 2)
    cos, sin = math.cos(angle) * side, math.sin(angle) * side
    a, b, c, d = cos * stretch, -sin / stretch, sin * stretch, cos / stretch
    x, y = at
    return np.array([[a, b, box.cx - a * x - b * y], [c, d, box.cy - c * x - d * y]])


def seen_size(box: Box, window: Window) -> tuple[float, float]:
    """Width and height of an object in an affine window.

    Of a rotated object it is the upright box around the ellipse in its box: around the corners of
    the box it would be too wide, because objects rarely fill them.

    Parameters
    ----------
    box : Box
        The object, in image pixels.
    window : ndarray
        (2, 3), see `Frame.sample`.

    Returns
    -------
    tuple of float
        As shares of the window's side.
    """
    axes = np.linalg.inv(window[:, :2]) * (box.w, box.h)
    width, height = np.hypot(axes[:, 0], axes[:, 1]).tolist()
    return width, height


def bounds(window: Window) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of an affine window, in image pixels."""
    reach = np.abs(window[:, :2]).sum(axis=1) / 2
    left, top = (window[:, 2] - reach).tolist()
    right, bottom = (window[:, 2] + reach).tolist()
    return left, top, right, bottom


def soft_mask(affine: Tensor, masks: Sequence[Mask], size: int) -> Tensor:
    """Opacity of objects in crops.

    Parameters
    ----------
    affine : Tensor
        (N, 2, 3), see `Frame.sample`.
    masks : sequence of Mask
        N masks, one for each window.
    size : int
        Side of each crop in pixels.

    Returns
    -------
    Tensor
        (N, 1, size, size) in [0, 1], on the device of `affine`.
    """
    numbers = torch.tensor(
        [[m.box.cx, m.box.cy, m.box.w / 2, m.box.h / 2, m.power, m.softness] for m in masks],
        dtype=torch.float32,
    ).to(affine.device, non_blocking=True)
    centre, half = numbers[:, :2], numbers[:, 2:4]
    power, softness = numbers[:, 4:, None, None].unbind(dim=1)
    # Half the box's sides are the unit, its centre the origin.
    shift = (affine[:, :, 2] - centre).unsqueeze(2)
    unit = torch.cat([affine[:, :, :2], shift], dim=2) / half.unsqueeze(2)
    x, y = crop_points(unit, size).abs_().unbind(dim=1)
    radius = x.pow_(power).add_(y.pow_(power)).pow_(1.0 / power)
    return radius.sub_(1.0).div_(-softness).sigmoid_().unsqueeze(1)


def upload(
    images: Sequence[Tensor], crops: Sequence[Sequence[Layer]], device: torch.device
) -> FrameStack:
    """Bring what the layers show of the images to the device, each image once.

    Parameters
    ----------
    images : sequence of Tensor
        (H, W, 3) uint8 RGB, on the host.
    crops : sequence of sequence of Layer
        Everything that will be rendered.
    device : torch.device
    """
    reach: list[list[tuple[float, float, float, float]]] = [[] for _ in images]
    for layers in crops:
        for layer in layers:
            reach[layer.image].append(bounds(layer.window))
    spans = []
    for boxes in reach:
        # A corner of what no layer happens to show.
        boxes = boxes or [(0.0, 0.0, 1.0, 1.0)]
        left, top, right, bottom = zip(*boxes)
        spans.append((min(left), min(top), max(right), max(bottom)))
    return FrameStack(images, spans, device)


def render(frames: FrameStack, crops: Sequence[Sequence[Layer]], size: int) -> Tensor:
    """Render crops, each from its layers.

    Parameters
    ----------
    frames : FrameStack
        The images of the layers.
    crops : sequence of sequence of Layer
        For each of N crops its layers, the lowest, which has no mask, first; one or more.
    size : int
        Side of each crop in pixels.

    Returns
    -------
    Tensor
        (N, 3, size, size) float32, RGB in [0, 255], on the device of `frames`.
    """
    out = torch.empty((len(crops), 3, size, size), device=frames.device)
    step = max(1, (CACHED if frames.device.type == 'cpu' else IN_MEMORY) // frames.area)
    for depth in range(max(map(len, crops))):
        deep = [i for i, layers in enumerate(crops) if len(layers) > depth]
        for begin in range(0, len(deep), step):
            some = deep[begin : begin + step]
            layers = [crops[i][depth] for i in some]
            numbers = torch.tensor([some, [layer.image for layer in layers]])
            where, index = numbers.to(frames.device, non_blocking=True)
            windows = np.stack([layer.window for layer in layers]).astype(np.float32)
            affine = torch.from_numpy(windows).to(frames.device, non_blocking=True)
            pixels = frames.sample(index, affine, size)
            masks = [layer.mask for layer in layers if layer.mask is not None]
            if masks:
                below = out.index_select(0, where)
                pixels = torch.lerp(below, pixels, soft_mask(affine, masks, size))
            out.index_copy_(0, where, pixels)
    return out
