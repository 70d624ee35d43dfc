# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Going on with a training run that was stopped: its checkpoint, and the rows of its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import pickle
from typing import Any

import torch

from ..errors import UserError

CHECKPOINT = 'last.ckpt'
METRICS = 'metrics.csv'


def read_state(
    folder: Path, recipe: Mapping[str, object], device: torch.device
) -> dict[str, Any] | None:
    """Read the checkpoint of a run.

    Parameters
    ----------
    folder : Path
        Of the run.
    recipe : mapping
        Settings that the run must have been made with; the checkpoint's are its ``recipe``.
    device : torch.device
        Receives the tensors.

    Returns
    -------
    dict or None
        None where there is no checkpoint: the run begins.

    Raises
    ------
    UserError
        The checkpoint is damaged, or of a run with other settings.
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
    changed = [name for name, value in recipe.items() if before.get(name) != value]
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
