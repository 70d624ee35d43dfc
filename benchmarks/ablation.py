# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What each part of the cascaded Siamese tracker is worth (its paper's Figure 3).

``benchmarks/ablation.py FOLDER --out DIR``: matching alone (M), classification alone (C), both
without learning (M+C) and with it, over a folder of sequences. A table is printed, and kept as
JSON and as a success plot, which the tracker's page shows (``scripts/update_docs.py``). A run that
is killed goes on where it was.

The paper has no state *lost*, so none of these four is ever lost: the comparison is that of the
figure, and no variant is stopped by a score that was fitted with both subnetworks. The last row is
the tracker as it ships, which may be lost and found again.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
import json
from pathlib import Path
import sys
from typing import Any

from common import (
    NEVER_LOST_WORD,
    RESULTS,
    ROOT,
    add_evaluation,
    add_table,
    cell,
    described,
    finite,
    follow,
    guarded,
    print_facts,
    print_rows,
    refuse_missing,
)

from siam_tracker_ros.evaluation.entrants import Entrant, parse_entrants
from siam_tracker_ros.evaluation.reporting import require_report
from siam_tracker_ros.evaluation.results import Results, Section
from siam_tracker_ros.evaluation.store import Store
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.sequences import Sequence, read_sequences

TABLE = RESULTS / 'ablation.json'
PLOT = ROOT / 'docs' / 'images' / 'ablation.svg'

# By the paper's names, in its order.
VARIANTS = {
    'M': ('decide_by=matching', NEVER_LOST_WORD),
    'C': ('candidates_from=draws', 'learning=false', NEVER_LOST_WORD),
    'M+C': ('learning=false', NEVER_LOST_WORD),
    'full': (NEVER_LOST_WORD,),
    'as shipped': (),
}
# The last one is not in the figure.
DRAWN = list(VARIANTS)[:-1]

# Columns: key in the file, head of the table, digits.
FIGURES = (('auc', 'AUC', 3), ('precision', 'P20', 3), ('auroc', 'AUROC', 3), ('fps', 'fps', 0))

Table = dict[str, Any]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: run(args))


def run(args: argparse.Namespace) -> int:
    require_report()
    for path, what in ((args.table, 'table'), (args.plot, 'plot')):
        prepare_output_file(path, what)
    sequences = read_sequences(args.folder)
    results = measure(sequences, args)
    table = make_table(results)
    print_table(table)
    refuse_missing(results)
    args.table.write_text(json.dumps(table, indent=2) + '\n', encoding='utf-8')
    draw(results.sections[0], args.plot)
    print(f'\nWritten: {args.table} and {args.plot}; scripts/update_docs.py shows both.')
    return 0


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument('folder', type=Path, help='folder of sequences')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR', help='receives traces')
    parser.add_argument('--weights', metavar='FILE', help='checkpoint; the shipped one by default')
    add_evaluation(parser, 'the traces of an earlier run')
    add_table(parser, TABLE)
    parser.add_argument('--plot', type=Path, default=PLOT, metavar='SVG', help='receives the plot')
    return parser.parse_args(words)


def entrants(weights: str | None) -> list[Entrant]:
    """The variants under their names."""
    word = 'csn' if weights is None else f'csn={weights}'
    return [
        replace(parse_entrants([word], assignments=assignments)[0], label=label)
        for label, assignments in VARIANTS.items()
    ]


def measure(sequences: list[Sequence], args: argparse.Namespace) -> Results:
    with Store(args.out) as store:
        return follow(entrants(args.weights), sequences, args.folder, store, args)


def make_table(results: Results) -> Table:
    [section] = results.sections
    found = {}
    for label in results.trackers:
        success, lost = (section.summaries[label][name].overall for name in ('success', 'lost'))
        figures = {
            'auc': success['auc'],
            'precision': success['precision'],
            'auroc': lost['auroc_overlap'],
            'fps': results.costs[label]['fps'],
        }
        found[label] = {
            'settings': list(VARIANTS[label]),
            **finite(figures),
        }
    return {
        'run': {key: value for key, value in results.facts.items() if key != 'repeat'},
        'dataset': results.dataset,
        'sequences': {s.name: len(s.images) for s in results.sequences},
        'variants': found,
    }


def print_table(table: Table) -> None:
    print_facts(table['run'])
    header = ['variant', *(title for _, title, _ in FIGURES)]
    rows = [
        [label, *(cell(row[key], digits) for key, _, digits in FIGURES)]
        for label, row in table['variants'].items()
    ]
    print_rows(header, *rows)


def draw(section: Section, path: Path) -> None:
    """The success plot of the figure: [AUC] and name, best first."""
    # Late: they need packages that the rest does not.
    from siam_tracker_ros.evaluation.report.drawn import Entry, draw_picture
    from siam_tracker_ros.evaluation.report.figures import Line, draw_lines
    from siam_tracker_ros.evaluation.report.palette import tracker_styles

    styles = tracker_styles(tuple(DRAWN))
    curves = {
        label: next(
            curve
            for curve in section.summaries[label]['success'].curves
            if curve.name == 'success'
        )
        for label in DRAWN
    }
    ranking = sorted(DRAWN, key=lambda label: -curves[label].value)
    position = {label: place for place, label in enumerate(DRAWN)}
    lines = [
        Line(position[name], styles[name], curves[name].x, curves[name].y) for name in ranking
    ]
    entries = [
        Entry.of_tracker(name, f'{curves[name].value:.3f}', styles[name], position[name])
        for name in ranking
    ]
    curve = curves[ranking[0]]
    draw_picture(
        'Success of the variants', draw_lines(lines, curve.x_label, curve.y_label), entries, path
    )


if __name__ == '__main__':
    sys.exit(main())
