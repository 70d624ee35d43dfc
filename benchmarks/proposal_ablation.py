#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the parts of C-RPN (Tables 4, 5 and 6 of its paper) and SiamRPN++'s levels are worth.

``benchmarks/proposal_ablation.py IMAGES... --sequences FOLDER --out DIR``: each network is the
light one but for one part. All begin with the backbone of siamfc, learn from the same stills
and labelled sequences for as many steps, with one seed and the settings of
``scripts/train_crpn.sh``, but for the heads: they begin at random and all of them learn, because
not every variant can begin by comparing. Then they follow the targets of a folder of sequences,
once. A network of several tables is trained once. The tables are printed, and kept as JSON, which
the pages of both trackers show (``scripts/update_docs.py``). A run that is killed goes on where
it was.

No score is fitted for so many networks, and one that is not says nothing of a loss. So none of
them is ever lost.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
import sys
from typing import Any

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

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.entrants import Entrant, parse_entrants
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.store import Store
from siam_tracker_ros.images import silence_opencv
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.sequences import read_sequences
from siam_tracker_ros.training.recipe import LIGHT
from siam_tracker_ros.training.recipes import RECIPES

TABLE = RESULTS / 'proposal_ablation.json'


WHOLE = Network('crpn', LIGHT)
# By the words of --tables: title, and the networks by what the papers call them.
TABLES: Mapping[str, tuple[str, Mapping[str, Network]]] = {
    'stages': (
        'C-RPN, Table 4: stages',
        {
            'one stage': Network('crpn', 'one-stage'),
            'two stages': Network('crpn', 'two-stages'),
            'three stages': WHOLE,
        },
    ),
    'filter': (
        'C-RPN, Table 5: negative anchor filtering (NAF)',
        {'without NAF': Network('crpn', 'unfiltered'), 'with NAF': WHOLE},
    ),
    'transfer': (
        'C-RPN, Table 6: feature transfer blocks (FTB)',
        {
            'without FTB, the last layer': Network('crpn', 'last-layer'),
            'without FTB, mean of the results': Network('crpn', 'fused-results'),
            'with FTB': WHOLE,
        },
    ),
    'layers': (
        'SiamRPN++, Table 1: levels',
        {
            **{f'level {n} alone': Network('siamrpnpp', f'level{n}') for n in (1, 2, 3)},
            'all three': Network('siamrpnpp', LIGHT),
        },
    ),
}

# What scripts/train_crpn.sh has, but for --steps and --batch.
LEARNING: Mapping[str, Any] = {
    'optimiser': 'adamw',
    'schedule': 'cosine',
    'rate': 0.001,
    'decay': 0.02,
    'warmup': 0.03,
    'backbone_frozen': 0.25,
    'backbone_rate': 0.1,
    'box_loss': 'l1',
    'box_weight': 1.2,
    'class_loss': 'balanced',
    'sequence_share': 0.3,
    'validate_every': 100,
}
SCENES: Mapping[str, Any] = {'rotation': 12.0}
BACKBONE = 'siamfc'

Table = dict[str, Any]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    resumes = 'stopped: the same command goes on from there'
    return guarded(__file__, lambda: run(args), resumes)


def run(args: argparse.Namespace) -> int:
    silence_opencv()
    keep_large_buffers()
    # Told before hours of training, not after.
    if args.jobs < 1:
        raise UserError(f'jobs is {args.jobs}: expected at least 1')
    prepare_output_file(args.table, 'table')
    stored = stored_tables(args.table, lambda word, _: word in TABLES)
    sequences = read_sequences(args.sequences)
    refuse_videos(args.images)
    with Store(args.out) as store:
        files = {network: trained_network(network, args) for network in networks(args.tables)}
        results = follow(entrants(files), sequences, args.sequences, store, args)
    tables = make_tables(results, args)
    print_tables(tables)
    refuse_missing(results)
    # What was measured on another day stays, with that day's origin.
    keep_table(args.table, {**stored, **tables})
    return 0


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument(
        '--tables', nargs='+', choices=TABLES, default=[*TABLES], help='all by default'
    )
    add_training(parser, steps=400)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def networks(tables: list[str]) -> list[Network]:
    """What is to be trained: each network once."""
    return [*dict.fromkeys(n for word in tables for n in TABLES[word][1].values())]


def trained_network(network: Network, args: argparse.Namespace) -> Path:
    """The checkpoint of a network; see `trained`."""
    recipe = RECIPES[network.tracker]
    learning = recipe.learning.from_dict({**LEARNING, 'steps': args.steps, 'batch': args.batch})
    lessons = Lessons(args.images, BACKBONE, learning, recipe.scenes.from_dict(SCENES))
    return trained(network, lessons, args.out, f'benchmarks/{Path(__file__).name}')


def entrants(files: Mapping[Network, Path]) -> list[Entrant]:
    """The networks as trackers, under their labels."""
    return [
        replace(
            parse_entrants([f'{network.tracker}={path}'], assignments=[NEVER_LOST_WORD])[0],
            label=network.label,
        )
        for network, path in files.items()
    ]


def make_tables(results: Results, args: argparse.Namespace) -> Table:
    """Each table with all that its figures depend on: tables may be made on different days."""
    tables = {}
    for word in args.tables:
        title, rows = TABLES[word]
        found = {}
        for name, network in rows.items():
            if network.label not in results.trackers:
                continue
            found[name] = {
                'tracker': network.tracker,
                'network': network.word,
                **figures(results, network.label),
            }
        tables[word] = {'title': title, **origin(results, args), 'rows': found}
    return tables


def print_tables(tables: Table) -> None:
    for table in tables.values():
        print_facts(table['run'], table['title'])
        header = ['variant', '--network', *(title for _, title, _ in FIGURES)]
        rows = [
            [
                name,
                row['network'],
                *figure_cells(row),
            ]
            for name, row in table['rows'].items()
        ]
        print_rows(header, *rows)


if __name__ == '__main__':
    sys.exit(main())
