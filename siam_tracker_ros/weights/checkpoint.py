# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint: named tensors, and what must be known to use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
import torch
from torch import Tensor, nn

from ..errors import UserError
from ..outputs import prepare_output_file

FORMAT = 'siam_tracker_ros/1'
SUFFIX = '.safetensors'


@dataclass(frozen=True)
class Meta:
    """What a checkpoint says about itself.

    Attributes
    ----------
    tracker : str
        Registered name of the tracker that it belongs to.
    network : dict
        Arguments that build the network.
    settings : dict
        Settings that belong to these weights, such as the fitted confidence; they replace the
        table's defaults.
    training : dict
        Data, licence, command, seed, time: the facts of the model card.
    """

    tracker: str
    network: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, and their `Meta`."""

    tensors: Mapping[str, Tensor]
    meta: Meta
    source: str = 'memory'

    def fill(self, network: nn.Module) -> None:
        """Copy the tensors into a network, in its own number format.

        Raises
        ------
        UserError
            A tensor is missing, unknown or of another shape.
        """
        own = network.state_dict()
        missing = sorted(set(own) - set(self.tensors))
        unknown = sorted(set(self.tensors) - set(own))
        if missing or unknown:
            raise UserError(
                f'weights {self.source} do not fit the {self.meta.tracker} network: '
                f'{len(missing)} tensors missing (first: {missing[:1] or "none"}), '
                f'{len(unknown)} unknown (first: {unknown[:1] or "none"}); use a file trained '
                'for this tracker'
            )
        for name, tensor in self.tensors.items():
            if tensor.shape != own[name].shape:
                raise UserError(
                    f'weights {self.source}: tensor {name} has shape {tuple(tensor.shape)}, '
                    f'the {self.meta.tracker} network expects {tuple(own[name].shape)}; '
                    'use a file trained with the same network'
                )
            if not torch.isfinite(tensor).all():
                raise UserError(
                    f'weights {self.source}: tensor {name} holds numbers that are not finite; '
                    'the file is damaged or its training diverged: use another one'
                )
        network.load_state_dict(dict(self.tensors))


def prepare(path: Path | str) -> Path:
    """Return the path of a checkpoint to write, whose folder is made, or refuse it.

    To be asked before any work is done for it, as `save` asks at its end.

    Raises
    ------
    UserError
        See `prepare_output_file`; or the name has another ending, by which `load` would take the
        file for one of another kind.
    """
    path = prepare_output_file(path, 'checkpoint')
    _check_suffix(path)
    return path


def _check_suffix(path: Path) -> None:
    if path.suffix != SUFFIX:
        raise UserError(
            f'checkpoint {path} would not be readable by its name: give one that ends in {SUFFIX}'
        )


def save(path: Path | str, checkpoint: Checkpoint) -> Path:
    """Write a ``.safetensors`` file with its meta data in the header.

    The file appears whole or not at all: it is written beside its place and then moved there.

    Raises
    ------
    UserError
        The file cannot be written, or its name has another ending than ``.safetensors``.
    """
    path = Path(path)
    _check_suffix(path)
    tensors = {name: t.detach().cpu().contiguous() for name, t in checkpoint.tensors.items()}
    header = {'format': FORMAT, 'meta': json.dumps(asdict(checkpoint.meta), sort_keys=True)}
    partial = path.with_name(path.name + '.part')
    # Not the library's own writer: its files cannot be read by other users of a shared machine.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(serialise(tensors, metadata=header))
        partial.replace(path)
    except OSError as error:
        raise UserError(
            f'weights {path} cannot be written ({error.strerror}): choose another place'
        ) from error
    return path


def load(path: Path | str) -> Checkpoint:
    """Read a ``.safetensors`` checkpoint; nothing in the file is ever executed.

    Raises
    ------
    UserError
        No such file, not a safetensors file, damaged, or not written by this package.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(
            f'weights {path}: there is no such file; give the path of a .safetensors checkpoint'
        )
    try:
        with safe_open(str(path), framework='pt') as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f'weights {path}: not a readable .safetensors file ({error}); it is damaged or of '
            'another kind: '
            'copy it again, or train or choose another one'
        ) from error
    if header.get('format') != FORMAT:
        raise UserError(
            f'weights {path}: the header says format {header.get("format")!r}, expected '
            f'{FORMAT!r}; '
            'the file was not written by this package: use one that `siam-tracker train` wrote'
        )
    try:
        meta = _meta(json.loads(header['meta']))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f'weights {path}: the meta data in the header cannot be read ({error}); '
            'the file is damaged: copy it again'
        ) from error
    return Checkpoint(tensors, meta, str(path))


def _meta(values: Any) -> Meta:
    """Meta data from a header; TypeError where it is not what `save` writes."""
    meta = Meta(**values)
    for name, value in asdict(meta).items():
        expected = str if name == 'tracker' else dict
        if not isinstance(value, expected):
            raise TypeError(f'{name} is {type(value).__name__}, expected {expected.__name__}')
    return meta
