# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What training begins from: a backbone that another network has learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from .. import weights as checkpoints
from ..errors import UserError


def fill_backbone(backbone: nn.Module, word: str) -> None:
    """Give a backbone the weights of one of the same layers, whatever else is in the file.

    Parameters
    ----------
    backbone : Module
    word : str
        A tracker, for its shipped weights, or the path of a checkpoint.

    Raises
    ------
    UserError
        There is no such file, or nothing in it fits.
    """
    shipped = {entry.tracker for entry in checkpoints.entries()}
    file = checkpoints.resolve(word, checkpoints.registry.AUTO) if word in shipped else Path(word)
    found = checkpoints.load(file.expanduser())
    own = backbone.state_dict()
    for prefix in _prefixes(found.tensors, own):
        some = {name: found.tensors.get(prefix + name) for name in own}
        fitting = {n: t for n, t in some.items() if t is not None and t.shape == own[n].shape}
        if len(fitting) == len(own):
            backbone.load_state_dict(fitting)
            return
    raise UserError(
        f'weights {found.source} hold no backbone of these layers: expected '
        f'{len(own)} tensors, such as {next(iter(own))} of shape '
        f'{tuple(next(iter(own.values())).shape)}; use a file of the same backbone'
    )


def _prefixes(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> list[str]:
    """What may stand before the backbone's names in a file's."""
    first = next(iter(own))
    return [name.removesuffix(first) for name in tensors if name.endswith(first)]
