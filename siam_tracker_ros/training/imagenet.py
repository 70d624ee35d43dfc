# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backbones that begin with torchvision's classifiers of ImageNet (SiamRPN++, section 4.1).

ResNet-18, 34 and 50, MobileNetV2 and AlexNet. The layers are those of our backbones, up to their
strides, dilations and paddings; the names differ, and so do the numbers that a pixel becomes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..models.backbones.base import DEVIATION, MEAN, OUR_DEVIATION, OUR_MEAN
from ..models.backbones.mobilenet import LAYERS
from ..weights.pysot_layout import renamed

# Where torchvision's AlexNet has its convolutions.
ALEXNET = ('0', '3', '6', '8', '10')

# Parts of a unit of MobileNetV2, and where our units have them.
UNIT = {'0.0': 0, '0.1': 1, '1.0': 3, '1.1': 4, '2': 6, '3': 7}
# The first unit does not expand.
FIRST_UNIT = {'0.0': 3, '0.1': 4, '1': 6, '2': 7}

# Added to a variance by a batch norm.
EPSILON = 1e-5


def converted(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a classifier's tensors, and adapt its first layer to what our backbones are given.

    Parameters
    ----------
    tensors : mapping
        A state dict of one of torchvision's classifiers.

    Returns
    -------
    dict
        By the names of our backbones; empty where it is of no classifier that is known.
    """
    if 'features.0.0.weight' in tensors:
        own = _mobilenet(tensors)
    elif 'features.0.weight' in tensors:
        own = _alexnet(tensors)
    else:
        names = {name: renamed(f'backbone.{name}') for name in tensors}
        own = {
            ours.removeprefix('backbone.'): tensors[name] for name, ours in names.items() if ours
        }
    for first, norm in (('stem.0', 'stem.1'), ('conv1.0', 'conv1.1')):
        if f'{first}.weight' in own:
            _adapt(own, first, norm)
    return own


def _adapt(own: dict[str, Tensor], first: str, norm: str) -> None:
    """Make the first convolution expect `normalised` pixels: what it computes stays the same."""
    kernel = own[f'{first}.weight']
    mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, DEVIATION))
    own[f'{first}.weight'] = kernel * (OUR_DEVIATION / deviation)
    constant = (kernel * ((OUR_MEAN - mean) / deviation)).sum(dim=(1, 2, 3))
    if f'{first}.bias' in own:
        own[f'{first}.bias'] = own[f'{first}.bias'] + constant
    else:
        own[f'{norm}.running_mean'] = own[f'{norm}.running_mean'] - constant


def _alexnet(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Five convolutions; they have no norms, ours get some of `_identity`."""
    own = {}
    for number, index in enumerate(ALEXNET, start=1):
        for leaf in ('weight', 'bias'):
            own[f'conv{number}.0.{leaf}'] = tensors[f'features.{index}.{leaf}']
        own.update(_identity(f'conv{number}.1', len(tensors[f'features.{index}.bias'])))
    return own


def _mobilenet(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Units are numbered through; ours are counted in each layer, and all of them expand."""
    units = ((layer, unit) for layer, row in enumerate(LAYERS) for unit in range(row[2]))
    ours = {'features.0.0': 'stem.0', 'features.0.1': 'stem.1'}
    for feature, (layer, unit) in enumerate(units, start=1):
        for part, index in (UNIT if feature > 1 else FIRST_UNIT).items():
            ours[f'features.{feature}.conv.{part}'] = f'layers.{layer}.{unit}.residual.{index}'
    modules = {name: name.rpartition('.') for name in tensors}
    own = {
        f'{ours[module]}.{leaf}': tensors[name]
        for name, (module, _, leaf) in modules.items()
        if module in ours
    }
    width = len(tensors['features.0.0.weight'])
    # Its input is between 0 and 6, where the ReLU that follows changes nothing either.
    own['layers.0.0.residual.0.weight'] = torch.eye(width).view(width, width, 1, 1)
    own.update(_identity('layers.0.0.residual.1', width))
    return own


def _identity(norm: str, channels: int) -> dict[str, Tensor]:
    """A batch norm that changes nothing while it uses its running statistics.

    So it is while the backbone is frozen, and where it is only used. In a backbone that learns,
    norms use the statistics of the batch: from that step on these do change what passes, and the
    layers behind them, which were trained without norms, have to learn with them.
    """
    zeros, ones = torch.zeros(channels), torch.ones(channels)
    return {
        f'{norm}.weight': ones,
        f'{norm}.bias': zeros,
        f'{norm}.running_mean': zeros.clone(),
        f'{norm}.running_var': ones - EPSILON,
    }
