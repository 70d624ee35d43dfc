#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the weights of SA-Siam's channels for some targets: Figure 4 of its paper.

``benchmarks/channel_weights.py SEQUENCE... --out FILE``: each sequence is a folder in GOT-10k's
layout, whose first target counts. The weights of each layer are drawn in descending order; what is
printed are their least, mean and largest.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

from common import cell, described, guarded, picture_file, print_rows
import torch
from torch import Tensor

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.images import read_image, silence_opencv
from siam_tracker_ros.sequences import read_sequence
from siam_tracker_ros.trackers.crops import exemplar_crop
from siam_tracker_ros.trackers.sasiam import SASiamTracker
from siam_tracker_ros.training.curves import figure_class

Weights = dict[str, dict[str, Tensor]]
"""Descending weights by the names of sequences and layers."""


def main(words: list[str] | None = None) -> int:
    parser = described(__doc__)
    parser.add_argument('sequences', nargs='+', type=Path, metavar='SEQUENCE')
    parser.add_argument('--out', required=True, type=Path, metavar='FILE', help='.svg or .png')
    parser.add_argument('--weights', default='auto', metavar='FILE', help='a checkpoint of sasiam')
    args = parser.parse_args(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    silence_opencv()
    out = picture_file(args.out)
    tracker = trackers.create('sasiam', args.weights, device='cpu')
    assert isinstance(tracker, SASiamTracker)
    if not tracker.network.semantic.attentions:
        raise UserError(
            f'weights {args.weights} have no attention, so all channels weigh alike: use others'
        )
    found = {folder.resolve().name: channel_weights(tracker, folder) for folder in args.sequences}
    draw(found, out)
    print_rows(
        ['sequence', 'layer', 'least', 'mean', 'largest'],
        *(
            [name, layer, *(cell(float(v), 3) for v in (w.min(), w.mean(), w.max()))]
            for name, layers in found.items()
            for layer, w in layers.items()
        ),
    )
    print(f'\nWritten: {out}')
    return 0


@torch.inference_mode()
def channel_weights(tracker: SASiamTracker, folder: Path) -> dict[str, Tensor]:
    """Weights of each layer's channels for the first target of a sequence, descending."""
    sequence = read_sequence(folder)
    box = sequence.box(0)
    assert box is not None  # A sequence begins with the first image that shows its target.
    branch = tracker.network.semantic
    frame = Frame.from_numpy(read_image(sequence.images[0]))
    around, _ = exemplar_crop(
        frame, box, tracker.settings, torch.float32, branch.surroundings
    )
    return {
        name: weights[0].sort(descending=True).values
        for name, weights in zip(branch.layer_names, branch.weights(around))
    }


def draw(found: Weights, path: Path) -> None:
    """Draw a row of curves for each sequence, a column for each layer."""
    layers = list(next(iter(found.values())))
    size = (3.2 * len(layers), 2.2 * len(found))
    figure = figure_class()(figsize=size, layout='constrained')
    axes = figure.subplots(len(found), len(layers), squeeze=False, sharey=True)
    for row, (name, weights) in zip(axes, found.items()):
        for place, layer in zip(row, layers):
            place.plot(weights[layer].numpy(), linewidth=1.5)
            place.axhline(1.0, color='grey', linewidth=0.5)
            place.set_ylim(0.45, 1.55)
            place.set_title(f'{name}, {layer}', fontsize=9)
            place.grid(alpha=0.3)
    for place in axes[-1]:
        place.set_xlabel('channels, by weight', fontsize=9)
    figure.savefig(str(path))


if __name__ == '__main__':
    sys.exit(main())
