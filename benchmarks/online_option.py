# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a classifier that learns the target is worth to trackers that may borrow one.

``benchmarks/online_option.py FOLDER --out DIR [--trackers NAME...]``: each tracker, with the
shipped weights, follows the targets of a folder of sequences without the classifier and with it
(setting ``online``). A table is printed and kept as JSON, which the page on learning online shows
(``scripts/update_docs.py``). A run that is killed goes on where it was.
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
    cell,
    described,
    finite,
    guarded,
    keep_table,
    passed,
    print_facts,
    print_rows,
    refuse_missing,
)

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.entrants import Entrant, parse_entrants
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.store import Store
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.sequences import read_sequences
from siam_tracker_ros.trackers.online_settings import OnlineSettings

TABLE = RESULTS / 'online_option.json'
ONLINE = (False, True)

# Columns: key in the file, head of the table, digits.
FIGURES = (
    ('auc', 'AUC', 3), ('precision', 'P20', 3), ('auroc', 'AUROC', 3),
    ('false_boxes', 'false boxes', 2), ('recovery', 'recovery', 2),
)  # fmt: skip


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    refuse_without_option(args.trackers)
    prepare_output_file(args.table, 'table')
    with Store(args.out) as store:
        sequences = read_sequences(args.folder)
        results = passed(entrants(args.trackers), sequences, args.folder, store, args)
    refuse_missing(results)
    table = make_table(results, args.trackers)
    print_table(table)
    keep_table(args.table, table)
    return 0


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    names = [name for name in trackers.names() if has_option(name)]
    parser.add_argument('folder', type=Path, help='folder of sequences')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='receives traces')
    parser.add_argument(
        '--trackers', nargs='+', default=names, metavar='NAME', help=f'({" ".join(names)})'
    )
    add_evaluation(parser, 'the traces of an earlier run')
    add_table(parser, TABLE)
    return parser.parse_args(words)


def has_option(name: str) -> bool:
    return issubclass(trackers.settings_class(name), OnlineSettings)


def refuse_without_option(names: list[str]) -> None:
    """Refuse trackers that have no such setting, and those that do not exist."""
    for name in names:
        if name not in trackers.names() or not has_option(name):
            able = ', '.join(filter(has_option, trackers.names()))
            raise UserError(f'{name} has no setting online: give some of {able}')


def label(name: str, online: bool) -> str:
    return f'{name} online' if online else name


def word(online: bool) -> str:
    """The setting as it is written."""
    return str(online).lower()


def entrants(names: list[str]) -> list[Entrant]:
    """Each tracker without the classifier and with it, under the names of `label`."""
    return [
        replace(entrant, label=label(name, online), overrides=(('online', online),))
        for name in names
        for online in ONLINE
        for entrant in parse_entrants([name])
    ]


def make_table(results: Results, names: list[str]) -> dict[str, Any]:
    """All figures, with what they depend on."""
    [section] = results.sections
    found: dict[str, Any] = {}
    for name in names:
        for online in ONLINE:
            summary = section.summaries[label(name, online)]
            success, lost = (summary[part].overall for part in ('success', 'lost'))
            found.setdefault(name, {})[word(online)] = finite({
                'auc': success['auc'],
                'precision': success['precision'],
                'auroc': lost['auroc_overlap'],
                'false_boxes': lost['false_boxes'],
                'recovery': lost['recovery'],
            })
    return {
        'run': {key: value for key, value in results.facts.items() if key != 'repeat'},
        'dataset': results.dataset,
        'sequences': {s.name: len(s.images) for s in results.sequences},
        'trackers': found,
    }


def print_table(table: dict[str, Any]) -> None:
    print_facts(table['run'])
    rows = [
        [name, online, *(cell(row[key], digits) for key, _, digits in FIGURES)]
        for name, ways in table['trackers'].items()
        for online, row in ways.items()
    ]
    print_rows(['tracker', 'online', *(title for _, title, _ in FIGURES)], *rows)


if __name__ == '__main__':
    sys.exit(main())
