# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Going on with a training run that was stopped: its checkpoint, and the rows of its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import hashlib
from pathlib import Path
import pickle
from typing import Any

import torch
from torch import nn

from ..errors import UserError
from .sources import Shot

CHECKPOINT = 'last.ckpt'
METRICS = 'metrics.csv'

DATA = 'data'
"""Entry of a recipe that tells the data, see `fingerprint`."""

TEACHER = 'teacher'
"""Entry of a recipe that tells the teacher's weights, see `checksum`."""

INIT, BACKBONE, NETWORK, HEADS = 'init', 'backbone', 'network', 'heads'
"""Entries of a recipe that tell what the run began from: weights by their `checksum`, the network
and its heads by their words."""

# Settings that older checkpoints do not name, with the value that they were trained with.
LATER: Mapping[str, object] = {
    'bend': 0.0,
    'comparison_rate': 1.0,
    'crop_rim': 0,
    'distractors': 0,
    'frozen_layers': 0,
    TEACHER: None,
    'teacher_weight': 1.0,
    NETWORK: 'light',
    HEADS: 'random',
}

UNTOLD = (DATA, INIT, BACKBONE)
"""Entries that older checkpoints do not name, and that cannot be told of them: any will do."""


def checksum(network: nn.Module) -> str:
    """Tell a network's weights from others."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def fingerprint(shots: Iterable[Shot]) -> str:
    """Tell shots from others by the names of their folders and images, in order.

    Not by whole paths: data may be moved, or be seen from another machine.
    """
    digest = hashlib.sha256()
    for shot in shots:
        names = [shot.kind, *(image.name for image in shot.images)]
        # No name holds either separator.
        digest.update(('/'.join(names) + '\0').encode(errors='surrogateescape'))
    return digest.hexdigest()


def read_state(
    folder: Path, recipe: Mapping[str, object], device: torch.device
) -> dict[str, Any] | None:
    """Read the checkpoint of a run.

    Parameters
    ----------
    folder : Path
        Of the run.
    recipe : mapping
        Settings and `DATA` that the run must have been made with; the checkpoint's are its
        ``recipe``.
    device : torch.device
        Receives the tensors.

    Returns
    -------
    dict or None
        None where there is no checkpoint: the run begins.

    Raises
    ------
    UserError
        The checkpoint is damaged, or of a run with other settings or data.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    try:
        # Weights only: the rest of a pickle may run what it says.
        state = dict(torch.load(path, map_location=device, weights_only=True))
        before = dict(state['recipe'])
    except (
        EOFError,
        KeyError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        raise UserError(
            f'{path} cannot be resumed from: it is damaged or of another version; delete it, '
            'or give another --out folder, to begin anew'
        ) from error
    untold = {name: recipe[name] for name in UNTOLD if name in recipe}
    before = {**LATER, **untold, **before}
    changed = [name for name, value in recipe.items() if before.get(name) != value]
    # Settings choose among the data: where they changed, they are the mistake.
    if changed == [DATA]:
        raise UserError(
            f'{path} was trained on other data: give the same folders in the same order, with the '
            'same files in them, to resume, or another --out folder to begin anew'
        )
    changed = [name for name in changed if name != DATA]
    if changed:
        raise UserError(
            f'{path} was trained with other settings ({", ".join(changed)}): '
            'give the same ones to resume, or another --out folder to begin anew'
        )
    return state


def forget_later_rows(folder: Path, step: int) -> None:
    """Drop the figures of steps after the checkpoint, which are about to be made again.

    Without a checkpoint that is the step 0. A file of which nothing is left goes, too.
    """
    path = folder / METRICS
    if not path.is_file():
        return
    header, *rows = path.read_text().splitlines() or ['']
    steps = [row.split(',')[0] for row in rows]
    kept = [row for row, at in zip(rows, steps) if at.isdecimal() and int(at) <= step]
    if kept:
        path.write_text('\n'.join([header, *kept]) + '\n')
    else:
        path.unlink()
