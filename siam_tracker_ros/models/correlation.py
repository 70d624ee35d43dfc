# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cross-correlation of exemplar and search features.

Where torch runs them, the correlations of several exemplars are one grouped convolution. An
exported graph fixes the number of groups, and with it that of targets: while a graph is exported,
they are products instead, whose first dimension is free.
"""

from __future__ import annotations

from functools import reduce
from operator import add

import torch
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
    if torch.onnx.is_in_onnx_export():
        return correlation_by_products(z.unsqueeze(1), x)
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
    if torch.onnx.is_in_onnx_export():
        return depthwise_by_products(z, x)
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
    if torch.onnx.is_in_onnx_export():
        return correlation_by_products(z, x.unsqueeze(1))
    n, c = x.shape[:2]
    # One grouped convolution: the group is the target.
    out = functional.conv2d(x.reshape(1, n * c, *x.shape[2:]), z.flatten(0, 1), groups=n)
    return out.reshape(n, -1, *out.shape[2:])


def correlation_by_products(z: Tensor, x: Tensor) -> Tensor:
    """What `cross_correlation` and `up_channel_correlation` compute, for any number of exemplars.

    Every cell of a kernel meets every cell of the search features in one matrix product. What
    belongs to one cell of the map is then added up by a convolution with ones and zeros.

    Parameters
    ----------
    z : Tensor
        (N, K, C, h, w), K kernels per exemplar.
    x : Tensor
        (N, S, C, H, W) search features, S crops per exemplar.

    Returns
    -------
    Tensor
        (N, S * K, H - h + 1, W - w + 1), crop after crop.
    """
    n, (height, width) = z.shape[0], x.shape[-2:]
    # Numbers, where tracing has tensors for sizes: the size of a convolution is no variable.
    h, w = (int(side) for side in z.shape[-2:])
    cells = h * w
    # (N, 1, K h w, C) and (N, S, C, H W).
    products = z.flatten(3).transpose(2, 3).flatten(1, 2).unsqueeze(1) @ x.flatten(3)
    shifts = torch.eye(cells, dtype=x.dtype, device=x.device).reshape(1, cells, h, w)
    out = functional.conv2d(products.reshape(-1, cells, height, width), shifts)
    return out.reshape(n, -1, *out.shape[2:])


def depthwise_by_products(z: Tensor, x: Tensor) -> Tensor:
    """What `depthwise_correlation` computes, for any number of exemplars; same shapes."""
    h, w = z.shape[2:]
    rows, columns = x.shape[2] - h + 1, x.shape[3] - w + 1
    terms = (
        z[:, :, i : i + 1, j : j + 1] * x[:, :, i : i + rows, j : j + columns]
        for i in range(h)
        for j in range(w)
    )
    return reduce(add, terms)
