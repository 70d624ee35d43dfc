# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole training run: folders in, checkpoint out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
import time
from typing import Any

import torch
from torch import Tensor, nn

from .. import weights as checkpoints
from ..errors import UserError
from ..sequences import GROUND_TRUTH
from ..settings import Settings
from ..trackers.base import Tracker
from ..trackers.match_settings import CropSettings
from .beginning import (
    check_beginning,
    choose_follower,
    give_comparing_heads,
    initial_network,
    load_teacher,
)
from .curves import draw_curves, figure_class
from .engine import make_fabric
from .fit import Fit, FitSettings
from .initial import fill_backbone
from .mining import MiningSettings, mine
from .pair_material import PairMaterial
from .pairs import Pairs
from .recipes import RECIPES
from .resuming import BACKBONE, HEADS, INIT, METRICS, NETWORK, checksum
from .run_settings import AUTO, COMPARING, NO_INIT, NONE, RunSettings
from .sources import Shot, discover, split

# Fewer shots than this say more about themselves than about the world: the score's fit is then
# that of the weights that training began from.
MIN_HELD_OUT = 32
CALIBRATION_PAIRS = 1024


def train(
    name: str,
    data: Sequence[Path | str],
    folder: Path | str,
    init: str,
    fit: FitSettings,
    scenes: Settings,
    mining: MiningSettings,
    run: RunSettings,
    command: str,
) -> Path:
    """Train a network, or adapt it to a camera.

    Parameters
    ----------
    name : str
        One of `RECIPES`.
    data : sequence of Path
        Folders of still images, videos and labelled sequences.
    folder : Path
        Receives everything; an unfinished run in it is resumed.
    init : str
        ``auto`` to begin from the shipped weights, ``none`` to begin anew, or the path of a
        checkpoint.
    fit, scenes, mining, run : Settings
    command : str
        What was typed, for the model card.

    Returns
    -------
    Path
        The checkpoint, ``NAME.safetensors`` in `folder`.

    Raises
    ------
    UserError
        Folders without data, wrong weights, a missing package or device, a batch that the devices
        cannot share evenly.
    """
    folder, recipe = Path(folder), RECIPES[name]
    check_beginning(name, recipe, init, run, fit)
    found = discover(data)
    if run.teacher != NONE and not recipe.teachable:
        raise UserError(
            f'teacher is {run.teacher}: {name} has no response maps that one could show, or '
            'learns them from clips; leave out --teacher'
        )
    nobody = recipe.teachable and run.follower == AUTO and run.teacher == NONE
    if found.videos and init == NO_INIT and nobody:
        raise UserError(
            f'{found.videos[0]} is a video without boxes, which only a trained tracker can '
            'follow: give --init auto or a checkpoint, a --teacher or a --follower, or train on '
            'images first '
            f'(--init {NO_INIT})'
        )
    devices = run.devices * run.nodes
    if fit.batch % devices:
        raise UserError(
            f'batch is {fit.batch}: expected a multiple of the {devices} devices that share it'
        )
    # Wanted at the end only: what is missing is told before hours of work.
    figure_class()
    fabric = make_fabric(run)
    fabric.seed_everything(fit.seed, verbose=False)
    network, described = initial_network(name, recipe, init, run.network, found.shots)
    if run.backbone != NONE:
        fill_backbone(network.backbone, run.backbone)
    # By what is in the files: a word may be written in several ways, and the file may change.
    begun_from = {
        INIT: init if init == NO_INIT else checksum(network),
        BACKBONE: NONE if run.backbone == NONE else checksum(network.backbone),
        NETWORK: run.network,
        HEADS: run.heads,
    }
    teacher = load_teacher(run.teacher)
    begun = (network, described) if recipe.teachable else None
    objective = recipe.objective(
        network, fit, teacher[0] if teacher else None, described.settings
    )
    objective.check(scenes)
    crops = CropSettings().widened(objective.rim)
    material = recipe.material(
        fit.replaced(search_size=fit.search_size + 2 * objective.rim),
        scenes,
        float(described.settings.get('context', crops.context)),
        crops.exemplar_size,
        fabric.device,
    )
    if found.videos and material.stills_only:
        raise UserError(
            f'{found.videos[0]} is a video: {recipe.summary} learns from labelled stills only; '
            'give their folder alone'
        )
    follower = choose_follower(run.follower, teacher or begun, fabric.device)
    shots = found.shots + _mined(
        found.videos, folder / 'mined', follower, mining, fit.seed, fabric
    )
    shown, held_out = split(material.usable(shots), fit.held_out, fit.seed)
    if len(shown) < material.fewest:
        raise UserError(
            f'only {len(shown)} images or sequences to train on{_videos_gave(found.videos)}: '
            f'expected at least {material.fewest}, because each gives the others their '
            'backgrounds; add data'
        )
    if run.heads == COMPARING:
        assert isinstance(material, PairMaterial), 'proposals are learned from pairs'
        give_comparing_heads(network, material, shown, fit.seed)
    job = Fit(
        objective,
        material,
        shown,
        held_out,
        fit,
        folder,
        fabric,
        run.workers,
        begun_from,
    )
    job.resume()
    started, first = time.monotonic(), job.step
    trained = job.run()
    path = folder / f'{name}.safetensors'
    if fabric.is_global_zero:
        settings = {**crops.changes(), **described.settings}
        if recipe.calibrate is not None and len(held_out) >= MIN_HELD_OUT:
            pairs = material.draw(held_out, fit.seed + 2)
            assert isinstance(pairs, Pairs), 'a score is fitted on pairs'
            settings.update(recipe.calibrate(trained, pairs, CALIBRATION_PAIRS, fit.seed))
        card = {
            'command': command,
            'data': [str(d) for d in data],
            'shots': len(shown),
            'licence': run.licence,
            'init': init,
            'backbone': run.backbone,
            'network': run.network,
            'heads': run.heads,
            # The command has the file, if it was one.
            'teacher': teacher[1].tracker if teacher else NONE,
            'fit': fit.to_dict(),
            'scenes': scenes.to_dict(),
            'steps_of_last_session': job.step - first,
            'minutes_of_last_session': round((time.monotonic() - started) / 60, 1),
            'finished': datetime.now(timezone.utc).strftime('%Y-%m-%d'),
            'torch': torch.__version__,
        }
        meta = checkpoints.Meta(name, described.network, settings, card)
        checkpoints.save(path, checkpoints.Checkpoint(halved(trained), meta))
        draw_curves(folder / METRICS, folder / 'curves.png')
    fabric.barrier()
    return path


def _videos_gave(videos: Sequence[Path]) -> str:
    return ' (nothing else in the videos could be followed there and back)' if videos else ''


def halved(network: nn.Module) -> dict[str, Tensor]:
    """Tensors with the kernels in half precision, which moves no box by a visible amount."""
    return {
        name: tensor.half() if tensor.is_floating_point() and tensor.dim() > 1 else tensor
        for name, tensor in network.state_dict().items()
    }


def _mined(
    videos: Sequence[Path],
    folder: Path,
    follower: Callable[[], Tracker],
    mining: MiningSettings,
    seed: int,
    fabric: Any,
) -> list[Shot]:
    """Sequences that somebody can follow in the videos."""
    if not videos:
        return []
    if fabric.is_global_zero:
        mine(videos, folder, follower(), mining, seed)
    fabric.barrier()
    if not any(folder.glob(f'*/{GROUND_TRUTH}')):
        return []
    # Objects of one stretch of a video are in each other's images.
    return [
        replace(shot, scene=shot.kind.rpartition('-')[0]) for shot in discover([folder]).shots
    ]
