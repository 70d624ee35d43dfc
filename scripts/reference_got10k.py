# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write what the GOT-10k toolkit says of made results: the tests compare our measures with it.

``scripts/reference_got10k.py [FILE]``, run in an environment of its own with
``pip install got10k==0.1.3 six``; neither the package nor its tests need the toolkit. The cases
are made from a fixed seed, and the toolkit's own evaluation is run on files in its own layout.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import json
import os
from pathlib import Path
import sys
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEFAULT = Path(__file__).resolve().parents[1] / 'test/evaluation/reference/got10k.json'
SEED = 20
SIZE = (320, 240)


def main() -> int:
    """Make the cases, evaluate them, write both."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('file', nargs='?', type=Path, default=DEFAULT)
    args = parser.parse_args()
    # Its plots must not look for a display.
    os.environ['MPLBACKEND'] = 'agg'
    try:
        import got10k.experiments  # noqa: F401
    except ImportError:
        print(
            'reference_got10k: the toolkit is not installed here: make an environment for it and '
            'run `pip install got10k==0.1.3 six` there',
            file=sys.stderr,
        )
        return 2
    sequences = make_sequences(np.random.default_rng(SEED))
    reference = {
        'toolkit': 'got10k 0.1.3',
        'seed': SEED,
        'size': SIZE,
        'pairs': compare_pairs(),
        'polygons': compare_polygons(),
        'sequences': sequences,
        'otb': evaluate_otb(sequences),
        'got10k': evaluate_got10k(sequences),
    }
    args.file.parent.mkdir(parents=True, exist_ok=True)
    args.file.write_text(json.dumps(reference) + '\n', encoding='ascii')
    print(args.file)
    return 0


def compare_pairs() -> dict[str, Any]:
    """Boxes made by hand, each with each, and random ones."""
    from got10k.utils.metrics import center_error, rect_iou

    made = np.array(
        [
            [0, 0, 10, 10], [5, 5, 10, 10], [2, 3, 4, 5], [10, 0, 10, 10], [-5, -5, 10, 10],
            [-40, 20, 30, 30], [310, 230, 40, 40], [350, 260, 10, 10], [-20, -20, 400, 300],
            [0.25, 0.5, 9.75, 0.125], [100, 100, 0, 20], [319, 239, 1, 1],
        ],
        np.float64,
    )  # fmt: skip
    random = np.random.default_rng(SEED + 1)
    drawn = np.hstack([random.uniform(-60, 330, (2, 60, 2)), random.uniform(0.5, 150, (2, 60, 2))])
    first, second = np.repeat(made, len(made), axis=0), np.tile(made, (len(made), 1))
    first = np.vstack([first, drawn[0].reshape(-1, 4)])
    second = np.vstack([second, drawn[1].reshape(-1, 4)])
    return {
        'first': first.tolist(),
        'second': second.tolist(),
        'overlaps': rect_iou(first, second).tolist(),
        # It changes what it is given.
        'bounded': rect_iou(first.copy(), second.copy(), bound=SIZE).tolist(),
        'centre_errors': center_error(first, second).tolist(),
    }


def compare_polygons() -> dict[str, Any]:
    """Turned boxes, each with an upright one: the toolkit takes no polygon that crosses itself."""
    from got10k.utils.metrics import poly_iou

    random = np.random.default_rng(SEED + 2)
    count = 60
    middle, size = random.uniform(-20, 330, (count, 1, 2)), random.uniform(20, 150, (count, 1, 2))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2 * size
    angle = random.uniform(0, np.pi, count)
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1)
    polygons = corners @ turn.reshape(count, 2, 2).transpose(0, 2, 1) + middle
    shift = random.normal(0, 30, (count, 2))
    boxes = np.hstack([middle[:, 0] + shift - size[:, 0] / 2, size[:, 0]])
    flat = polygons.reshape(count, 8)
    return {
        'polygons': polygons.tolist(),
        'boxes': boxes.tolist(),
        'overlaps': poly_iou(flat, boxes).tolist(),
        'bounded': poly_iou(flat, boxes, bound=SIZE).tolist(),
    }


def make_sequences(random: np.random.Generator) -> list[dict[str, Any]]:
    """Made results of all kinds, to a thousandth of a pixel as the toolkit stores them."""
    cases: list[tuple[str, int, Callable[[Array], Array]]] = [
        ('perfect', 20, lambda truth: truth),
        ('half', 12, lambda truth: truth * [1, 1, 1, 0.5]),
        ('close', 50, lambda truth: _jittered(truth, random, 3)),
        ('loose', 60, lambda truth: _jittered(truth, random, 25)),
        ('drifting', 40, lambda truth: truth + np.arange(len(truth))[:, None] * [2, 1, 0, 0]),
        ('outside', 30, lambda truth: truth - [200, 0, 0, 0]),
        ('frozen', 40, lambda truth: np.repeat(truth[:1], len(truth), axis=0)),
    ]
    sequences = []
    for name, count, answer in cases:
        truth = np.round(_path(random, count), 3)
        boxes = np.round(answer(truth), 3)
        cover = random.integers(1, 9, count)
        if name in ('close', 'drifting'):
            cover[count // 2 : count // 2 + 6] = 0
        runs = [boxes.tolist()]
        if name == 'loose':
            runs.append(np.round(_jittered(truth, random, 10), 3).tolist())
        sequences.append(
            {'name': name, 'truth': truth.tolist(), 'runs': runs, 'cover': cover.tolist()}
        )
    return sequences


def _path(random: np.random.Generator, count: int) -> Array:
    """A target that strolls, partly out of the image."""
    middle = random.uniform(30, 200, 2) + np.cumsum(random.normal(0, 6, (count, 2)), axis=0)
    growth = np.exp(np.cumsum(random.normal(0, 0.02, (count, 2)), axis=0))
    size = random.uniform(15, 80, 2) * growth
    return np.hstack([middle - size / 2, size])


def _jittered(truth: Array, random: np.random.Generator, pixels: float) -> Array:
    boxes = truth + random.normal(0, pixels, truth.shape)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1.0)
    return boxes


def evaluate_otb(sequences: list[dict[str, Any]]) -> dict[str, Any]:
    """By the rules for UAV123: those of OTB, without the frames that have no true box."""
    from got10k.experiments import ExperimentUAV123

    class Dataset:
        seq_names = tuple(sequence['name'] for sequence in sequences)

        def __len__(self) -> int:
            return len(sequences)

        def __getitem__(self, index: int) -> tuple[list[str], Array]:
            truth = np.array(sequences[index]['truth'])
            truth[np.array(sequences[index]['cover']) == 0] = np.nan
            return [], truth

    # Its constructor looks for the real data set.
    experiment = object.__new__(ExperimentUAV123)
    experiment.dataset = Dataset()
    experiment.nbins_iou, experiment.nbins_ce = 21, 51
    with tempfile.TemporaryDirectory() as scratch:
        experiment.result_dir = f'{scratch}/results'
        experiment.report_dir = f'{scratch}/reports'
        folder = Path(experiment.result_dir) / 'made'
        folder.mkdir(parents=True)
        for sequence in sequences:
            path = folder / f'{sequence["name"]}.txt'
            np.savetxt(path, sequence['runs'][0], fmt='%.3f', delimiter=',')
        return dict(experiment.report(['made'])['made'])


def evaluate_got10k(sequences: list[dict[str, Any]]) -> dict[str, Any]:
    """By the rules for its validation set, with the second run where there is one."""
    from got10k.experiments import ExperimentGOT10k

    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        names = [sequence['name'] for sequence in sequences]
        for sequence in sequences:
            _write_got10k(root, sequence)
        (root / 'val/list.txt').write_text('\n'.join(names))
        experiment = ExperimentGOT10k(
            scratch, 'val', result_dir=f'{scratch}/results', report_dir=f'{scratch}/reports'
        )
        found = dict(experiment.report(['made'])['made'])
    for figures in (found['overall'], *found['seq_wise'].values()):
        del figures['speed_fps']
    return found


def _write_got10k(root: Path, sequence: dict[str, Any]) -> None:
    """A sequence and the results on it, in the toolkit's layout."""
    name, count = sequence['name'], len(sequence['truth'])
    folder, results = root / 'val' / name, root / 'results/GOT-10k/made' / name
    folder.mkdir(parents=True)
    results.mkdir(parents=True)
    np.savetxt(folder / 'groundtruth.txt', sequence['truth'], fmt='%.3f', delimiter=',')
    for number, boxes in enumerate(sequence['runs'], 1):
        np.savetxt(results / f'{name}_{number:03d}.txt', boxes, fmt='%.3f', delimiter=',')
    np.savetxt(results / f'{name}_time.txt', np.ones(count), fmt='%.8f')
    (folder / 'meta_info.ini').write_text(f'[METAINFO]\nresolution: {SIZE}\n')
    for label in ('cover', 'absence', 'cut_by_image'):
        values = sequence['cover'] if label == 'cover' else np.zeros(count)
        np.savetxt(folder / f'{label}.label', values, fmt='%d')
    for index in range(count):
        # Counted, never read.
        (folder / f'{index + 1:08d}.jpg').touch()


if __name__ == '__main__':
    sys.exit(main())
