#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the parts of SA-Siam are worth: Table 1 of its paper.

``benchmarks/sasiam_ablation.py IMAGES... --classifier FILE --sequences FOLDER --out DIR``: four
semantic branches, with and without attention and of one layer or two, have the features of one
classifier and learn from the same stills and labelled sequences for as many steps, with one seed
and the settings of ``scripts/train_sasiam.sh``. Alone or joined with the shipped siamfc they then
follow the targets of a folder of sequences, once. The table is printed, and kept as JSON, which
the tracker's page shows (``scripts/update_docs.py``). A run that is killed goes on where it was.

No score is fitted for so many networks, and one that is not says nothing of a loss. So none of
them is ever lost.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
import sys
from typing import Any, NamedTuple

from common import (
    NEVER_LOST_WORD,
    RESULTS,
    add_table,
    described,
    follow,
    guarded,
    keep_table,
    print_facts,
    print_rows,
    refuse_missing,
    stored_tables,
)
import torch
from torch import Tensor
from variants import (
    FIGURES,
    Lessons,
    Network,
    add_training,
    figure_cells,
    figures,
    origin,
    refuse_videos,
    trained,
)

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.entrants import Entrant, parse_entrants
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.store import Store
from siam_tracker_ros.images import silence_opencv
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.sequences import read_sequences
from siam_tracker_ros.training.join import SASIAM, joined
from siam_tracker_ros.training.recipe import LIGHT
from siam_tracker_ros.training.recipes import RECIPES

TABLE = RESULTS / 'sasiam_ablation.json'
BRANCH = 'sasiam-semantic'


class Row(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    word : str
        Word for the network of the semantic branch; empty without one.
    share : float
        lambda of Eq. 5.
    """

    word: str
    share: float


# By the paper's marks: App., Sem., ML (several layers) and Att.
ROWS: Mapping[str, Row] = {
    'App.': Row('', 1.0),
    'Sem.': Row('basic', 0.0),
    'App. Sem.': Row('basic', 0.3),
    'App. Sem. ML': Row('unweighted', 0.3),
    'App. Sem. Att.': Row('last-layer', 0.3),
    'App. Sem. ML Att.': Row(LIGHT, 0.3),
}

# What scripts/train_sasiam.sh has, but for --steps and --batch.
LEARNING: Mapping[str, Any] = {'sequence_share': 0.4}

Table = dict[str, Any]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    resumes = 'stopped: the same command goes on from there'
    return guarded(__file__, lambda: run(args), resumes)


def run(args: argparse.Namespace) -> int:
    silence_opencv()
    keep_large_buffers()
    # Told before an hour of training, not after.
    if args.jobs < 1:
        raise UserError(f'jobs is {args.jobs}: expected at least 1')
    prepare_output_file(args.table, 'table')
    stored_tables(args.table, lambda name, _: name in ('run', 'dataset', 'sequences', 'rows'))
    sequences = read_sequences(args.sequences)
    refuse_videos(args.images)
    recipe = RECIPES[BRANCH]
    lessons = Lessons(
        args.images,
        str(args.classifier),
        recipe.learning.from_dict({**LEARNING, 'steps': args.steps, 'batch': args.batch}),
        recipe.scenes(),
    )
    words = dict.fromkeys(row.word for row in ROWS.values() if row.word)
    with Store(args.out) as store:
        files = {word: whole(word, lessons, args.out) for word in words}
        results = follow(entrants(files), sequences, args.sequences, store, args)
    table = make_table(results, args)
    print_table(table)
    refuse_missing(results)
    keep_table(args.table, table)
    return 0


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument(
        '--classifier', required=True, type=Path, metavar='FILE',
        help='checkpoint of `siam-tracker train sasiam-classes`',
    )  # fmt: skip
    add_training(parser, steps=600)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def whole(word: str, lessons: Lessons, out: Path) -> Path:
    """The tracker of a semantic branch and the shipped siamfc, without a fitted score."""
    network = Network(BRANCH, word)
    branch = trained(network, lessons, out, f'benchmarks/{Path(__file__).name}')
    parts = {
        'appearance': weights.load(weights.resolve('siamfc', 'auto')),
        'semantic': weights.load(branch),
    }
    path, checkpoint = branch.with_name('sasiam.safetensors'), joined(SASIAM, parts, {})
    # The same tensors may become a file of other bytes, and then other traces.
    if path.is_file() and same(weights.load(path).tensors, checkpoint.tensors):
        return path
    return weights.save(path, checkpoint)


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def entrants(files: Mapping[str, Path]) -> list[Entrant]:
    """The rows as trackers, under their labels."""
    found = []
    for label, row in ROWS.items():
        words = [f'sasiam={files[row.word]}' if row.word else 'siamfc']
        values = [NEVER_LOST_WORD, *([f'appearance_share={row.share:g}'] if row.word else [])]
        [entrant] = parse_entrants(words, assignments=values)
        found.append(replace(entrant, label=label))
    return found


def make_table(results: Results, args: argparse.Namespace) -> Table:
    """The table with all that its figures depend on."""
    rows = {
        label: {
            'network': ROWS[label].word,
            'share': ROWS[label].share,
            **figures(results, label),
        }
        for label in results.trackers
    }
    return {**origin(results, args), 'rows': rows}


def print_table(table: Table) -> None:
    print_facts(table['run'], 'SA-Siam, Table 1')
    header = ['row', '--network', 'lambda', *(title for _, title, _ in FIGURES)]
    rows = [
        [
            label,
            row['network'],
            f'{row["share"]:g}',
            *figure_cells(row),
        ]
        for label, row in table['rows'].items()
    ]
    print_rows(header, *rows)


if __name__ == '__main__':
    sys.exit(main())
