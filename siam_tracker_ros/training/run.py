# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole training run: folders in, checkpoint out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
import time
from typing import Any

import torch

from .. import weights as checkpoints
from ..errors import UserError
from ..models.siamfc import SiamFC
from ..settings import Settings, setting
from ..trackers.siamfc import SiamFCSettings
from .fit import Fit, FitSettings
from .scenes import SceneSettings
from .sources import discover, split

# A quarter of SiamFC's 2.3 M parameters: what two CPU cores can train in an hour and run at camera
# rate.
LIGHT_WIDTHS = (48, 128, 192, 192, 192)


@dataclass(frozen=True)
class RunSettings(Settings):
    """Where a run happens and what its checkpoint says about itself."""

    precision: str = setting(
        'bf16-mixed', 'number format', choices=('32-true', 'bf16-mixed', '16-mixed')
    )
    accelerator: str = setting('auto', 'device kind', choices=('auto', 'cpu', 'cuda'))
    devices: int = setting(1, 'devices on this machine', low=1, high=1024)
    nodes: int = setting(1, 'machines, each started by torchrun', low=1, high=1024)
    workers: int = setting(
        0, 'processes that decode images; 0 decodes in the main one', low=0, high=256
    )
    licence: str = setting(
        'not stated', 'licence of the weights and terms of the data, for the model card'
    )


def make_fabric(run: RunSettings) -> Any:
    """Start the engine.

    Raises
    ------
    UserError
        Lightning Fabric is not installed, or the accelerator is not here.
    """
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise UserError(
            f'training needs lightning-fabric ({error}): '
            'install it with `pip install siam-tracker-ros[train]`'
        ) from error
    try:
        fabric = Fabric(
            accelerator=run.accelerator,
            devices=run.devices,
            num_nodes=run.nodes,
            precision=run.precision,  # type: ignore[arg-type]  # its choices check it
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f'cannot train on accelerator {run.accelerator} with {run.devices} device(s): {error}'
        ) from error
    return fabric


def train_siamfc(
    data: Sequence[Path | str],
    folder: Path | str,
    init: str,
    fit: FitSettings,
    scenes: SceneSettings,
    run: RunSettings,
    command: str,
) -> Path:
    """Train SiamFC, or adapt it to a camera.

    Parameters
    ----------
    data : sequence of Path
        Folders of still images, videos and labelled sequences.
    folder : Path
        Receives everything; an unfinished run in it is resumed.
    init : str
        ``auto`` to begin from the shipped weights, ``none`` to begin anew, or the path of a
        checkpoint.
    fit, scenes, run : Settings
    command : str
        What was typed, for the model card.

    Returns
    -------
    Path
        The checkpoint, ``siamfc.safetensors`` in `folder`.

    Raises
    ------
    UserError
        Folders without data, wrong weights, a missing package or device.
    """
    folder = Path(folder)
    found = discover(data)
    fabric = make_fabric(run)
    fabric.seed_everything(fit.seed, verbose=False)
    tracker_settings = SiamFCSettings()
    network, description = _initial(init)
    train, held_out = split(found.shots, fit.held_out, fit.seed)
    if len(train) < 2:
        raise UserError(
            f'only {len(train)} shots to train on: expected at least 2 images or sequences, '
            'because each gives the others their backgrounds'
        )
    job = Fit(
        network,
        train,
        held_out,
        fit,
        scenes,
        tracker_settings.context,
        tracker_settings.exemplar_size,
        folder,
        fabric,
        run.workers,
    )
    job.resume()
    started, first = time.monotonic(), job.step
    trained = job.run()
    meta = checkpoints.Meta(
        tracker='siamfc',
        network=description,
        training={
            'command': command,
            'data': [str(d) for d in data],
            'shots': len(train),
            'licence': run.licence,
            'fit': fit.to_dict(),
            'scenes': scenes.to_dict(),
            'init': init,
            'steps_of_this_run': job.step - first,
            'minutes_of_this_run': round((time.monotonic() - started) / 60, 1),
            'finished': datetime.now(timezone.utc).strftime('%Y-%m-%d'),
            'torch': torch.__version__,
        },
    )
    path = folder / 'siamfc.safetensors'
    if fabric.is_global_zero:
        tensors = {
            k: v.half() if v.is_floating_point() and v.dim() > 1 else v
            for k, v in trained.state_dict().items()
        }
        checkpoints.save(path, checkpoints.Checkpoint(tensors, meta))
    return path


def _initial(init: str) -> tuple[SiamFC, dict[str, Any]]:
    """The network to begin from, and the arguments that build it."""
    if init == 'none':
        description: dict[str, Any] = {'widths': list(LIGHT_WIDTHS), 'groups': 2}
        return SiamFC(**description), description
    checkpoint = checkpoints.load(checkpoints.resolve('siamfc', init))
    if checkpoint.meta.tracker != 'siamfc':
        raise UserError(
            f'weights {checkpoint.source} belong to {checkpoint.meta.tracker!r}, expected siamfc'
        )
    network = SiamFC(**checkpoint.meta.network)
    checkpoint.fill(network)
    return network, dict(checkpoint.meta.network)
