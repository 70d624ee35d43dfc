# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole training run: folders in, checkpoint out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import copy
from dataclasses import dataclass, replace
from datetime import datetime, timezone
import os
from pathlib import Path
import time
from typing import Any

import torch
from torch import Tensor, nn

from .. import weights as checkpoints
from ..errors import UserError
from ..models.siamese import Siamese
from ..runtime import computes_bfloat16, resolve_device
from ..sequences import GROUND_TRUTH
from ..settings import Settings, setting
from ..trackers.base import Tracker
from ..trackers.registry import DEFAULT, create, load_network, names
from ..trackers.siamfc import SiamFCSettings, SiamFCTracker
from .curves import draw_curves, figure_class
from .fit import Fit, FitSettings
from .initial import extend, fill_backbone
from .joint_objective import JointSettings
from .mining import MiningSettings, mine
from .pairs import Pairs
from .proposal_settings import ProposalSettings
from .recipe import LIGHT, Recipe
from .recipes import RECIPES
from .resuming import BACKBONE, INIT, METRICS, NETWORK, checksum
from .sources import Shot, discover, split

NO_INIT = NONE = 'none'
AUTO = 'auto'

# Fewer shots than this say more about themselves than about the world: the score's fit is then
# that of the weights that training began from.
MIN_HELD_OUT = 32
CALIBRATION_PAIRS = 1024


def _words(kind: str) -> str:
    """Words for networks of one kind, an attribute of `Recipe`, and whose they are."""
    whose = {name: getattr(recipe, kind) for name, recipe in RECIPES.items()}
    return '; '.join(f'{name}: {", ".join(words)}' for name, words in whose.items() if words)


@dataclass(frozen=True)
class RunSettings(Settings):
    """Where a run happens and what its checkpoint says about itself."""

    precision: str = setting(
        'auto',
        'number format; auto is bf16-mixed where the device has instructions for it, else 32-true',
        choices=('auto', '32-true', 'bf16-mixed', '16-mixed'),
    )
    accelerator: str = setting('auto', 'device kind', choices=('auto', 'cpu', 'cuda'))
    devices: int = setting(1, 'devices on this machine', low=1, high=1024)
    nodes: int = setting(1, 'machines, each started by torchrun', low=1, high=1024)
    workers: int = setting(
        0, 'processes that decode images; 0 decodes in the main one', low=0, high=256
    )
    teacher: str = setting(
        NONE,
        'whose response maps are learned, too: a tracker, for its shipped weights, a checkpoint, '
        f'or {NONE}',
        source='own; distillation of Hinton et al. 2015',
    )
    backbone: str = setting(
        NONE,
        'whose backbone a network begins with, where all else begins anew: a tracker, for its '
        f'shipped weights, a checkpoint, a .pth file of torchvision, or {NONE}',
    )
    network: str = setting(
        LIGHT,
        f'which network begins anew, with --init {NO_INIT}: {LIGHT}; one with the layers of a '
        f'classifier of torchvision, or of csn ({_words("others")}); or {LIGHT} but for one part, '
        f'to measure what that is worth ({_words("variants")}); or what any network that training '
        f'begins from becomes, with further layers ({_words("extensions")})',
        choices=tuple(dict.fromkeys(word for r in RECIPES.values() for word in r.networks)),
    )
    follower: str = setting(
        AUTO,
        'who follows objects in videos: a tracker whose weights ship, or '
        f'{AUTO}: the teacher, or else what training begins from, or {DEFAULT} where that makes '
        'no response maps',
    )
    licence: str = setting(
        'not stated', 'licence of the weights and terms of the data, for the model card'
    )


# What tells a process which machine of several it is on: torchrun, SLURM, or by hand.
RENDEZVOUS = ('WORLD_SIZE', 'SLURM_JOB_ID', 'NODE_RANK')


def make_fabric(run: RunSettings) -> Any:
    """Start the engine.

    Raises
    ------
    UserError
        Lightning Fabric is not installed, the accelerator is not here, or several machines cannot
        find each other.
    """
    if run.nodes > 1 and not any(name in os.environ for name in RENDEZVOUS):
        raise UserError(
            f'nodes is {run.nodes}: start the command with torchrun on each machine, so that they '
            'find each other, or leave out --nodes'
        )
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
            precision=_precision(run),  # type: ignore[arg-type]  # its choices check it
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f'cannot train on accelerator {run.accelerator} with {run.devices} device(s): {error}'
        ) from error
    return fabric


def _precision(run: RunSettings) -> str:
    """The number format in the engine's words."""
    if run.precision != 'auto':
        return run.precision
    return 'bf16-mixed' if computes_bfloat16(resolve_device(run.accelerator)) else '32-true'


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
    _check_beginning(name, recipe, init, run, fit)
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
    network, described = _initial(name, recipe, init, run.network, found.shots)
    if run.backbone != NONE:
        fill_backbone(network.backbone, run.backbone)
    # By what is in the files: a word may be written in several ways, and the file may change.
    begun_from = {
        INIT: init if init == NO_INIT else checksum(network),
        BACKBONE: NONE if run.backbone == NONE else checksum(network.backbone),
        NETWORK: run.network,
    }
    teacher = _teacher(run.teacher)
    begun = (network, described) if recipe.teachable else None
    tracker = SiamFCSettings()
    objective = recipe.objective(
        network, fit, teacher[0] if teacher else None, described.settings
    )
    objective.check(scenes, tracker.exemplar_size)
    material = recipe.material(
        fit, scenes, tracker.context, tracker.exemplar_size, fabric.device
    )
    if found.videos and material.stills_only:
        raise UserError(
            f'{found.videos[0]} is a video: {recipe.summary} learns from labelled stills only; '
            'give their folder alone'
        )
    follower = _follower(run.follower, teacher or begun, fabric.device)
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
        settings = dict(described.settings)
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


def _check_beginning(
    name: str, recipe: Recipe, init: str, run: RunSettings, fit: FitSettings
) -> None:
    """Refuse words about the weights and the network that cannot be meant together."""
    recipe.arguments(run.network)
    for option, word, nothing in (
        ('backbone', run.backbone, NONE),
        ('network', run.network, LIGHT),
    ):
        extends = option == 'network' and word in recipe.extensions
        if word != nothing and init != NO_INIT and not extends:
            raise UserError(
                f'{option} is {word}, and init is {init}, which has a {option}: leave out one of '
                f'them, or give --init {NO_INIT}'
            )
    if recipe.frozen and init == NO_INIT and run.backbone == NONE:
        raise UserError(
            f'the backbone of {recipe.summary} does not learn here, and begins anew: give a '
            '--backbone, such as the checkpoint of a classifier'
        )
    frozen = fit.frozen_layers if isinstance(fit, ProposalSettings) else 0
    if frozen and init == NO_INIT and run.backbone == NONE:
        raise UserError(
            f'frozen_layers is {frozen}, and the backbone begins anew: layers that know nothing '
            'would never learn; give a --backbone, such as siamfc, or --frozen-layers 0'
        )
    if isinstance(fit, JointSettings) and init == NO_INIT and run.backbone == NONE:
        raise UserError(
            f'init is {NO_INIT}, and {name} learns from what it can follow: give --init {AUTO}, '
            'the weights of siamfc or a --backbone, such as siamfc'
        )
    shipped = {entry.tracker for entry in checkpoints.entries()}
    if init == AUTO and name not in shipped:
        raise UserError(
            f'no weights of {name} ship, so training cannot begin with them: give '
            f'--init {NO_INIT}, or a checkpoint'
        )
    if run.follower != AUTO and run.follower not in shipped.intersection(names()):
        raise UserError(
            f'follower is {run.follower}: expected {AUTO}, or a tracker whose weights ship '
            f'({", ".join(n for n in names() if n in shipped)})'
        )


def _initial(
    name: str, recipe: Recipe, init: str, word: str, shots: Sequence[Shot]
) -> tuple[Any, checkpoints.Meta]:
    """The network to begin from, and what describes it."""
    told = recipe.told(shots)
    if init == NO_INIT:
        arguments = {**recipe.arguments(word), **told}
        return recipe.network(**arguments), checkpoints.Meta(name, arguments)
    network, checkpoint = load_network(name, recipe.network, init)
    for argument, value in told.items():
        if checkpoint.meta.network.get(argument) != value:
            raise UserError(
                f'weights {checkpoint.source} were trained with other {argument} than those of '
                f'the data: give the same ones, or --init {NO_INIT} to begin anew'
            )
    if word not in recipe.extensions:
        return network, checkpoint.meta
    arguments = {**checkpoint.meta.network, **recipe.extensions[word]}
    larger = recipe.network(**arguments)
    extend(larger, network)
    return larger, replace(checkpoint.meta, network=arguments)


def _teacher(word: str) -> tuple[Siamese, checkpoints.Meta] | None:
    """The network that a word names; all that make maps have stride 8, so their maps agree."""
    if word == NONE:
        return None
    known = [name for name, recipe in RECIPES.items() if recipe.teachable]
    name = word if word in known else checkpoints.load(Path(word).expanduser()).meta.tracker
    if name not in known:
        raise UserError(
            f'teacher {word} holds weights of {name}: expected those of one of {", ".join(known)}'
        )
    file = checkpoints.registry.AUTO if word in known else word
    teacher, checkpoint = load_network(name, RECIPES[name].network, file)
    assert isinstance(teacher, Siamese)
    return teacher, checkpoint.meta


def _follower(
    word: str, known: tuple[Siamese, checkpoints.Meta] | None, device: torch.device
) -> Callable[[], Tracker]:
    """What makes the tracker that follows objects in videos: `known` where nobody is named."""
    if word != AUTO or known is None:
        return lambda: create(DEFAULT if word == AUTO else word, device=str(device))
    network, described = known
    return lambda: SiamFCTracker(
        copy.deepcopy(network), SiamFCSettings.from_dict(described.settings), device
    )


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
