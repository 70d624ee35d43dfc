# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images on their device, and every crop taken from them."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .errors import UserError
from .geometry import SearchWindow
from .images import require_cv2

CHANNEL_ORDERS = ('rgb', 'bgr')


class Frame:
    """An image, uploaded once, from which any number of crops are taken.

    Parameters
    ----------
    pixels : Tensor
        (H, W, 3) uint8, RGB, on the device where the crops are wanted.
    stamp : float, optional
        Time of acquisition in seconds, where known.
    """

    def __init__(self, pixels: Tensor, stamp: float | None = None) -> None:
        self.pixels = pixels
        self.stamp = stamp
        self._mean: Tensor | None = None

    @classmethod
    def from_numpy(
        cls,
        image: np.ndarray[Any, Any],
        device: torch.device | str = 'cpu',
        order: str = 'bgr',
        stamp: float | None = None,
    ) -> Frame:
        """Upload an image.

        Parameters
        ----------
        image : ndarray
            (H, W, 3) or (H, W) uint8; any strides.
        device : torch.device or str
            Where the crops are wanted.
        order : {'bgr', 'rgb'}
            Order of the channels; OpenCV reads 'bgr'.
        stamp : float, optional
            Time of acquisition in seconds.

        Raises
        ------
        UserError
            Not an 8-bit grey or three-channel image, an empty one, or an unknown order.
        """
        if order not in CHANNEL_ORDERS:
            raise UserError(
                f'the order of the channels is {order!r}: expected one of '
                f'{", ".join(CHANNEL_ORDERS)}'
            )
        grey = image.ndim == 2
        if image.dtype != np.uint8 or not (grey or (image.ndim == 3 and image.shape[2] == 3)):
            raise UserError(
                f'the image has shape {image.shape} and type {image.dtype}: '
                'expected (H, W, 3) or (H, W) of uint8; convert it first'
            )
        if image.size == 0:
            raise UserError(
                f'the image is empty (shape {image.shape}): expected at least one pixel'
            )
        pixels = torch.from_numpy(_copied(image, order))
        return cls(pixels.to(device, non_blocking=True), stamp)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def device(self) -> torch.device:
        """Device that holds the pixels."""
        return self.pixels.device

    def mean_colour(self) -> Tensor:
        """Mean of each channel: (3,) float32, RGB in [0, 255]; computed once."""
        if self._mean is None:
            self._mean = _mean_colour(self.pixels)
        return self._mean

    def crop(
        self, windows: Sequence[SearchWindow], size: int, fill: Tensor | None = None
    ) -> Tensor:
        """Cut square windows out of the image and resize them, all in one sampling.

        Parameters
        ----------
        windows : sequence of SearchWindow
            N windows, in continuous pixels; they may reach outside the image.
        size : int
            Side of each crop in pixels.
        fill : Tensor, optional
            (3,) or (N, 3) colour outside the image; the frame's mean colour by default.

        Returns
        -------
        Tensor
            (N, 3, size, size) float32, RGB in [0, 255], on the frame's device.
        """
        affine = torch.tensor(
            [[[w.side, 0.0, w.cx], [0.0, w.side, w.cy]] for w in windows],
            dtype=torch.float32,
        ).to(self.device)
        reach = [w.side / 2 for w in windows]
        left = min(w.cx - r for w, r in zip(windows, reach))
        right = max(w.cx + r for w, r in zip(windows, reach))
        top = min(w.cy - r for w, r in zip(windows, reach))
        bottom = max(w.cy + r for w, r in zip(windows, reach))
        return self.sample(affine, size, fill, (left, top, right, bottom))

    def sample(
        self,
        affine: Tensor,
        size: int,
        fill: Tensor | None,
        bounds: tuple[float, float, float, float],
    ) -> Tensor:
        """Sample affine windows of the image; tracking and training have no other cropping path.

        Parameters
        ----------
        affine : Tensor
            (N, 2, 3): maps crop coordinates in [-0.5, 0.5] (x, y, 1) to continuous image pixels.
        size : int
            Side of each crop in pixels.
        fill : Tensor or None
            (3,) or (N, 3) colour outside the image; None: the frame's mean colour.
        bounds : tuple of float
            Left, top, right, bottom that enclose all windows, so that only that part is converted
            to float.

        Returns
        -------
        Tensor
            (N, 3, size, size) float32, RGB in [0, 255].
        """
        colour = (self.mean_colour() if fill is None else fill).reshape(-1, 3, 1, 1)
        x0, x1 = _inside(bounds[0], bounds[2], self.width)
        y0, y1 = _inside(bounds[1], bounds[3], self.height)
        if x0 >= x1 or y0 >= y1:
            return colour.expand(affine.shape[0], -1, size, size).contiguous()
        # One colour: one float image for all windows. Else one for each colour.
        image = self.pixels[y0:y1, x0:x1].permute(2, 0, 1).float() - colour
        corner = torch.tensor([[x0, y0]], dtype=torch.float32, device=self.device)
        return _sample(image, affine, corner, size).add_(colour)


class FrameStack:
    """Images of different sizes, uploaded together, from which one call takes many crops.

    Parameters
    ----------
    images : sequence of Tensor
        B images, (H, W, 3) uint8, RGB, on the host.
    bounds : sequence of tuple of float
        For each image left, top, right, bottom that enclose all windows which will be taken; only
        that part is uploaded.
    device : torch.device
        Where the crops are wanted.
    """

    def __init__(
        self,
        images: Sequence[Tensor],
        bounds: Sequence[tuple[float, float, float, float]],
        device: torch.device,
    ) -> None:
        spans = [
            (*_inside(b[0], b[2], image.shape[1]), *_inside(b[1], b[3], image.shape[0]))
            for image, b in zip(images, bounds)
        ]
        width = max(1, *(x1 - x0 for x0, x1, _, _ in spans))
        height = max(1, *(y1 - y0 for _, _, y0, y1 in spans))
        # The padding may hold anything: `sample` blanks it.
        padded = torch.empty(
            (len(images), height, width, 3), dtype=torch.uint8, pin_memory=device.type == 'cuda'
        )
        for page, image, (x0, x1, y0, y1) in zip(padded, images, spans):
            if x0 < x1 and y0 < y1:
                page[: y1 - y0, : x1 - x0] = image[y0:y1, x0:x1]
        self.device = device
        self.pixels = padded.to(device, non_blocking=True).permute(0, 3, 1, 2).contiguous()
        self._colours = torch.stack([_mean_colour(image) for image in images]).to(
            device, non_blocking=True
        )
        self._corners = torch.tensor([[x0, y0] for x0, _, y0, _ in spans]).to(
            device, non_blocking=True
        )
        self._extents = torch.tensor(
            [[max(0, x1 - x0), max(0, y1 - y0)] for x0, x1, y0, y1 in spans]
        ).to(device, non_blocking=True)

    @property
    def area(self) -> int:
        """Pixels that are read for one crop, padding included."""
        return int(self.pixels.shape[2] * self.pixels.shape[3])

    def sample(self, index: Tensor, affine: Tensor, size: int) -> Tensor:
        """Sample one affine window of each chosen image, as `Frame.sample` does.

        Parameters
        ----------
        index : Tensor
            (N,) int64 numbers of the images; repeated ones are allowed.
        affine : Tensor
            (N, 2, 3): maps crop coordinates in [-0.5, 0.5] (x, y, 1) to continuous pixels of the
            whole image; inside the image's bounds.
        size : int
            Side of each crop in pixels.

        Returns
        -------
        Tensor
            (N, 3, size, size) float32, RGB in [0, 255]; an image's mean colour outside of it.
        """
        colour = self._colours[index].view(-1, 3, 1, 1)
        height, width = self.pixels.shape[2:]
        extent = self._extents[index]
        columns = torch.arange(width, device=self.device) < extent[:, :1]
        rows = torch.arange(height, device=self.device) < extent[:, 1:]
        image = self.pixels.index_select(0, index).float().sub_(colour)
        image.mul_(columns.view(-1, 1, 1, width)).mul_(rows.view(-1, 1, height, 1))
        return _sample(image, affine, self._corners[index], size).add_(colour)


def crop_points(affine: Tensor, size: int) -> Tensor:
    """Where the pixels of affine crops lie.

    Parameters
    ----------
    affine : Tensor
        (N, 2, 3), see `Frame.sample`.
    size : int
        Side of each crop in pixels.

    Returns
    -------
    Tensor
        (N, 2, size, size) x and y of each crop pixel's centre, a plane for each.
    """
    steps = (torch.arange(size, device=affine.device, dtype=torch.float32) + 0.5) / size - 0.5
    # Planes of all crops after each other, so that crops below each other are no copy.
    columns = affine.permute(1, 2, 0).contiguous().unsqueeze(3)
    along = columns[:, 0, :, :, None] * steps
    down = columns[:, 1, :, :, None] * steps.view(size, 1)
    return (along + (down + columns[:, 2, :, :, None])).transpose(0, 1)


def _sample(image: Tensor, affine: Tensor, corner: Tensor, size: int) -> Tensor:
    """Bilinear samples of (N, 3, H, W) or (1, 3, H, W) float images, zero outside.

    `corner`, (N, 2) or (1, 2), is the place of an image's first pixel in the plane that `affine`
    maps to.
    """
    height, width = image.shape[2:]
    scale = torch.tensor([[2.0 / width], [2.0 / height]]).to(image.device, non_blocking=True)
    shift = (affine[:, :, 2] - corner).unsqueeze(2) * scale - 1.0
    grid = crop_points(torch.cat([affine[:, :, :2] * scale, shift], dim=2), size)
    grid = grid.permute(0, 2, 3, 1)
    if image.shape[0] == 1:
        # All windows below each other in one grid, so that the image is not copied for each.
        grid = grid.reshape(1, -1, size, 2)
    crops = functional.grid_sample(
        image, grid, mode='bilinear', padding_mode='zeros', align_corners=False
    )
    if image.shape[0] == 1:
        return crops.view(3, -1, size, size).transpose(0, 1)
    return crops


def _copied(image: np.ndarray[Any, Any], order: str) -> np.ndarray[Any, Any]:
    """An image's own pixels, RGB.

    A copy in every case: cameras and decoders use their buffers again, and memory of a message may
    be read-only.
    """
    cv2 = require_cv2()
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))
    # OpenCV turns channels many times quicker than NumPy; what is a turned view already, as of a
    # message in rgb8, is only copied.
    turned = image[:, :, ::-1]
    if order == 'bgr' and turned.strides[2] < 0:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return np.array(image if order == 'rgb' else turned, order='C')


def _mean_colour(pixels: Tensor) -> Tensor:
    # Every 4th pixel in each direction: the mean only paints what lies outside the image.
    return pixels[::4, ::4].reshape(-1, 3).float().mean(dim=0)


def _inside(low: float, high: float, limit: int) -> tuple[int, int]:
    """Integer range [first, last) that samples in [low, high] touch, inside [0, limit).

    One pixel more than the windows, so that no neighbour of a bilinear sample is missing.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return 0, 0
    return max(0, math.floor(low) - 1), min(limit, math.ceil(high) + 1)
