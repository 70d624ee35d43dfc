# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint in, the same with a score that was fitted on labelled sequences out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone

import torch

from ..errors import UserError
from ..sequences import Sequence
from ..trackers.assembly import assemble
from ..weights import Checkpoint
from .calibrate_tracks import calibrate_on_tracks

FITTED = (
    'confidence_bias',
    'confidence_peak',
    'confidence_sharpness',
    'confidence_drop',
    'confidence_margin',
    'certain_score',
    'lost_score',
    'found_score',
)
"""Settings that the fit decides; a tracker without a classifier has no margin."""


def check_overrides(overrides: Mapping[str, object]) -> None:
    """Refuse settings that the fit would overwrite.

    Raises
    ------
    UserError
        One of them is in `FITTED`.
    """
    decided = [name for name in overrides if name in FITTED]
    if decided:
        raise UserError(
            f'{decided[0]} is fitted on the sequences: leave it out, or change it where the '
            'tracker is used'
        )


def fit_score(
    checkpoint: Checkpoint,
    sequences: Iterable[Sequence],
    easy: Iterable[Sequence] = (),
    device: str = 'auto',
    command: str = '',
) -> Checkpoint:
    """Fit score and thresholds of a tracker's weights.

    Parameters
    ----------
    checkpoint : Checkpoint
        With the settings that it will be used with; those in `FITTED` are not used.
    sequences, easy : iterable of Sequence
        See `calibrate_on_tracks`.
    device : str
        See `runtime.resolve_device`.
    command : str
        What was typed, for the model card.

    Raises
    ------
    UserError
        The weights are no tracker's; nothing can be fitted on the sequences.
    """
    counted, real = _Counted(sequences), _Counted(easy)
    fitted = calibrate_on_tracks(assemble(checkpoint, device), counted, real)
    before = checkpoint.meta.training
    card = {
        **before,
        'command': '\n'.join([*str(before.get('command', '')).splitlines(), command]),
        'fitted_sequences': counted.sequences,
        'fitted_frames': counted.frames,
        'easy_sequences': real.sequences,
        'easy_frames': real.frames,
        'finished': datetime.now(timezone.utc).strftime('%Y-%m-%d'),
        'torch': torch.__version__,
    }
    settings = {**checkpoint.meta.settings, **fitted}
    return Checkpoint(
        checkpoint.tensors, replace(checkpoint.meta, settings=settings, training=card)
    )


class _Counted:
    """Passes sequences on, and counts them for the model card."""

    def __init__(self, sequences: Iterable[Sequence]) -> None:
        self._all = sequences
        self.sequences = self.frames = 0

    def __iter__(self) -> Iterator[Sequence]:
        for sequence in self._all:
            self.sequences += 1
            self.frames += len(sequence.images)
            yield sequence
