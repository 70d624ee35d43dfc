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
