# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every tracker that ships weights, beside OpenCV's, over a folder of sequences: one table.

The table is compared with the stored one: where the AUC of one of our trackers fell by more than
0.005, the exit code is 1. ``--store`` keeps the new table; the README shows what is stored
(``scripts/update_docs.py``). With ``--trackers`` it keeps the rows of these; the others stay, with
the machine and the date of their own run. The report page is written beside the traces. A run that
is killed goes on where it was. Trackers that this machine lacks are named with the reason.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
import json
import math
from pathlib import Path
import sys
from typing import Any

from common import RESULTS, ROOT, cell, described, guarded, print_facts, print_rows

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.cost import measure_costs
from siam_tracker_ros.evaluation.entrants import Entrant, parse_entrants
from siam_tracker_ros.evaluation.machine import usable_cores
from siam_tracker_ros.evaluation.reporting import require_report
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.runner import evaluate
from siam_tracker_ros.evaluation.store import Store
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.sequences import Sequence, read_sequences

SHARED = ROOT.parent / 'shared' / 'data'
TABLE = RESULTS / 'regression.json'
PEERS = ('csrt', 'kcf', 'mil', 'nanotrack')

# Beyond what other versions of torch and another processor do to a mean over some sequences.
TOLERANCE = 0.005
# Of a tracker that draws random numbers, the mean of so many runs is stated. The AUC of OpenCV's
# MIL has a standard deviation of 0.014 between runs, that of five 0.006.
REPEAT = 5
# Sequences that a message names.
NAMED = 3

# Columns: key in the file, head of the table, digits.
FIGURES = (
    ('auc', 'AUC', 3), ('precision', 'P20', 3), ('auroc', 'AUROC', 3),
    ('false_boxes', 'false boxes', 2), ('recovery', 'recovery', 2), ('fps', 'fps', 0),
    ('p99', 'p99 ms', 1),
)  # fmt: skip

Table = dict[str, Any]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    if not args.folder.is_dir():
        print(f'skipped: there are no sequences at {args.folder}; name another folder')
        return 0
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    # Before the work, which takes long.
    if args.store:
        prepare_output_file(args.table, 'table')
    if args.report:
        require_report()
    before = read_table(args.table)
    sequences = read_folder(args.folder)
    if before and not args.store and before['sequences'] != lengths(sequences):
        raise UserError(
            f'the stored table {args.table} is of other sequences: give the folder that it is '
            'of, or keep a new table with --store'
        )
    now = measure(sequences, args)
    print_table(now)
    return settle(before, now, args)


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument(
        'folder', nargs='?', type=Path, default=SHARED / 'eval', help='folder of sequences'
    )
    parser.add_argument(
        '--trackers', metavar='A,B',
        help='comma-separated; NAME=FILE gives one of ours other weights (default: all with '
        f'weights, and {", ".join(PEERS)})',
    )  # fmt: skip
    parser.add_argument(
        '--peers', type=Path, default=SHARED / 'peers', help='folder with nanotrack_v2/*.onnx'
    )
    parser.add_argument(
        '--out', type=Path, default=ROOT / 'out' / 'regression', help='folder of the traces'
    )
    parser.add_argument(
        '--jobs', type=int, default=usable_cores(), help='processes (default: %(default)s)'
    )
    parser.add_argument(
        '--fresh', action='store_true', help='forget the traces of an earlier run'
    )
    parser.add_argument(
        '--table', type=Path, default=TABLE, metavar='JSON', help='stored table to compare with'
    )
    parser.add_argument(
        '--report', action=argparse.BooleanOptionalAction, default=True,
        help='write the report page (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--store', action='store_true', help='keep the new table, or the new rows of --trackers'
    )
    return parser.parse_args(words)


def read_folder(folder: Path) -> list[Sequence]:
    sequences = read_sequences(folder)
    for sequence in sequences:
        if sequence.present.sum() < 2:
            raise UserError(
                f'sequence {sequence.name} shows its target once only, where tracking starts: '
                'there is nothing to measure; take it out'
            )
    return sequences


def measure(sequences: list[Sequence], args: argparse.Namespace) -> Table:
    ours = dict.fromkeys(entry.tracker for entry in weights.entries())
    words = args.trackers.split(',') if args.trackers else [*ours, *PEERS]
    entrants = parse_entrants(words, peers=args.peers)
    with Store(args.out) as store:
        results = evaluate(
            sequences, entrants, ['ope'], store, dataset=args.folder.resolve().name,
            repeat=REPEAT, jobs=args.jobs, fresh=args.fresh,
        )  # fmt: skip
        # Apart from the evaluation, whose processes are in each other's way.
        able = [entrant for entrant in entrants if entrant.label in results.trackers]
        costs = measure_costs(able, sequences, args.out, fresh=args.fresh)
        results = replace(results, costs=costs)
        if args.report:
            # Late: it needs packages that the rest does not.
            from siam_tracker_ros.evaluation.report import write_report

            print(f'\nreport: {write_report(results, args.out / "report")}')
    return make_table(results, entrants)


def make_table(results: Results, entrants: list[Entrant]) -> Table:
    [section] = results.sections
    found = {}
    for entrant in entrants:
        if entrant.label not in results.trackers:
            continue
        success, lost = (section.summaries[entrant.label][name] for name in ('success', 'lost'))
        found[entrant.label] = {
            'ours': not entrant.is_peer,
            'runs': REPEAT if entrant.is_random else 1,
            'auc_spread': section.spreads.get(entrant.label, {}).get('success', {}).get('auc'),
            'mean': {
                **accuracy(success.overall, lost.overall),
                **{name: finite(results.costs[entrant.label][name]) for name in ('fps', 'p99')},
            },
            'sequences': {
                sequence.name: accuracy(
                    success.sequences[sequence.name], lost.sequences[sequence.name]
                )
                for sequence in results.sequences
            },
        }
    return {
        'run': dict(results.facts),
        'sequences': lengths(results.sequences),
        'missing': dict(results.missing),
        'trackers': found,
    }


def lengths(sequences: Iterable[Sequence]) -> dict[str, int]:
    return {sequence.name: len(sequence.images) for sequence in sequences}


def accuracy(success: Mapping[str, float], lost: Mapping[str, float]) -> dict[str, float | None]:
    return {
        'auc': finite(success['auc']),
        'precision': finite(success['precision']),
        'auroc': finite(lost['auroc_overlap']),
        'false_boxes': finite(lost['false_boxes']),
        'lost_missed': finite(lost['lost_missed']),
        'recovery': finite(lost['recovery']),
    }


def finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None


def read_table(path: Path) -> Table | None:
    """The stored table, None where there is none yet."""
    if not path.exists():
        return None
    try:
        table = json.loads(path.read_text('utf-8'))
        for row in table['trackers'].values():
            for figures in (row['mean'], *(row['sequences'][name] for name in table['sequences'])):
                float(figures['auc'])
            bool(row['ours'])
        return dict(table)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f'{path} is not a table of this benchmark ({type(error).__name__}): remove it, or '
            'give another one with --table'
        ) from error


def print_table(table: Table) -> None:
    """Print Markdown: the figures, the AUC by sequence, and what is missing."""
    trackers = table['trackers']
    print_facts(table['run'])
    if trackers:
        print_rows(
            ['tracker', *(title for _, title, _ in FIGURES)],
            *(
                [name, *(cell(row['mean'][key], digits) for key, _, digits in FIGURES)]
                for name, row in trackers.items()
            ),
        )
        print_rows(
            ['AUC', 'frames', *trackers],
            *(
                [
                    sequence, str(frames),
                    *(cell(row['sequences'][sequence]['auc'], 3) for row in trackers.values()),
                ]
                for sequence, frames in table['sequences'].items()
            ),
        )  # fmt: skip
    for name, row in trackers.items():
        if row['auc_spread'] is not None:
            print(
                f'{name} draws random numbers: mean of {row["runs"]} runs, whose AUC has a '
                f'standard deviation of {row["auc_spread"]:.3f}'
            )
    for name, reason in table['missing'].items():
        print(f'{name} is not available: {reason}')


def settle(before: Table | None, now: Table, args: argparse.Namespace) -> int:
    """Say what changed, and keep the new table or not."""
    drops: list[str] = []
    news: list[str] = []
    if before is None:
        news = [f'There is no stored table at {args.table} yet.']
    elif before['sequences'] == now['sequences']:
        drops, news = compare(before, now, args.trackers)
    print()
    for line in (*drops, *news):
        print(line)
    if args.store:
        kept = joined(before, now) if before and args.trackers else now
        check_complete(before, kept)
        args.table.write_text(json.dumps(kept, indent=2) + '\n', encoding='utf-8')
        print(f'Stored in {args.table}; scripts/update_docs.py brings it into the README.')
        return 0
    if drops or news:
        print('--store keeps the new table.')
    else:
        print(f'No tracker differs by more than {TOLERANCE} AUC from the stored table.')
    return 1 if drops else 0


def compare(before: Table, now: Table, asked: str | None) -> tuple[list[str], list[str]]:
    """What is worse than it was, of ours; and what else is worth a line."""
    drops: list[str] = []
    news: list[str] = []
    for name in asked.split(',') if asked else {**before['trackers'], **now['trackers']}:
        # Other weights of one of ours, NAME=FILE, stand against the stored ones.
        old = before['trackers'].get(name, before['trackers'].get(name.partition('=')[0]))
        new = now['trackers'].get(name)
        if old is None:
            news += [f'{name} is not in the stored table.'] if new else []
            continue
        change = new['mean']['auc'] - old['mean']['auc'] if new else -math.inf
        # Differences of rounded decimals, such as 0.505 - 0.5, are a little off.
        if abs(change) > TOLERANCE + 1e-9:
            worse = drops if change < 0 and old['ours'] else news
            worse.append(f'{name} {describe(old, new, change)}.')
    return drops, news


def describe(old: Table, new: Table | None, change: float) -> str:
    if new is None:
        return f'has no figures any more, its AUC was {old["mean"]["auc"]:.3f}'
    pairs = {
        name: (old['sequences'][name]['auc'], new['sequences'][name]['auc'])
        for name in old['sequences']
    }
    moved = sorted(pairs, key=lambda name: (pairs[name][1] - pairs[name][0]) / change)[::-1]
    parts = [
        f'{name} ({pairs[name][0]:.3f} to {pairs[name][1]:.3f})' for name in moved[:NAMED]
    ]
    return (
        f'{"fell" if change < 0 else "rose"} by {abs(change):.3f} AUC, from '
        f'{old["mean"]["auc"]:.3f} to {new["mean"]["auc"]:.3f}; most on {", ".join(parts)}'
    )


def joined(before: Table, now: Table) -> Table:
    """The stored table with new rows; one that stays says what run it is of.

    Raises
    ------
    UserError
        It is of other sequences.
    """
    if before['sequences'] != now['sequences']:
        raise UserError(
            'the stored table is of other sequences: store a whole one, without --trackers'
        )
    # A row's own facts, if it has some, are older than the table's.
    stay = {name: {'run': before['run'], **row} for name, row in before['trackers'].items()}
    return {**now, 'trackers': {**stay, **now['trackers']}}


def check_complete(before: Table | None, now: Table) -> None:
    lacking = sorted(set(before['trackers'] if before else ()) - set(now['trackers']))
    if lacking:
        reasons = '; '.join(
            now['missing'].get(name, f'{name} was not asked for') for name in lacking
        )
        raise UserError(
            f'the stored table has {", ".join(lacking)}, which this run lacks ({reasons}): '
            'not stored'
        )


if __name__ == '__main__':
    sys.exit(main())
