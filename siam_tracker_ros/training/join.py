# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two trained subnetworks in, the checkpoint of the cascaded Siamese tracker out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import weights as checkpoints
from ..errors import UserError
from ..online.classifier_settings import LIGHT
from ..sequences import Sequence
from ..trackers.csn import CSNSettings
from .fit_score import check_overrides, fit_score
from .run_classification import TRACKER as CLASSIFICATION

JOINED = 'csn'
MATCHING = 'csn-matching'

WRITERS = {
    MATCHING: f'`siam-tracker train {MATCHING}`',
    CLASSIFICATION: '`scripts/train_csn_classification.py`',
}


def join(
    matching: Path | str,
    classification: Path | str,
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
    matching, classification : Path
        Checkpoints of the two subnetworks.
    path : Path
        Where to write.
    sequences : iterable of Sequence
        What to fit on: see `calibrate_on_tracks`.
    overrides : mapping, optional
        Settings that belong to the weights, besides `LIGHT`.
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
    checkpoint = joined(
        _load(matching, MATCHING), _load(classification, CLASSIFICATION), overrides or {}
    )
    return checkpoints.save(path, fit_score(checkpoint, sequences, easy, device, command))


def joined(
    matching: checkpoints.Checkpoint,
    classification: checkpoints.Checkpoint,
    overrides: Mapping[str, Any],
) -> checkpoints.Checkpoint:
    """Join two checkpoints; score and thresholds are the table's.

    Raises
    ------
    UserError
        A setting is unknown, refused, or one that the fit decides.
    """
    check_overrides(overrides)
    parts = {'matching': matching, 'classification': classification}
    settings = {**LIGHT.changes(), **overrides}
    CSNSettings.from_dict(settings)
    return checkpoints.Checkpoint(
        {
            f'{name}.{tensor}': value
            for name, part in parts.items()
            for tensor, value in part.tensors.items()
        },
        checkpoints.Meta(
            JOINED,
            {name: dict(part.meta.network) for name, part in parts.items()},
            settings,
            _card({name: part.meta.training for name, part in parts.items()}),
        ),
    )


def _load(path: Path | str, tracker: str) -> checkpoints.Checkpoint:
    checkpoint = checkpoints.load(path)
    if checkpoint.meta.tracker != tracker:
        raise UserError(
            f'weights {path} belong to {checkpoint.meta.tracker!r}, expected {tracker!r}: give '
            f'a file that {WRITERS[tracker]} wrote'
        )
    return checkpoint


def _card(cards: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What both model cards say: together where it names files or terms, else each for itself."""
    data = [str(d) for card in cards.values() for d in card.get('data', [])]
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
