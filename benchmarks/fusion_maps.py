#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The learned fusion of a DSiamM: Fig. 4 of Guo et al. 2017.

``benchmarks/fusion_maps.py CHECKPOINT --out PICTURE``: draws the weights of each layer's responses
(Eq. 9), the deepest layer first, and prints their means from the middle to the rim.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

from common import described, guarded, picture_file
import torch
from torch import Tensor

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.dsiam import CELLS, DSiam
from siam_tracker_ros.trackers.registry import load_network
from siam_tracker_ros.training.curves import figure_class
from siam_tracker_ros.training.spatial_prior import rings


def main(words: list[str] | None = None) -> int:
    parser = described(__doc__)
    parser.add_argument('checkpoint', type=Path, help='of dsiam, in which two layers are matched')
    parser.add_argument('--out', type=Path, required=True, metavar='PICTURE')
    args = parser.parse_args(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    picture = picture_file(args.out)
    maps = fusion_maps(args.checkpoint)
    draw(maps, picture)
    for layer, weights in maps.items():
        means = ', '.join(f'{mean:.3f}' for mean in rings(weights))
        print(f'conv{layer}, from the middle to the rim: {means}')
    return 0


def fusion_maps(checkpoint: Path) -> dict[int, Tensor]:
    """Weights of the responses of each layer, (17, 17), by its number; the deepest first.

    Raises
    ------
    UserError
        The file is no checkpoint of dsiam, or only one layer is matched.
    """
    network, _ = load_network('dsiam', DSiam, str(checkpoint))
    if len(network.layers) == 1:
        raise UserError(
            f'weights {checkpoint} match one layer alone, whose weight is 1 everywhere: expected '
            'those of a DSiamM, as of `siam-tracker train dsiam --network multi`'
        )
    with torch.no_grad():
        maps = network.fusion(CELLS)
    return dict(reversed(list(zip(network.layers, maps))))


def draw(maps: dict[int, Tensor], picture: Path) -> None:
    """Draw the maps beside each other, each with a scale of its own: they sum to one."""
    figure = figure_class()(figsize=(3.8 * len(maps), 3.4), layout='constrained')
    for axes, (layer, weights) in zip(figure.subplots(1, len(maps)), maps.items()):
        image = axes.imshow(weights.numpy())
        axes.set_title(f'conv{layer}')
        axes.set_xlabel('cell')
        figure.colorbar(image, ax=axes)
    figure.savefig(str(picture), dpi=120)


if __name__ == '__main__':
    sys.exit(main())
