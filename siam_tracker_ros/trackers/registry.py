# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Registered trackers: one name for the command line, the node's parameter and the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from .. import weights as checkpoints
from ..errors import UserError
from ..models.cascaded import CascadedSiamese
from ..models.crpn import CRPN
from ..models.dsiam import OWN as OWN_OF_DSIAM
from ..models.dsiam import DSiam
from ..models.folding import fold_batch_norms
from ..models.sasiam import SASiam
from ..models.siamfc import SiamFC
from ..models.siamrpnpp import SiamRPN
from ..runtime import resolve_device, resolve_precision
from ..settings import Settings
from .base import Tracker
from .borrowed import borrow_classifier
from .csn import CSNSettings, CSNTracker
from .dsiam import DSiamTracker
from .dsiam_settings import DSiamSettings
from .rpn import RPNTracker
from .rpn_settings import RPNSettings
from .sasiam import SASiamTracker
from .sasiam_settings import SASiamSettings
from .siamfc import SiamFCSettings, SiamFCTracker


@dataclass(frozen=True)
class Registration:
    """How a registered tracker is put together.

    Attributes
    ----------
    settings : type
        Its table.
    network : callable
        Makes the network from the arguments in a checkpoint.
    tracker : callable
        Makes the tracker.
    features : str
        Name of the tracker whose weights serve this one, too, because its network is a part of
        this one's; empty where none do.
    own : frozenset of str
        Parts of the network, by their attributes, that such weights lack: they are as a new
        network has them.
    classifier : str
        Name of the tracker whose shipped weights lend a classifier where the setting ``online``,
        which this one then has, is true; empty where none do. The tracker takes it as its last
        argument, and its settings are those of `TeachingSettings` and others.
    """

    settings: type[Settings]
    network: Callable[..., nn.Module]
    tracker: Callable[..., Tracker]
    features: str = ''
    own: frozenset[str] = frozenset()
    classifier: str = ''

    def borrows(self, settings: Mapping[str, object]) -> str:
        """Name of the tracker that lends a classifier under all these settings, or nothing."""
        return self.classifier if self.classifier and settings['online'] else ''


REGISTRY: Mapping[str, Registration] = {
    'siamfc': Registration(SiamFCSettings, SiamFC, SiamFCTracker),
    'csn': Registration(CSNSettings, CascadedSiamese, CSNTracker),
    'dsiam': Registration(
        DSiamSettings,
        DSiam,
        DSiamTracker,
        features='siamfc',
        own=OWN_OF_DSIAM,
        classifier='csn',
    ),
    'siamrpnpp': Registration(RPNSettings, SiamRPN, RPNTracker, classifier='csn'),
    'crpn': Registration(RPNSettings, CRPN, RPNTracker, classifier='csn'),
    'sasiam': Registration(SASiamSettings, SASiam, SASiamTracker, classifier='csn'),
}

DEFAULT = 'csn'
"""What tracks where nobody chooses."""

N = TypeVar('N', bound=nn.Module)


def names() -> list[str]:
    """Registered names, in the order of the documentation."""
    return list(REGISTRY)


def _registration(name: str) -> Registration:
    if name not in REGISTRY:
        raise UserError(f'unknown tracker {name!r}: expected one of {", ".join(REGISTRY)}')
    return REGISTRY[name]


def settings_class(name: str) -> type[Settings]:
    """Return the settings table of a tracker.

    Raises
    ------
    UserError
        Unknown name.
    """
    return _registration(name).settings


def lender(name: str) -> str:
    """Name of the tracker whose shipped weights a tracker uses for want of its own, or nothing.

    Raises
    ------
    UserError
        Unknown name.
    """
    other = _registration(name).features
    return '' if name in {entry.tracker for entry in checkpoints.entries()} else other


def served(entry: checkpoints.Entry) -> list[str]:
    """Names of the trackers that use the weights of an entry: its own, and who borrows them."""
    first = next(e for e in checkpoints.entries() if e.tracker == entry.tracker)
    borrowers = [name for name in REGISTRY if lender(name) == entry.tracker]
    return [entry.tracker, *(borrowers if first == entry else [])]


def weights_file(name: str, weights: str) -> Path:
    """Return the file that a user's word names for a tracker.

    Parameters
    ----------
    name, weights
        See `create`.

    Raises
    ------
    UserError
        ``auto``, and neither it nor the tracker whose weights would serve it has any.
    """
    lends = weights == checkpoints.registry.AUTO and lender(name)
    return checkpoints.resolve(lends or name, weights)


def weight_files(name: str, weights: str, overrides: Mapping[str, object]) -> list[Path]:
    """Return the files of weights that a tracker is made of.

    Parameters
    ----------
    name, weights, overrides
        See `create`.

    Raises
    ------
    UserError
        One of them is missing, or its own is damaged.
    """
    registration = _registration(name)
    files = [weights_file(name, weights)]
    if registration.classifier:
        header = checkpoints.load(files[0]).meta.settings
        defaults = registration.settings().to_dict()
        if other := registration.borrows({**defaults, **header, **overrides}):
            files.append(checkpoints.resolve(other, checkpoints.registry.AUTO))
    return files


def load_network(
    name: str, build: Callable[..., N], weights: str
) -> tuple[N, checkpoints.Checkpoint]:
    """Build the network that a checkpoint describes, and fill it.

    Parameters
    ----------
    name : str
        What the checkpoint must belong to.
    build : callable
        Makes the network from the arguments in the checkpoint.
    weights : str
        ``auto`` for the shipped checkpoint, else a path.

    Raises
    ------
    UserError
        The file is missing, damaged, or of another tracker or network.
    """
    checkpoint = checkpoints.load(weights_file(name, weights))
    owner = checkpoint.meta.tracker
    # A part that is trained alone is no tracker.
    lent = name in REGISTRY and owner != '' and owner == REGISTRY[name].features
    if owner != name and not lent:
        raise UserError(
            f'weights {checkpoint.source} belong to tracker {checkpoint.meta.tracker!r}, '
            f'expected {name!r}: '
            f'choose that tracker, or weights of {name}'
        )
    network = _built(name, build, checkpoint)
    if lent:
        checkpoint = _completed(name, network, checkpoint)
    checkpoint.fill(network)
    return network, checkpoint


def load_checkpoint(name: str, weights: str) -> checkpoints.Checkpoint:
    """Return the checkpoint of a tracker, also where it is another one's that serves it.

    Parameters
    ----------
    name, weights
        See `create`.

    Raises
    ------
    UserError
        As `load_network`.
    """
    return load_network(name, _registration(name).network, weights)[1]


def _completed(
    name: str, new: nn.Module, checkpoint: checkpoints.Checkpoint
) -> checkpoints.Checkpoint:
    """A checkpoint that another tracker's serves as; the rest is as a new network has it."""
    own = REGISTRY[name].own
    rest = {n: t for n, t in new.state_dict().items() if n.split('.')[0] in own}
    meta = replace(checkpoint.meta, tracker=name)
    return replace(checkpoint, tensors={**rest, **checkpoint.tensors}, meta=meta)


def _built(name: str, build: Callable[..., N], checkpoint: checkpoints.Checkpoint) -> N:
    try:
        return build(**checkpoint.meta.network)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f'weights {checkpoint.source}: the header describes a {name} network that cannot be '
            f'built ({error}); the file is damaged or of a newer version: use another one'
        ) from error


def create(
    name: str,
    weights: str = checkpoints.registry.AUTO,
    device: str = 'auto',
    precision: str = 'auto',
    overrides: Mapping[str, object] | None = None,
) -> Tracker:
    """Put a tracker together from its name.

    Parameters
    ----------
    name : str
        Registered name.
    weights : str
        ``auto`` for the shipped checkpoint, else a path.
    device : str
        See `runtime.resolve_device`.
    precision : str
        See `runtime.resolve_precision`.
    overrides : mapping, optional
        Settings that differ from the checkpoint's and the table's defaults.

    Raises
    ------
    UserError
        Any of these is wrong; the sentence says which and what was expected.
    """
    registration = _registration(name)
    place = resolve_device(device)
    dtype = resolve_precision(precision, place)
    network, checkpoint = load_network(name, registration.network, weights)
    return _assembled(network, checkpoint, place, dtype, overrides or {})


def assemble(checkpoint: checkpoints.Checkpoint, device: str = 'auto') -> Tracker:
    """Put a tracker together from a checkpoint in memory.

    Raises
    ------
    UserError
        As `create`.
    """
    name = checkpoint.meta.tracker
    network = _built(name, _registration(name).network, checkpoint)
    checkpoint.fill(network)
    place = resolve_device(device)
    return _assembled(network, checkpoint, place, torch.float32, {})


def _assembled(
    network: nn.Module,
    checkpoint: checkpoints.Checkpoint,
    device: torch.device,
    dtype: torch.dtype,
    overrides: Mapping[str, object],
) -> Tracker:
    name = checkpoint.meta.tracker
    registration = _registration(name)
    try:
        settings = registration.settings.from_dict(checkpoint.meta.settings)
    except UserError as error:
        raise UserError(
            f'weights {checkpoint.source}: the header holds a setting that {name} refuses '
            f'({error}); the file is damaged or of another version'
        ) from error
    values, parts = settings.to_dict(), []
    if other := registration.borrows({**values, **overrides}):
        lent = borrow_classifier(other)
        parts.append(lent.network)
        # What its learning was fitted with, unless these weights or the user know better.
        values = {**lent.settings, **checkpoint.meta.settings}
    settings = registration.settings.from_dict({**values, **overrides})
    fold_batch_norms(network.eval())
    return registration.tracker(network, settings, device, dtype, *parts)
