# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole training run of the classification subnetwork: folders in, checkpoint out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import torch

from .. import weights as checkpoints
from ..errors import UserError
from ..models.classification import ClassificationNetwork
from ..runtime import resolve_device
from .domains import DomainSettings
from .fit_classification import ClassificationFit, ClassificationFitSettings
from .run import halved
from .sources import Shot, discover, split

TRACKER = 'csn-classification'

# What one CPU core can score a dozen candidates with at camera rate; VGG-M's are (96, 256, 512)
# and 512, five times slower.
LIGHT_WIDTHS = (32, 96, 192)
LIGHT_HIDDEN = 256


def train_classification(
    data: Sequence[Path | str],
    folder: Path | str,
    fit: ClassificationFitSettings,
    domains: DomainSettings,
    device: str = 'auto',
    licence: str = 'not stated',
    command: str = '',
) -> Path:
    """Train the shared layers of the classification subnetwork, from scratch.

    Parameters
    ----------
    data : sequence of Path
        Folders of still images and labelled sequences; those mined from videos are such, too.
    folder : Path
        Receives everything; an unfinished run in it is resumed.
    fit, domains : Settings
    device : str
        See `runtime.resolve_device`.
    licence : str
        Of the weights, and terms of the data, for the model card.
    command : str
        What was typed, likewise.

    Returns
    -------
    Path
        The checkpoint, ``csn-classification.safetensors`` in `folder`.

    Raises
    ------
    UserError
        Folders without data, a missing package or device, an unfinished run of other settings.
    """
    folder = Path(folder)
    found = discover(data)
    if found.videos:
        raise UserError(
            f'{found.videos[0]} is a video without boxes: give the sequences that '
            '`siam-tracker train siamfc` mined from it, or leave it out'
        )
    torch.manual_seed(fit.seed)
    network = ClassificationNetwork(LIGHT_WIDTHS, LIGHT_HIDDEN)
    job = ClassificationFit(
        network,
        learned_and_held_out(found.shots, fit)[0],
        fit,
        domains,
        folder,
        resolve_device(device),
    )
    job.resume()
    trained = job.run()
    card = {
        'command': command,
        'data': [str(d) for d in data],
        'domains': len(job.domains),
        'licence': licence,
        'fit': fit.to_dict(),
        'domain_settings': domains.to_dict(),
        'finished': datetime.now(timezone.utc).strftime('%Y-%m-%d'),
        'torch': torch.__version__,
    }
    shape = {'widths': list(LIGHT_WIDTHS), 'hidden': LIGHT_HIDDEN}
    meta = checkpoints.Meta(TRACKER, shape, {}, card)
    return checkpoints.save(
        folder / f'{TRACKER}.safetensors', checkpoints.Checkpoint(halved(trained), meta)
    )


def learned_and_held_out(
    shots: Sequence[Shot], fit: ClassificationFitSettings
) -> tuple[list[Shot], list[Shot]]:
    """Shots that become domains, and those that are only measured on."""
    train, held_out = split(shots, fit.held_out, fit.seed)
    # The split keeps the order of the folders: evenly spread, so that all of them are in it.
    count = min(len(train), fit.domains)
    return [train[i * len(train) // count] for i in range(count)], held_out
