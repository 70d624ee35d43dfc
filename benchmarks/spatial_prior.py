#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a padded network learns about places: Fig. 1 of SiamRPN++, with a small ResNet.

``benchmarks/spatial_prior.py FOLDER --out DIR``: three networks learn from the stills in a folder,
with targets that are shifted by up to 0, 16 and 32 pixels. Then all see the same crops of held-out
stills, in which targets are anywhere, and the mean of each one's heat maps is drawn. A network
that expects targets in the middle has a bright middle and a dark border. What is printed are means
over rings of cells, kept as JSON, which the page on training shows (``scripts/update_docs.py``). A
run that is killed goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
import sys
from typing import Any

from common import (
    RESULTS,
    ROOT,
    add_table,
    cell,
    described,
    guarded,
    keep_table,
    picture_file,
    print_rows,
)
import numpy as np
import torch
from torch import Tensor

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.machine import describe_machine, now
from siam_tracker_ros.images import silence_opencv
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.training.curves import figure_class
from siam_tracker_ros.training.engine import make_fabric
from siam_tracker_ros.training.fit import Fit
from siam_tracker_ros.training.pair_material import PairMaterial
from siam_tracker_ros.training.pairs import Pairs
from siam_tracker_ros.training.proposal_objective import ProposalObjective
from siam_tracker_ros.training.proposal_settings import ProposalSettings
from siam_tracker_ros.training.run_settings import RunSettings
from siam_tracker_ros.training.scenes import Batch, SceneMaker
from siam_tracker_ros.training.sources import Shot, discover, split
from siam_tracker_ros.training.spatial_prior import rings, spatial_prior
from siam_tracker_ros.training.spatial_sampling import SpatialScenes

TABLE = RESULTS / 'spatial_prior.json'
PLOT = ROOT / 'docs' / 'images' / 'spatial_prior.svg'

SHIFTS = (0.0, 16.0, 32.0)
"""Largest shifts in pixels, those of the figure."""

# An eighth of a ResNet-18's width, and its last level: some minutes for all three on a core.
NETWORK: Mapping[str, Any] = {
    'backbone': 'dilated_resnet',
    'arguments': {'depth': 18, 'levels': [4], 'width': 8},
    'channels': [32],
}
EXEMPLAR, CONTEXT = 127, 0.5
# Its map of 17 x 17 cells reaches as far as the targets of the test crops.
SEARCH, REACH = 191, 64.0
HELD_OUT, FEWEST = 0.2, 10
BATCH = 8


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    silence_opencv()
    keep_large_buffers()
    picture_file(args.plot)
    prepare_output_file(args.table, 'table')
    priors, crops = measure(args)
    table = {
        'run': {
            'date': now(), **describe_machine(), 'steps': str(args.steps), 'crops': str(crops),
        },
        'distances': distances(len(next(iter(priors.values())))),
        'priors': {f'{shift:g}': rings(prior) for shift, prior in priors.items()},
    }  # fmt: skip
    draw(priors, args.plot)
    rows = [
        [f'shift {shift} px', *(cell(mean, 2) for mean in means)]
        for shift, means in table['priors'].items()
    ]
    print_rows(['px from the middle', *(f'{d:g}' for d in table['distances'])], *rows)
    keep_table(args.table, table)
    return 0


def distances(cells: int) -> list[float]:
    """How far from the middle each ring of a map of so many cells is, pixels of the crop."""
    step = 2 * REACH / (cells - 1)
    return [step * (ring + (0 if cells % 2 else 0.5)) for ring in range((cells + 1) // 2)]


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument('folder', type=Path, help='stills, in it or below it')
    parser.add_argument('--out', type=Path, required=True, metavar='DIR')
    parser.add_argument('--steps', type=int, default=150, help='of each network (%(default)s)')
    parser.add_argument(
        '--crops',
        type=int,
        default=256,
        help=f'to test with, at least; they come in batches of {BATCH} (%(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--plot', type=Path, default=PLOT, metavar='FILE', help='receives the heat maps'
    )
    add_table(parser, TABLE)
    args = parser.parse_args(words)
    for name, least in (('crops', 1), ('seed', 0)):
        value = getattr(args, name)
        if value < least:
            parser.error(f'--{name} is {value}: expected a whole number of at least {least}')
    return args


def measure(args: argparse.Namespace) -> tuple[dict[float, Tensor], int]:
    """The prior of each network, (M, M), by its shift, and of how many crops.

    Raises
    ------
    UserError
        No such folder, too few stills in it, or a package is missing.
    """
    figure_class()
    shots = [shot for shot in discover([args.folder]).shots if len(shot.images) == 1]
    if len(shots) < FEWEST:
        raise UserError(f'{args.folder} has {len(shots)} stills: expected {FEWEST} or more')
    shown, held_out = split(shots, HELD_OUT, args.seed)
    crops = even_crops(held_out, args.crops, args.seed)
    priors = {shift: spatial_prior(learned(shift, shown, args), crops) for shift in SHIFTS}
    return priors, sum(len(batch.searches) for batch in crops)


def even_crops(shots: list[Shot], count: int, seed: int) -> list[Batch]:
    """Crops whose targets are spread evenly."""
    scenes = SpatialScenes(shift=REACH)
    maker = SceneMaker(scenes, EXEMPLAR, SEARCH, CONTEXT, torch.device('cpu'))
    pairs, rng = Pairs(shots, seed), np.random.default_rng(seed)
    batches = range(0, count, BATCH)
    return [maker.make([pairs[first + i] for i in range(BATCH)], rng) for first in batches]


def learned(shift: float, shots: list[Shot], args: argparse.Namespace) -> SiamRPN:
    """A network that was trained with targets shifted as far as this."""
    settings = ProposalSettings(
        steps=args.steps,
        batch=BATCH,
        optimiser='adamw',
        schedule='cosine',
        rate=0.002,
        warmup=0.1,
        decay=0.02,
        average=0.98,
        backbone_frozen=0.0,
        backbone_rate=1.0,
        absent=0.0,
        search_size=SEARCH,
        seed=args.seed,
    )
    torch.manual_seed(args.seed)
    scenes = SpatialScenes(shift=shift)
    job = Fit(
        ProposalObjective(SiamRPN(**NETWORK), settings),
        PairMaterial(settings, scenes, CONTEXT, EXEMPLAR, torch.device('cpu')),
        shots,
        [],
        settings,
        args.out / f'shift-{shift:g}',
        make_fabric(RunSettings(accelerator='cpu', precision='32-true')),
    )
    job.resume()
    trained = job.run()
    assert isinstance(trained, SiamRPN)
    return trained


def draw(priors: Mapping[float, Tensor], picture: Path) -> None:
    """Draw the priors beside each other, in one scale of brightness."""
    figure = figure_class()(figsize=(3.2 * len(priors), 3.4), layout='constrained')
    most = max(float(prior.max()) for prior in priors.values())
    for axes, (shift, prior) in zip(figure.subplots(1, len(priors)), priors.items()):
        # Its outer cells lie as far out as targets do, and are half a cell wider.
        side = REACH * len(prior) / (len(prior) - 1)
        extent = (-side, side, side, -side)
        image = axes.imshow(prior.numpy(), vmin=0.0, vmax=most, extent=extent)
        axes.set_title(f'shift {shift:g} px')
    figure.colorbar(image, ax=figure.axes)
    figure.savefig(str(picture), dpi=120)


if __name__ == '__main__':
    sys.exit(main())
