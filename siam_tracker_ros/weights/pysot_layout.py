# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors of pysot's SiamRPN networks, in the layout of `models.siamrpnpp.SiamRPN`.

pysot (https://github.com/STVIR/pysot, Apache-2.0) is the code of SiamRPN++'s authors. The layers
are the same; their names differ, and pysot's images are BGR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import re

import torch
from torch import Tensor

BRANCHES = {'cls': 'classes', 'loc': 'deltas'}
SIDES = {'conv_kernel': 'template', 'conv_search': 'search', 'head': 'fuse'}

# Where the older AlexNet, one sequence with its pools and ReLUs, has its convolutions.
SEQUENCE = (0, 4, 8, 11, 14)


def _unit(layer: str, unit: str, part: str) -> str:
    # pysot counts layers from 1.
    return f'backbone.layers.{int(layer) - 1}.{unit}.{part}'


def _sequence(index: str) -> str:
    first = max(k for k in SEQUENCE if k <= int(index))
    return f'backbone.conv{SEQUENCE.index(first) + 1}.{int(index) - first}'


def _block(level: str, branch: str, side: str, index: str) -> str:
    # pysot counts levels from 2.
    return f'blocks.{int(level) - 2}.{BRANCHES[branch]}.{SIDES[side]}.{index}'


# A tensor of pysot, without the last part of its name, and what that is called here.
MODULES: tuple[tuple[str, Callable[..., str]], ...] = (
    # ResNet. In a unit there is a ReLU between a norm and the next convolution.
    (r'backbone\.conv1', lambda: 'backbone.stem.0'),
    (r'backbone\.bn1', lambda: 'backbone.stem.1'),
    (
        r'backbone\.layer([1-4])\.(\d+)\.conv([1-3])',
        lambda n, unit, k: _unit(n, unit, f'residual.{3 * int(k) - 3}'),
    ),
    (
        r'backbone\.layer([1-4])\.(\d+)\.bn([1-3])',
        lambda n, unit, k: _unit(n, unit, f'residual.{3 * int(k) - 2}'),
    ),
    (
        r'backbone\.layer([1-4])\.(\d+)\.downsample\.(\d)',
        lambda n, unit, k: _unit(n, unit, f'shortcut.{k}'),
    ),
    # MobileNetV2.
    (r'backbone\.layer0\.(\d)', lambda k: f'backbone.stem.{k}'),
    (
        r'backbone\.layer([1-7])\.(\d+)\.conv\.(\d)',
        lambda n, unit, k: _unit(n, unit, f'residual.{k}'),
    ),
    # AlexNet, newer and older.
    (r'backbone\.layer([1-5])\.(\d)', lambda n, k: f'backbone.conv{n}.{k}'),
    (r'backbone\.features\.(\d+)', _sequence),
    # The layers behind the backbone.
    (
        r'neck\.downsample([2-4])\.downsample\.(\d)',
        lambda level, k: f'adjust.{int(level) - 2}.{k}',
    ),
    (r'rpn_head\.rpn([2-4])\.(cls|loc)\.(conv_kernel|conv_search|head)\.(\d)', _block),
    (
        r'rpn_head\.(cls|loc)\.(conv_kernel|conv_search|head)\.(\d)',
        lambda branch, side, k: _block('2', branch, side, k),
    ),
)

SHARES = {'rpn_head.cls_weight': 'aggregation.alpha', 'rpn_head.loc_weight': 'aggregation.beta'}

FIRST_KERNELS = ('backbone.stem.0.weight', 'backbone.conv1.0.weight')
"""The kernels that see the image: of ResNet and MobileNetV2, of AlexNet."""


def renamed(name: str) -> str | None:
    """What a tensor of pysot is called here; None where no SiamRPN of pysot has such a one."""
    if name in SHARES:
        return SHARES[name]
    module, _, leaf = name.rpartition('.')
    for pattern, ours in MODULES:
        found = re.fullmatch(pattern, module)
        if found:
            return f'{ours(*found.groups())}.{leaf}'
    return None


def converted(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Adapt renamed tensors to RGB images and to the PyTorch of today."""
    own = dict(tensors)
    for name in FIRST_KERNELS:
        if name in own:
            own[name] = own[name].flip(1)
    for name in tensors:
        stem, _, leaf = name.rpartition('.')
        if leaf == 'running_mean':
            # Norms did not count their batches before PyTorch 0.4.1.
            own.setdefault(f'{stem}.num_batches_tracked', torch.tensor(0))
    return own
