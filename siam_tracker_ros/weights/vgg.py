# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Torchvision's VGG-19 as weights of DSiam (Guo et al. 2017, section 4.1: DSiamM_Vgg19).

The classifier of ImageNet as it is published; it does not ship with this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import UserError
from ..models.dsiam import VGG, DSiam
from .checkpoint import Checkpoint, Meta

TRACKER = 'dsiam'
"""Registered name of the tracker that takes these weights."""

PART = 'features.'
"""What stands before the names of its convolutions; the rest is the classifier's."""

LAST = f'{PART}34.weight'
"""The kernels of conv5-4, which no smaller VGG of torchvision's has there."""

# The authors' code: ``v_lambda`` and ``w_lambda`` of VGG-19, and the constant of ``Sum_w.m``.
NETWORK: Mapping[str, Any] = {
    'backbone': VGG, 'layers': [4, 5], 'lambda_v': 10.0, 'lambda_w': 10.0
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
    own = DSiam(**NETWORK).state_dict()
    found = {f'backbone.{name}': t for name, t in tensors.items() if name.startswith(PART)}
    wanted = {name: t for name, t in own.items() if name.startswith('backbone.')}
    if {n: t.shape for n, t in found.items()} != {n: t.shape for n, t in wanted.items()}:
        raise UserError(
            f'weights {path}: expected the {len(wanted)} tensors of the convolutions of VGG-19 '
            f'without batch norms, found {len(found)} or other shapes: use the file of '
            "torchvision's vgg19"
        )
    training = {'origin': "torchvision's VGG-19", 'data': 'ImageNet'}
    meta = Meta(TRACKER, NETWORK, SETTINGS, training)
    return Checkpoint({**own, **found}, meta, str(path))
