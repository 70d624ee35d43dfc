# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What training begins from: a backbone that another network has learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import weights as checkpoints
from ..errors import UserError
from .imagenet import converted

CHECKPOINT_SUFFIX = '.safetensors'


def fill_backbone(backbone: nn.Module, word: str) -> None:
    """Give a backbone the weights of one of the same layers, whatever else is in the file.

    Parameters
    ----------
    backbone : Module
        It is given `normalised` pixels.
    word : str
        A tracker, for its shipped weights, or the path of a checkpoint of this package or of one
        of torchvision's classifiers.

    Raises
    ------
    UserError
        There is no such file, or nothing in it fits.
    """
    tensors, source = _tensors(word)
    own = backbone.state_dict()
    first = next(name for name in own if name.endswith('.weight'))
    # What stands before the backbone's names in the file's, such as "matching.backbone.".
    prefixes = [name.removesuffix(first) for name in tensors if name.endswith(first)]
    for prefix in prefixes:
        found = {name: _fitted(tensors, prefix, name, tensor) for name, tensor in own.items()}
        fitting = {name: tensor for name, tensor in found.items() if tensor is not None}
        if len(fitting) == len(own):
            backbone.load_state_dict(fitting)
            return
    raise UserError(
        f'weights {source} hold no backbone of these layers: expected {len(own)} tensors, among '
        f'them {first} of shape {tuple(own[first].shape)}; use a file of the same backbone'
    )


@torch.no_grad()
def extend(larger: nn.Module, network: nn.Module) -> None:
    """Give a network with further layers the weights of one without them.

    Parameters
    ----------
    larger : Module
        Has tensors of the same names. Where one has a number for each layer, all get that of the
        other network's last one. What is new in it stays.
    network : Module
    """
    own = larger.state_dict()
    for name, tensor in network.state_dict().items():
        own[name].copy_(tensor if tensor.shape == own[name].shape else tensor[-1:])


def _fitted(
    tensors: Mapping[str, Tensor], prefix: str, name: str, own: Tensor
) -> Tensor | None:
    """The tensor of a name in the shape that the backbone has; None where there is none."""
    if name.endswith('num_batches_tracked'):
        # Older files have none, and nothing needs it.
        return tensors.get(prefix + name, torch.zeros_like(own))
    tensor = tensors.get(prefix + name)
    if tensor is not None and tensor.dim() == 4 and tensor.shape[2:] == (1, 1):
        # Some of our shortcuts see 3 pixels, as pysot's; those of ImageNet see the middle one.
        beside = (own.shape[-1] - 1) // 2
        tensor = functional.pad(tensor, [beside] * 4)
    return tensor if tensor is not None and tensor.shape == own.shape else None


def _tensors(word: str) -> tuple[Mapping[str, Tensor], str]:
    """Tensors in the layouts of this package, and where they are from."""
    shipped = {entry.tracker for entry in checkpoints.entries()}
    if word in shipped or word.endswith(CHECKPOINT_SUFFIX):
        file = checkpoints.registry.AUTO if word in shipped else word
        checkpoint = checkpoints.load(checkpoints.resolve(word, file))
        return checkpoint.tensors, checkpoint.source
    path = Path(word).expanduser()
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # A damaged pickle raises whatever its bytes happen to say.
        raise UserError(
            f'weights {path} cannot be read ({type(error).__name__}): expected a tracker '
            f'({", ".join(sorted(shipped))}), a {CHECKPOINT_SUFFIX} checkpoint of this package, '
            'or a .pth file of torchvision'
        ) from error
    named = content.items() if isinstance(content, dict) else ()
    try:
        return converted({k: v for k, v in named if isinstance(v, Tensor)}), str(path)
    except (IndexError, KeyError, RuntimeError):
        # Some names are those of a classifier, but not the rest.
        return {}, str(path)
