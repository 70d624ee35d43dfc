# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What each part of DSiam is worth: the rows of its paper's Figure 9, beside SiamFC.

``benchmarks/dsiam_ablation.py FOLDER... --out DIR``: each row follows the targets of each folder
of sequences, once. Those with several layers need a checkpoint of them, ``--multi FILE``; without
it they are named as left out. A table for each folder is printed, and kept as JSON, which the
tracker's page shows (``scripts/update_docs.py``). A run that is killed goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
import sys
from typing import Any, NamedTuple

from common import (
    RESULTS,
    add_evaluation,
    add_table,
    cell,
    described,
    finite,
    guarded,
    print_facts,
    print_rows,
    refuse_missing,
    stored_tables,
)

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.entrants import Entrant, parse_entrants
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.runner import evaluate
from siam_tracker_ros.evaluation.store import write_json
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.sequences import Sequence, read_sequences
from siam_tracker_ros.settings import Scalar
from siam_tracker_ros.trackers.dsiam_settings import AUTHORS, PAPER

TABLE = RESULTS / 'dsiam_ablation.json'


class Row(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    tracker : str
    values : mapping
        Settings that differ from those of the weights.
    several : bool
        Whether it needs a network of which several layers are matched.
    """

    tracker: str
    values: Mapping[str, Scalar]
    several: bool = False


# By the paper's names, where it has some. In -VT and -BS our defaults lack what is left out.
ROWS = {
    'SiamFC': Row('siamfc', {}),
    'DSiam': Row('dsiam', {}),
    '-VT': Row('dsiam', {'template': 'first'}),
    '-BS': Row('dsiam', {'suppression': 'none'}),
    'withFrame(t-1)': Row('dsiam', {'template': 'previous'}),
    'each success': Row('dsiam', {'learn_uncertain': True, 'learn_every': 1}),
    'as in the code': Row('dsiam', AUTHORS),
    'as in the paper': Row('dsiam', PAPER),
    'DSiamM': Row('dsiam', {}, several=True),
    'DSiamM -VT': Row('dsiam', {'template': 'first'}, several=True),
    'DSiamM -BS': Row('dsiam', {'suppression': 'none'}, several=True),
    'DSiamM -Multi': Row('dsiam', {'fusion': 'last'}, several=True),
    'DSiamM fixedFusionWeight': Row('dsiam', {'fusion': 'fixed'}, several=True),
}

# Columns: key in the file, head of the table, digits.
FIGURES = (('auc', 'AUC', 3), ('precision', 'P20', 3), ('auroc', 'AUROC', 3))

Table = dict[str, Any]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    prepare_output_file(args.table, 'table')
    # What was measured of other folders stays, with that day's origin.
    tables = stored_tables(args.table, lambda _, table: 'left_out' in table)
    if args.multi is not None:
        refuse_one_layer(args.multi)
    sets = {folder.resolve().name: read(folder, args.frames) for folder in args.folders}
    if len(sets) < len(args.folders):
        raise UserError('two of the folders have one name: rename one of them')
    for name, sequences in sets.items():
        results = evaluate(
            sequences, entrants(args), ['ope'], args.out / name, dataset=name, jobs=args.jobs,
            fresh=args.fresh,
        )  # fmt: skip
        tables[name] = make_table(results, args)
        print_table(name, tables[name])
        refuse_missing(results)
        write_json(args.table, tables)
    print(f'\nWritten: {args.table}; scripts/update_docs.py shows it.')
    return 0


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument('folders', nargs='+', type=Path, metavar='FOLDER', help='of sequences')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='receives traces')
    parser.add_argument(
        '--siamfc', default='auto', metavar='FILE', help='checkpoint of the row SiamFC'
    )
    parser.add_argument(
        '--weights', default='auto', metavar='FILE', help='checkpoint of the other rows'
    )
    parser.add_argument(
        '--multi', metavar='FILE', help='checkpoint of a DSiamM, for the rows with several layers'
    )
    parser.add_argument(
        '--frames', type=int, default=0, metavar='N',
        help='how many of each sequence are followed, from the first one on; 0: all',
    )  # fmt: skip
    add_evaluation(parser, 'the traces of an earlier run')
    add_table(parser, TABLE)
    return parser.parse_args(words)


def refuse_one_layer(file: str) -> None:
    """Refuse a checkpoint whose rows would all be the same."""
    if len(weights.load(weights.resolve('dsiam', file)).meta.network.get('layers', ())) < 2:
        raise UserError(
            f'weights {file} match one layer: expected those of a DSiamM, as of layers 4 and 5'
        )


def read(folder: Path, frames: int) -> list[Sequence]:
    """Sequences, or their first frames."""
    if frames < 0 or frames == 1:
        raise UserError(f'--frames is {frames}: expected at least 2, or 0 for all of them')
    sequences = read_sequences(folder)
    return [s.beginning(frames) for s in sequences] if frames else sequences


def entrants(args: argparse.Namespace) -> list[Entrant]:
    """The rows as trackers, under their labels, but for those without weights."""
    found = []
    for label, row in ROWS.items():
        if row.several and args.multi is None:
            continue
        word = args.siamfc if row.tracker == 'siamfc' else args.weights
        word = args.multi if row.several else word
        [entrant] = parse_entrants([row.tracker if word == 'auto' else f'{row.tracker}={word}'])
        found.append(replace(entrant, label=label, overrides=tuple(row.values.items())))
    return found


def make_table(results: Results, args: argparse.Namespace) -> Table:
    """A folder's table, with all that its figures depend on."""
    [section] = results.sections
    found = {}
    for label in results.trackers:
        success, lost = (section.summaries[label][name].overall for name in ('success', 'lost'))
        figures = {
            'auc': success['auc'],
            'precision': success['precision'],
            'auroc': lost['auroc_overlap'],
        }
        found[label] = finite(figures)
    return {
        'run': {key: value for key, value in results.facts.items() if key != 'repeat'},
        'sequences': {s.name: len(s.images) for s in results.sequences},
        'rows': found,
        'left_out': [
            label for label, row in ROWS.items() if row.several and args.multi is None
        ],
    }


def print_table(name: str, table: Table) -> None:
    print_facts(table['run'], name)
    header = ['row', *(title for _, title, _ in FIGURES)]
    rows = [
        [label, *(cell(row[key], digits) for key, _, digits in FIGURES)]
        for label, row in table['rows'].items()
    ]
    print_rows(header, *rows)
    if table['left_out']:
        print(f'\nLeft out, for want of --multi FILE: {", ".join(table["left_out"])}')


if __name__ == '__main__':
    sys.exit(main())
