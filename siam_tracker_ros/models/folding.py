# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batch norms of a trained network, taken into the convolutions before them."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(network: nn.Module) -> None:
    """Make a network quicker that is not trained any more; it computes what it did.

    A trained norm multiplies and adds constants, which the convolution can do itself.

    Parameters
    ----------
    network : Module
        In evaluation mode; changed in place. Within each of its `Sequential` modules, a batch norm
        right after a convolution becomes the identity.
    """
    for module in list(network.modules()):
        if not isinstance(module, nn.Sequential):
            continue
        for k in range(1, len(module)):
            convolution, norm = module[k - 1], module[k]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[k - 1] = fuse_conv_bn_eval(convolution, norm)
                module[k] = nn.Identity()
