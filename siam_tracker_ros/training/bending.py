# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Smooth distortions: how objects look that move in themselves, or turn out of the plane."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# Along a side, where the distortion is drawn; between them it is interpolated. Over a search crop
# of 239 px they are 48 px apart, a little less than the side of an object in it.
KNOTS = 6


def bend(images: Tensor, centres: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    """Distort images smoothly, each by another amount, and leave each one's centre where it is.

    A pair of crops from one photograph differs by an affine map, whatever is drawn for it. A
    network that learns from those only learns to match textures that stay what they are.

    Parameters
    ----------
    images : Tensor
        (N, C, S, S).
    centres : Tensor
        (N, 2) places that stay, x and y in pixels from the middle.
    strength : float
        Largest standard deviation of the displacements of an image, in pixels.
    rng : numpy Generator
        Source of all randomness.

    Returns
    -------
    Tensor
        (N, C, S, S), mirrored at the border where something from outside would be seen.
    """
    n, size = len(images), images.shape[-1]
    amounts = rng.uniform(0.0, strength, n)
    knots = rng.standard_normal((n, 2, KNOTS, KNOTS)) * amounts[:, None, None, None]
    field = functional.interpolate(
        torch.from_numpy(knots).float().to(images.device),
        size=(size, size),
        mode='bicubic',
        align_corners=True,
    )
    # Units of grid_sample: the sides of an image are at -1 and 1.
    at = (centres.float() * 2.0 / size).reshape(n, 1, 1, 2)
    field = field - functional.grid_sample(field, at, align_corners=False)
    still = functional.affine_grid(
        torch.eye(2, 3, device=images.device).expand(n, 2, 3), [n, 1, size, size],
        align_corners=False,
    )
    return functional.grid_sample(
        images,
        still + field.permute(0, 2, 3, 1) * (2.0 / size),
        padding_mode='reflection',
        align_corners=False,
    )
