# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the networks' number format costs: time of a step, and how well targets are followed.

``benchmarks/precisions.py FOLDER --out DIR [--trackers NAME…]``: each tracker, with the shipped
weights, follows the targets of a folder of sequences in float32 and in bfloat16. Then both formats
step through the rendered clip in turns, a few frames each and each frame from the same box, so
that other work on the machine slows both alike. A table is printed and kept as JSON, which the
page on speed shows (``scripts/update_docs.py``). A run that is killed goes on where it was.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
import sys
from typing import Any

from common import (
    RESULTS,
    add_evaluation,
    add_table,
    add_timing,
    cell,
    described,
    finite,
    guarded,
    passed,
    print_facts,
    print_rows,
    refuse_missing,
    timed,
    timing,
)
import numpy as np
from turns import Ours, take_turns

from siam_tracker_ros import trackers
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.store import Store
from siam_tracker_ros.rendering import Clip, RenderedFrame
from siam_tracker_ros.sequences import read_sequences

TABLE = RESULTS / 'precisions.json'
FORMATS = ('float32', 'bfloat16')

# Columns: key in the file, head of the table, digits.
FIGURES = (('auc', 'AUC', 3), ('auroc', 'AUROC', 3), ('p50', 'median ms', 1))


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, print_result))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    names = list(trackers.names())
    parser.add_argument('folder', type=Path, help='folder of sequences')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='receives traces')
    parser.add_argument(
        '--trackers', nargs='+', default=names, metavar='NAME', help=f'({" ".join(names)})'
    )
    add_evaluation(parser, 'the traces of an earlier run')
    add_timing(parser, 'cpu', 40)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    results = followed(args)
    refuse_missing(results)
    clip = list(Clip(args.frames))
    return {
        'run': timing(args, args.device),
        'dataset': results.dataset,
        'sequences': {s.name: len(s.images) for s in results.sequences},
        'trackers': {name: compare(name, results, args.device, clip) for name in args.trackers},
    }


def followed(args: argparse.Namespace) -> Results:
    """Have each tracker follow the targets in each format, under the name of `label`."""
    entrants = [
        replace(entrant, label=label(name, word))
        for name in args.trackers
        for word in FORMATS
        for entrant in parse_entrants([name], device=args.device, precision=word)
    ]
    with Store(args.out) as store:
        return passed(entrants, read_sequences(args.folder), args.folder, store, args)


def label(name: str, word: str) -> str:
    return f'{name} {word}'


def compare(
    name: str, results: Results, device: str, clip: list[RenderedFrame]
) -> dict[str, Any]:
    """Figures of a tracker in each format, and by how much a step is quicker in the second."""
    [section] = results.sections
    steps = {w: Ours(trackers.create(name, device=device, precision=w)) for w in FORMATS}
    seconds = take_turns(steps, clip)
    found: dict[str, Any] = {}
    for word in FORMATS:
        summary = section.summaries[label(name, word)]
        found[word] = finite({
            'auc': summary['success'].overall['auc'],
            'auroc': summary['lost'].overall['auroc_overlap'],
            'p50': 1000 * float(np.median(seconds[word])),
        })
    found['ratio'] = found['float32']['p50'] / found['bfloat16']['p50']
    print(f'{name}: {found["ratio"]:.2f} times as quick in bfloat16', flush=True)
    return found


def print_result(result: dict[str, Any]) -> None:
    print_facts(result['run'])
    rows = [
        [
            name,
            *(cell(row[word][key], digits) for key, _, digits in FIGURES for word in FORMATS),
            cell(row['ratio'], 2),
        ]
        for name, row in result['trackers'].items()
    ]
    titles = [f'{title} {word}' for _, title, _ in FIGURES for word in FORMATS]
    print_rows(['tracker', *titles, 'times as quick'], *rows)


if __name__ == '__main__':
    sys.exit(main())
