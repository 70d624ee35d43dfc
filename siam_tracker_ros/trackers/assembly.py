# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers put together from their names: weights, settings, device and backend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import tempfile
from typing import Any

import torch
from torch import nn

from .. import export as exports
from .. import weights as checkpoints
from ..errors import UserError
from ..models.folding import fold_batch_norms
from ..runtime import ONNXRUNTIME, TORCH, resolve_backend, resolve_device, resolve_precision
from ..settings import Settings
from .base import Tracker
from .borrowed import borrow_classifier
from .registry import built, load_network, registration


def create(
    name: str,
    weights: str = checkpoints.registry.AUTO,
    device: str = 'auto',
    precision: str = 'auto',
    overrides: Mapping[str, object] | None = None,
    backend: str = TORCH,
) -> Tracker:
    """Put a tracker together from its name.

    Parameters
    ----------
    name : str
        Registered name.
    weights : str
        ``auto`` for the shipped checkpoint, else a path; with another backend than torch also that
        of a folder that `export` wrote.
    device : str
        See `runtime.resolve_device`.
    precision : str
        See `runtime.resolve_precision`.
    overrides : mapping, optional
        Settings that differ from the checkpoint's and the table's defaults.
    backend : str
        What runs the network, see `runtime.resolve_backend`. Graphs of weights that are no such
        folder are made here, which takes seconds.

    Raises
    ------
    UserError
        Any of these is wrong; the sentence says which and what was expected.
    """
    parts = registration(name)
    place = resolve_backend(backend, device, precision)
    dtype = resolve_precision(precision, place)
    folder = None
    if weights != checkpoints.registry.AUTO and Path(weights).expanduser().is_dir():
        if backend == TORCH:
            raise UserError(
                f'weights {weights} is a folder: torch wants a file; give one, or run an export '
                f'with backend {ONNXRUNTIME}'
            )
        folder = exports.read_folder(Path(weights).expanduser())
        # Weights may serve another tracker, too; graphs do not.
        if folder.tracker != name:
            raise UserError(
                f'export {weights} belongs to tracker {folder.tracker!r}, expected {name!r}: give '
                f'a folder that `siam-tracker export {name}` wrote, or a checkpoint'
            )
        weights = str(folder.weights_file)
    network, checkpoint = load_network(name, parts.network, weights)
    return _assembled(network, checkpoint, place, dtype, overrides or {}, backend, folder)


def assemble(
    checkpoint: checkpoints.Checkpoint, device: str = 'auto', precision: str = 'auto'
) -> Tracker:
    """Put a tracker together from a checkpoint in memory.

    Raises
    ------
    UserError
        As `create`.
    """
    name = checkpoint.meta.tracker
    network = built(name, registration(name).network, checkpoint)
    checkpoint.fill(network)
    place = resolve_device(device)
    return _assembled(network, checkpoint, place, resolve_precision(precision, place), {})


def export(name: str, weights: str, path: Path) -> exports.Folder:
    """Write a tracker's network as graphs.

    Parameters
    ----------
    name, weights
        See `create`.
    path : Path
        Folder to make.

    Raises
    ------
    UserError
        The weights are wrong, a package is missing, this tracker cannot be exported, or the
        folder exists.
    """
    network, checkpoint = load_network(name, registration(name).network, weights)
    exemplar = _own_settings(checkpoint).to_dict()[exports.EXEMPLAR]
    fold_batch_norms(network.eval())
    return exports.write(network, checkpoint, int(exemplar), path)


def _own_settings(checkpoint: checkpoints.Checkpoint) -> Settings:
    """Settings that belong to weights."""
    name = checkpoint.meta.tracker
    try:
        return registration(name).settings.from_dict(checkpoint.meta.settings)
    except UserError as error:
        raise UserError(
            f'weights {checkpoint.source}: the header holds a setting that {name} refuses '
            f'({error}); the file is damaged or of another version'
        ) from error


def _assembled(
    network: nn.Module,
    checkpoint: checkpoints.Checkpoint,
    device: torch.device,
    dtype: torch.dtype,
    overrides: Mapping[str, object],
    backend: str = TORCH,
    folder: exports.Folder | None = None,
) -> Tracker:
    parts = registration(checkpoint.meta.tracker)
    values: dict[str, Any] = _own_settings(checkpoint).to_dict()
    lent = []
    if other := parts.borrows({**values, **overrides}):
        borrowed = borrow_classifier(other)
        lent.append(borrowed.network)
        # What its learning was fitted with, unless these weights or the user know better.
        values = {**borrowed.settings, **checkpoint.meta.settings}
    settings = parts.settings.from_dict({**values, **overrides})
    fold_batch_norms(network.eval())
    runs: object = network
    if folder is not None:
        runs = exports.running(network, folder)
    elif backend == ONNXRUNTIME:
        exemplar = int(settings.to_dict()[exports.EXEMPLAR])
        # A loaded graph needs no file.
        with tempfile.TemporaryDirectory() as place:
            runs = exports.running(
                network, exports.write(network, checkpoint, exemplar, Path(place) / 'export')
            )
    return parts.tracker(runs, settings, device, dtype, *lent)
