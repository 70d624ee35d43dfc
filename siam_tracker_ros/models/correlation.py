# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cross-correlation of exemplar and search features."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def cross_correlation(z: Tensor, x: Tensor) -> Tensor:
    """Slide each exemplar over its own search features: the ``*`` of SiamFC's Eq. 1.

    Parameters
    ----------
    z : Tensor
        (N, C, h, w) exemplar features.
    x : Tensor
        (N, S, C, H, W) search features, S crops (scales) per exemplar.

    Returns
    -------
    Tensor
        (N, S, H - h + 1, W - w + 1); entry (n, s, i, j) is ``sum_cuv z[n, c, u, v] x[n, s, c, i +
        u, j + v]``.
    """
    n, s, c, height, width = x.shape
    # One grouped convolution: the group is the target, its batch the scales.
    stacked = x.transpose(0, 1).reshape(s, n * c, height, width)
    out = functional.conv2d(stacked, z, groups=n)
    return out.transpose(0, 1)


def all_pairs_correlation(z: Tensor, x: Tensor) -> Tensor:
    """Slide every exemplar over every search image, which training on batches needs.

    Parameters
    ----------
    z : Tensor
        (N, C, h, w) exemplar features.
    x : Tensor
        (M, C, H, W) search features.

    Returns
    -------
    Tensor
        (M, N, H - h + 1, W - w + 1).
    """
    return functional.conv2d(x, z)


def depthwise_correlation(z: Tensor, x: Tensor) -> Tensor:
    """Slide each channel of an exemplar over the same channel (SiamRPN++, section 3.4, Fig. 4c).

    Parameters
    ----------
    z : Tensor
        (N, C, h, w) exemplar features.
    x : Tensor
        (N, C, H, W) search features.

    Returns
    -------
    Tensor
        (N, C, H - h + 1, W - w + 1); entry (n, c, i, j) is ``sum_uv z[n, c, u, v] x[n, c, i + u,
        j + v]``.
    """
    n, c = x.shape[:2]
    # One grouped convolution: the group is a channel of a target.
    kernels = z.flatten(0, 1).unsqueeze(1)
    out = functional.conv2d(x.reshape(1, n * c, *x.shape[2:]), kernels, groups=n * c)
    return out.reshape(n, c, *out.shape[2:])


def up_channel_correlation(z: Tensor, x: Tensor) -> Tensor:
    """Slide several kernels of each exemplar over its search features (SiamRPN++, Fig. 4b).

    Parameters
    ----------
    z : Tensor
        (N, K, C, h, w), K kernels per exemplar.
    x : Tensor
        (N, C, H, W) search features.

    Returns
    -------
    Tensor
        (N, K, H - h + 1, W - w + 1); entry (n, k, i, j) is ``sum_cuv z[n, k, c, u, v] x[n, c, i +
        u, j + v]``.
    """
    n, c = x.shape[:2]
    # One grouped convolution: the group is the target.
    out = functional.conv2d(x.reshape(1, n * c, *x.shape[2:]), z.flatten(0, 1), groups=n)
    return out.reshape(n, -1, *out.shape[2:])
