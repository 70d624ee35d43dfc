# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What ablations that train share: networks that differ in one part, each trained once."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import add_evaluation, cell, finite

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.settings import Settings
from siam_tracker_ros.training.fit import FitSettings
from siam_tracker_ros.training.mining import MiningSettings
from siam_tracker_ros.training.run import train
from siam_tracker_ros.training.run_settings import NO_INIT, RunSettings
from siam_tracker_ros.training.sources import discover

# Columns: key in the file, head of the table, digits.
FIGURES = (('auc', 'AUC', 3), ('precision', 'P20', 3), ('fps', 'fps', 0))


class Network(NamedTuple):
    """What is trained: a name of `RECIPES`, and one of the words for its networks."""

    tracker: str
    word: str

    @property
    def label(self) -> str:
        return f'{self.tracker} {self.word}'


class Lessons(NamedTuple):
    """What all networks of a table learn from, and how; their tracker's settings tables."""

    images: Sequence[Path]
    backbone: str
    learning: FitSettings
    scenes: Settings


def add_training(parser: argparse.ArgumentParser, steps: int) -> None:
    """Options of scripts that train networks, and have them follow targets."""
    parser.add_argument(
        'images', nargs='+', type=Path, metavar='IMAGES',
        help='folders of stills and of labelled sequences to learn from',
    )  # fmt: skip
    parser.add_argument(
        '--sequences', required=True, type=Path, metavar='FOLDER', help='to follow targets in'
    )
    parser.add_argument(
        '--out', required=True, type=Path, metavar='DIR', help='receives networks and traces'
    )
    parser.add_argument(
        '--steps', type=int, default=steps, metavar='N', help='of each network (%(default)s)'
    )
    parser.add_argument(
        '--batch', type=int, default=16, metavar='N', help='pairs of a step (%(default)s)'
    )
    add_evaluation(parser, 'the traces of an earlier run, but not its networks')


def origin(results: Results, args: argparse.Namespace) -> dict[str, Any]:
    """All that the figures of a table depend on; `args` of `add_training`."""
    return {
        'run': {
            **{key: value for key, value in results.facts.items() if key != 'repeat'},
            'steps': str(args.steps),
            'batch': str(args.batch),
        },
        'dataset': results.dataset,
        'sequences': {s.name: len(s.images) for s in results.sequences},
    }


def figures(results: Results, label: str) -> dict[str, float | None]:
    """What `FIGURES` names of a tracker."""
    [section] = results.sections
    success = section.summaries[label]['success'].overall
    return finite(
        {
            'auc': success['auc'],
            'precision': success['precision'],
            'fps': results.costs[label]['fps'],
        }
    )


def figure_cells(row: Mapping[str, Any]) -> list[str]:
    """The same as text."""
    return [cell(row[key], digits) for key, _, digits in FIGURES]


def refuse_videos(images: Sequence[Path]) -> None:
    """Refuse what each network would have to be given boxes for anew."""
    videos = discover(images).videos
    if videos:
        raise UserError(
            f'{videos[0]} is a video without boxes: give stills and labelled sequences, such as '
            'the folder `mined` of an earlier training'
        )


def trained(network: Network, lessons: Lessons, out: Path, command: str) -> Path:
    """The checkpoint of a network; one that is finished is not made again.

    Parameters
    ----------
    network : Network
    lessons : Lessons
    out : Path
        Has a folder for each network.
    command : str
        For the model card.
    """
    folder = out / 'networks' / f'{network.tracker}-{network.word}'
    path = folder / f'{network.tracker}.safetensors'
    if path.is_file() and is_trained(path, network, lessons):
        return path
    print(f'{network.label}: trained in {folder}')
    run = RunSettings(backbone=lessons.backbone, network=network.word)
    # What is there of other settings or data is refused.
    return train(
        network.tracker, lessons.images, folder, NO_INIT, lessons.learning, lessons.scenes,
        MiningSettings(), run, command,
    )  # fmt: skip


def is_trained(path: Path, network: Network, lessons: Lessons) -> bool:
    """Whether a checkpoint is what a training would make: another one would have other traces."""
    card = weights.load(path).meta.training
    wanted = {
        'data': [str(folder) for folder in lessons.images],
        'network': network.word,
        'backbone': lessons.backbone,
        'fit': lessons.learning.to_dict(),
        'scenes': lessons.scenes.to_dict(),
    }
    return all(card.get(name) == value for name, value in wanted.items())
