# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Registered trackers: one name for the command line, the node's parameter and the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from .. import weights as checkpoints
from ..errors import UserError
from ..models.cascaded import CascadedSiamese
from ..models.crpn import CRPN
from ..models.dsiam import OWN as OWN_OF_DSIAM
from ..models.dsiam import DSiam
from ..models.sasiam import SASiam
from ..models.siamfc import SiamFC
from ..models.siamrpnpp import SiamRPN
from ..settings import Settings
from .base import Tracker
from .csn import CSNSettings, CSNTracker
from .dsiam import DSiamTracker
from .dsiam_settings import DSiamSettings
from .rpn import RPNTracker
from .rpn_settings import RPNSettings
from .sasiam import SASiamTracker
from .sasiam_settings import SASiamSettings
from .siamfc import SiamFCSettings, SiamFCTracker

LEAST_SIDE = 64
"""Numbers of a header up to this one, such as depths and levels, need no tensor to show them."""


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


def registration(name: str) -> Registration:
    """Return how a tracker is put together.

    Raises
    ------
    UserError
        Unknown name.
    """
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
    return registration(name).settings


def lender(name: str) -> str:
    """Name of the tracker whose shipped weights a tracker uses for want of its own, or nothing.

    Raises
    ------
    UserError
        Unknown name.
    """
    other = registration(name).features
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
        See `assembly.create`.

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
        See `assembly.create`.

    Raises
    ------
    UserError
        One of them is missing, or its own is damaged.
    """
    parts = registration(name)
    files = [weights_file(name, weights)]
    if parts.classifier:
        header = checkpoints.load(files[0]).meta.settings
        defaults = parts.settings().to_dict()
        if other := parts.borrows({**defaults, **header, **overrides}):
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
    network = built(name, build, checkpoint)
    if lent:
        checkpoint = _completed(name, network, checkpoint)
    checkpoint.fill(network)
    return network, checkpoint


def load_checkpoint(name: str, weights: str) -> checkpoints.Checkpoint:
    """Return the checkpoint of a tracker, also where it is another one's that serves it.

    Parameters
    ----------
    name, weights
        See `assembly.create`.

    Raises
    ------
    UserError
        As `load_network`.
    """
    return load_network(name, registration(name).network, weights)[1]


def _completed(
    name: str, new: nn.Module, checkpoint: checkpoints.Checkpoint
) -> checkpoints.Checkpoint:
    """A checkpoint that another tracker's serves as; the rest is as a new network has it."""
    own = REGISTRY[name].own
    rest = {n: t for n, t in new.state_dict().items() if n.split('.')[0] in own}
    meta = replace(checkpoint.meta, tracker=name)
    return replace(checkpoint, tensors={**rest, **checkpoint.tensors}, meta=meta)


def _refuse_forged(checkpoint: checkpoints.Checkpoint) -> None:
    """Refuse numbers that the tensors belie: their layers might fill the memory.

    A number of channels is the side of some tensor, and each layer has a tensor. So layers stay
    within some times what the file holds, and `Checkpoint.fill` compares them all.
    """
    tensors = [tensor for tensor in checkpoint.tensors.values() if tensor.numel()]
    most = max([LEAST_SIDE, *(side for tensor in tensors for side in tensor.shape)])
    left: list[Any] = [checkpoint.meta.network]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            left += value.values()
        elif isinstance(value, list):
            if len(value) > max(LEAST_SIDE, len(tensors)):
                raise ValueError(f'it lists {len(value)} numbers for {len(tensors)} tensors')
            left += value
        elif isinstance(value, int | float) and value > most:
            raise ValueError(f'it says {value}, where {most} is the most that fits its tensors')


def built(name: str, build: Callable[..., N], checkpoint: checkpoints.Checkpoint) -> N:
    """Build the network that a checkpoint describes; it is not filled.

    Raises
    ------
    UserError
        It cannot be built.
    """
    try:
        _refuse_forged(checkpoint)
        return build(**checkpoint.meta.network)
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f'weights {checkpoint.source}: the header describes a {name} network that cannot be '
            f'built ({error}); the file is damaged or of a newer version: use another one'
        ) from error
