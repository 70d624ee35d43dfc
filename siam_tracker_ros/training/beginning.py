# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run begins with: its own network, and those that teach it or follow objects for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .. import weights as checkpoints
from ..errors import UserError
from ..models.proposing import ProposalNetwork
from ..models.siamese import Siamese
from ..trackers.assembly import create
from ..trackers.base import Tracker
from ..trackers.registry import load_network, names
from ..trackers.siamfc import SiamFCSettings, SiamFCTracker
from .comparing import begin_comparing
from .fit import FitSettings
from .initial import extend
from .joint_objective import JointSettings
from .pair_material import PairMaterial
from .proposal_settings import ProposalSettings
from .recipe import LIGHT, Recipe
from .recipes import RECIPES
from .run_settings import AUTO, COMPARING, FOLLOWER, NO_INIT, NONE, RunSettings
from .sources import Shot

MEASURED_ON = 64
"""Pairs that `give_comparing_heads` draws."""


def check_beginning(
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
    rim = fit.crop_rim if isinstance(fit, ProposalSettings) else 0
    if rim and init != NO_INIT:
        raise UserError(
            f'crop_rim is {rim}, and init is {init}, whose crops have their own: leave out '
            f'--crop-rim, or give --init {NO_INIT}'
        )
    if run.heads == COMPARING and not isinstance(fit, ProposalSettings):
        raise UserError(
            f'heads are {COMPARING}: {recipe.summary} has no heads that propose boxes; leave out '
            '--heads'
        )
    if run.heads == COMPARING and (init != NO_INIT or run.backbone == NONE):
        raise UserError(
            f'heads are {COMPARING}, which is for networks that begin anew with features worth '
            f'comparing: give --init {NO_INIT} and a --backbone, such as siamfc'
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


def initial_network(
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


def give_comparing_heads(
    network: ProposalNetwork, material: PairMaterial, shots: Sequence[Shot], seed: int
) -> None:
    """Let the heads of a network begin as `begin_comparing` makes them, on pairs of shots."""
    pairs = material.draw(shots, seed)
    drawn = [pairs[number] for number in range(MEASURED_ON)]
    crops = material.make(drawn, np.random.default_rng(seed))
    device = next(network.parameters()).device
    begin_comparing(network, crops.exemplars.to(device), crops.searches.to(device))


def load_teacher(word: str) -> tuple[Siamese, checkpoints.Meta] | None:
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


def choose_follower(
    word: str, known: tuple[Siamese, checkpoints.Meta] | None, device: torch.device
) -> Callable[[], Tracker]:
    """What makes the tracker that follows objects in videos: `known` where nobody is named."""
    if word != AUTO or known is None:
        return lambda: create(FOLLOWER if word == AUTO else word, device=str(device))
    network, described = known
    return lambda: SiamFCTracker(
        copy.deepcopy(network), SiamFCSettings.from_dict(described.settings), device
    )
