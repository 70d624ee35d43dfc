# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two trained subnetworks in, the checkpoint of the tracker that has both out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import weights as checkpoints
from ..errors import UserError
from ..online.classifier_settings import LIGHT
from ..sequences import Sequence
from ..settings import Scalar
from ..trackers.registry import settings_class
from .fit_score import check_overrides, fit_score
from .run_classification import TRACKER as CLASSIFICATION


@dataclass(frozen=True)
class Part:
    """A subnetwork that is trained for itself.

    Attributes
    ----------
    tracker : str
        What its checkpoint says it belongs to.
    writer : str
        What writes such a checkpoint.
    others : mapping
        What the subnetwork's arguments have besides its own, by the trackers whose checkpoint
        serves as well.
    """

    tracker: str
    writer: str
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Whole:
    """A tracker of two subnetworks.

    Attributes
    ----------
    name : str
        The tracker's.
    parts : mapping
        Its subnetworks, by their names in its network.
    settings : mapping
        What its weights bring, whatever else is chosen for them.
    """

    name: str
    parts: Mapping[str, Part]
    settings: Mapping[str, Scalar] = field(default_factory=dict)


def _trained(name: str, **others: Mapping[str, Any]) -> Part:
    return Part(name, f'`siam-tracker train {name}`', others)


CSN = Whole(
    'csn',
    {
        'matching': _trained('csn-matching', siamfc={'backbone': 'siamfc_alexnet'}),
        'classification': Part(CLASSIFICATION, '`scripts/train_csn_classification.py`'),
    },
    LIGHT.changes(),
)

SASIAM = Whole(
    'sasiam', {'appearance': _trained('siamfc'), 'semantic': _trained('sasiam-semantic')}
)


def join(
    whole: Whole,
    files: Mapping[str, Path | str],
    path: Path | str,
    sequences: Iterable[Sequence],
    overrides: Mapping[str, Any] | None = None,
    device: str = 'auto',
    command: str = '',
    easy: Iterable[Sequence] = (),
) -> Path:
    """Join two checkpoints, and fit score and thresholds of what comes out.

    Parameters
    ----------
    whole : Whole
        What they become.
    files : mapping
        Checkpoints of its parts by their names; ``auto`` for weights that ship.
    path : Path
        Where to write.
    sequences : iterable of Sequence
        What to fit on: see `calibrate_on_tracks`.
    overrides : mapping, optional
        Settings that belong to the weights, besides those of `whole`.
    device : str
        See `runtime.resolve_device`.
    command : str
        What was typed, for the model card.
    easy : iterable of Sequence
        Real sequences that a target should not be lost in: see `calibrate_on_tracks`.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    UserError
        A file is no checkpoint, or that of another network; a setting that is unknown, or that
        the fit decides; nothing can be fitted on the sequences; `path` cannot be written.
    """
    path = checkpoints.prepare(path)
    parts = {name: _load(files[name], part) for name, part in whole.parts.items()}
    checkpoint = joined(whole, parts, overrides or {})
    return checkpoints.save(path, fit_score(checkpoint, sequences, easy, device, command))


def joined(
    whole: Whole,
    parts: Mapping[str, checkpoints.Checkpoint],
    overrides: Mapping[str, Any],
) -> checkpoints.Checkpoint:
    """Join two checkpoints; score and thresholds are the table's.

    Raises
    ------
    UserError
        A setting is unknown, refused, or one that the fit decides.
    """
    check_overrides(overrides)
    settings = {**whole.settings, **overrides}
    settings_class(whole.name).from_dict(settings)
    return checkpoints.Checkpoint(
        {
            f'{name}.{tensor}': value
            for name, part in parts.items()
            for tensor, value in part.tensors.items()
        },
        checkpoints.Meta(
            whole.name,
            {
                name: {**whole.parts[name].others.get(part.meta.tracker, {}), **part.meta.network}
                for name, part in parts.items()
            },
            settings,
            _card({name: part.meta.training for name, part in parts.items()}),
        ),
    )


def _load(file: Path | str, part: Part) -> checkpoints.Checkpoint:
    known = [part.tracker, *part.others]
    shipped = {entry.tracker for entry in checkpoints.entries()}
    # Who is first where none ships says so.
    owner = next((name for name in known if name in shipped), part.tracker)
    checkpoint = checkpoints.load(checkpoints.resolve(owner, str(file)))
    if checkpoint.meta.tracker not in known:
        expected = ' or '.join(map(repr, known))
        raise UserError(
            f'weights {file} belong to {checkpoint.meta.tracker!r}, expected {expected}: '
            f'give a file that {part.writer} wrote'
        )
    return checkpoint


def _listed(data: Any) -> Any:
    """Data of a card: folders, or a text about them in the card of weights that ship."""
    return [data] if isinstance(data, str) else data


def _card(cards: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What both model cards say: together where it names files or terms, else each for itself."""
    data = [str(d) for card in cards.values() for d in _listed(card.get('data', []))]
    commands = [str(card.get('command', '')) for card in cards.values()]
    licences = [str(card.get('licence', 'not stated')) for card in cards.values()]
    together = ('data', 'command', 'licence', 'init')
    return {
        'command': '\n'.join(c for c in commands if c),
        'data': list(dict.fromkeys(data)),
        'licence': '; '.join(dict.fromkeys(licences)),
        **{
            name: {key: value for key, value in card.items() if key not in together}
            for name, card in cards.items()
        },
    }
