# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Torchvision's VGG-19 as weights of DSiam (Guo et al. 2017, section 4.1: DSiamM_Vgg19).

The classifier of ImageNet as it is published; it does not ship with this package.
"""

from __future__ import annotations

from collections.abc import Mapping
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import UserError
from .checkpoint import Checkpoint, Meta

TRACKER = 'dsiam'
"""Registered name of the tracker that takes these weights."""

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
"""Where the file has them, up to conv5-4; the rest is the classifier's."""

LAST = f'features.{CONVOLUTIONS[-1]}.weight'
"""The kernels of conv5-4, which no smaller VGG of torchvision's has there."""

# The authors' code: ``v_lambda`` and ``w_lambda`` of VGG-19, and the constant of ``Sum_w.m``.
LAMBDA = 10.0
NETWORK: Mapping[str, Any] = {
    'backbone': 'vgg19', 'layers': [4, 5], 'lambda_v': LAMBDA, 'lambda_w': LAMBDA
}
SETTINGS = {'fusion': 'fixed', 'fixed_share': 0.8}


def is_vgg(tensors: Mapping[str, Tensor]) -> bool:
    """Whether tensors are named as torchvision names those of a VGG of 19 layers."""
    return LAST in tensors


def convert(tensors: Mapping[str, Tensor], path: Path) -> Checkpoint:
    """Make a checkpoint of DSiam; what the classifier lacks is as a new network has it.

    Raises
    ------
    UserError
        Its tensors are not those of VGG-19 without batch norms.
    """
    wanted = {f'features.{k}.{leaf}' for k in CONVOLUTIONS for leaf in ('weight', 'bias')}
    found = {name: tensor for name, tensor in tensors.items() if name.startswith('features.')}
    kernels = [tensor for name, tensor in found.items() if name.endswith('.weight')]
    if found.keys() != wanted or any(kernel.shape[2:] != (3, 3) for kernel in kernels):
        raise UserError(
            f'weights {path}: expected the {len(wanted)} tensors of the convolutions of VGG-19 '
            f'without batch norms, found {len(found)} or other shapes: use the file of '
            "torchvision's vgg19"
        )
    training = {'origin': "torchvision's VGG-19", 'data': 'ImageNet'}
    meta = Meta(TRACKER, NETWORK, SETTINGS, training)
    own = {f'backbone.{name}': tensor for name, tensor in found.items()}
    return Checkpoint({**_added(), **own}, meta, str(path))


def _added() -> dict[str, Tensor]:
    """What the classifier lacks, as a new `DSiam` has it: responses, regularisation, fusion."""
    return {
        'log_scale': torch.tensor(1e-3).log(),
        'bias': torch.zeros(()),
        'log_scales': torch.tensor([1e-3]).log(),
        'biases': torch.zeros(1),
        'shares': torch.zeros(1, 17, 17),
        **{f'log_lambda_{of}': torch.full((2,), math.log(LAMBDA)) for of in ('v', 'w')},
    }
