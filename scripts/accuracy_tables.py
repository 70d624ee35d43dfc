# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of how well trackers follow, as the scripts in ``benchmarks/`` have stored it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import json
from typing import Any

from markdown_tables import code, table
from measured import RESULTS, figure, figures, of_sequences, origin, stored

REGRESSION = RESULTS / 'regression.json'
ABLATION = RESULTS / 'ablation.json'
PROPOSAL_ABLATION = RESULTS / 'proposal_ablation.json'
DSIAM_ABLATION = RESULTS / 'dsiam_ablation.json'
SASIAM_ABLATION = RESULTS / 'sasiam_ablation.json'
ONLINE_OPTION = RESULTS / 'online_option.json'
SPATIAL_PRIOR = RESULTS / 'spatial_prior.json'


def accuracy_table() -> str:
    """Return the stored table of ``benchmarks/regression.py``, with machine and date."""
    if not REGRESSION.is_file():
        return 'Not measured yet; `benchmarks/regression.py --store` keeps the figures.\n'
    return format_accuracy(json.loads(REGRESSION.read_text(encoding='utf-8')))


def format_accuracy(result: Mapping[str, Any]) -> str:
    """Return the table of one result file, best first, with its machine and date."""
    found = sorted(result['trackers'].items(), key=lambda item: -item[1]['mean']['auc'])
    columns = {
        'auc': 3, 'precision': 3, 'auroc': 3, 'false_boxes': 2, 'recovery': 2, 'fps': 0, 'p99': 1,
    }  # fmt: skip
    rows = [
        [name, *figures(scores['mean'], columns)]
        for name, scores in found
    ]
    header = [
        'tracker', 'AUC', 'precision at 20 px', 'AUROC', 'false boxes', 'recovery', 'median fps',
        'p99 (ms)',
    ]  # fmt: skip
    runs = ''.join(
        f' {name}: mean of {scores["runs"]} runs, standard deviation of the AUC '
        f'{figure(scores["auc_spread"], 3)}.'
        for name, scores in found
        if scores['runs'] > 1
    )
    # Rows that were kept when others were measured anew.
    older: dict[str, list[str]] = {}
    for name, scores in found:
        if 'run' in scores:
            older.setdefault(origin(scores['run']), []).append(name)
    others = ''.join(f' {", ".join(names)}: {facts}.' for facts, names in older.items())
    return f'{table(header, rows)}\n{of_sequences(result)}{others}{runs}\n'


def ablation_table() -> str:
    """Return the stored table of ``benchmarks/ablation.py``, and its plot."""
    return stored(
        ABLATION, 'benchmarks/ablation.py FOLDER --out DIR', format_ablation,
        '![Success plot of the variants](../images/ablation.svg)',
    )  # fmt: skip


def format_ablation(result: Mapping[str, Any]) -> str:
    """Return the table of one result file, in the order of the figure, with its origin."""
    columns = {'auc': 3, 'precision': 3, 'auroc': 3, 'fps': 0}
    rows = [
        [
            name,
            code(row['settings']),
            *figures(row, columns),
        ]
        for name, row in result['variants'].items()
    ]
    header = ['variant', 'settings', 'AUC', 'precision at 20 px', 'AUROC', 'median fps']
    return f'{table(header, rows)}\n{of_sequences(result)}\n'


def spatial_prior_table() -> str:
    """Return the stored table of ``benchmarks/spatial_prior.py``, and its plot."""
    return stored(
        SPATIAL_PRIOR, 'benchmarks/spatial_prior.py FOLDER --out DIR', format_spatial_prior,
        '![Where each network expects targets](images/spatial_prior.svg)',
    )  # fmt: skip


def format_spatial_prior(result: Mapping[str, Any]) -> str:
    """Return where networks expect targets, with the origin."""
    rows = [
        [f'{shift} px', *(figure(mean, 2) for mean in means)]
        for shift, means in result['priors'].items()
    ]
    head = ['largest shift', *(f'{distance:g} px' for distance in result['distances'])]
    return (
        f'{table(head, rows)}\nMean probability of a target, by the distance from the middle of '
        f'the crop; {origin(result["run"])}.\n'
    )


def proposal_ablation_tables(words: Sequence[str]) -> str:
    """Return some of the stored tables of ``benchmarks/proposal_ablation.py``, by their words."""
    found: dict[str, Any] = {}
    if PROPOSAL_ABLATION.is_file():
        found = json.loads(PROPOSAL_ABLATION.read_text(encoding='utf-8'))
    parts = [format_proposal_ablation(found[word]) for word in words if word in found]
    rest = [word for word in words if word not in found]
    if rest:
        parts.append(
            'Not measured yet; `benchmarks/proposal_ablation.py IMAGES --sequences FOLDER '
            f'--out DIR --tables {" ".join(rest)}` does it.\n'
        )
    return '\n'.join(parts)


def format_proposal_ablation(result: Mapping[str, Any]) -> str:
    """Return one table, in the order of the paper, with its origin."""
    columns = {'auc': 3, 'precision': 3, 'fps': 0}
    rows = [
        [
            name,
            f'`{row["network"]}`',
            *figures(row, columns),
        ]
        for name, row in result['rows'].items()
    ]
    header = ['variant', '`--network`', 'AUC', 'precision at 20 px', 'median fps']
    return f'**{result["title"]}**\n\n{table(header, rows)}\n{of_sequences(result)}\n'


def dsiam_ablation_tables() -> str:
    """Return the stored tables of ``benchmarks/dsiam_ablation.py``."""
    command = 'benchmarks/dsiam_ablation.py FOLDER --out DIR'
    return stored(DSIAM_ABLATION, command, format_dsiam_ablation)


def format_dsiam_ablation(result: Mapping[str, Any]) -> str:
    """Return a table for each folder, in the order of the rows, with its origin."""
    columns = {'auc': 3, 'precision': 3, 'auroc': 3}
    parts = []
    for name, found in result.items():
        rows = [
            [label, *figures(row, columns)]
            for label, row in found['rows'].items()
        ]
        head = ['variant', 'AUC', 'precision at 20 px', 'AUROC']
        missing = ', '.join(found['left_out'])
        parts.append(
            f'**{name}**\n\n{table(head, rows)}\n'
            f'{of_sequences(found)}'
            + (f' Left out, for want of a checkpoint: {missing}.' if missing else '')
            + '\n'
        )
    return '\n'.join(parts)


def sasiam_ablation_table() -> str:
    """Return the stored table of ``benchmarks/sasiam_ablation.py``."""
    command = 'benchmarks/sasiam_ablation.py IMAGES --classifier FILE --sequences FOLDER --out DIR'
    return stored(SASIAM_ABLATION, command, format_sasiam_ablation)


def format_sasiam_ablation(result: Mapping[str, Any]) -> str:
    """Return the table in the order of the paper, with its origin."""
    columns = {'auc': 3, 'precision': 3, 'fps': 0}
    rows = [
        [
            label,
            f'`{row["network"]}`' if row['network'] else '',
            f'{row["share"]:g}',
            *figures(row, columns),
        ]
        for label, row in result['rows'].items()
    ]
    header = ['parts', '`--network`', 'λ', 'AUC', 'precision at 20 px', 'median fps']
    return f'{table(header, rows)}\n{of_sequences(result)}\n'


def online_option_table() -> str:
    """Return the stored table of ``benchmarks/online_option.py``."""
    command = 'benchmarks/online_option.py FOLDER --out DIR'
    return stored(ONLINE_OPTION, command, format_online_option)


def format_online_option(result: Mapping[str, Any]) -> str:
    """Return how each tracker follows without the classifier and with it, with the origin."""
    columns = {'auc': 3, 'precision': 3, 'auroc': 3, 'false_boxes': 2, 'recovery': 2}
    rows = [
        [f'`{name}`', online, *figures(row, columns)]
        for name, ways in result['trackers'].items()
        for online, row in ways.items()
    ]
    head = [
        'tracker', '`online`', 'AUC', 'precision at 20 px', 'AUROC', 'false boxes', 'recovery',
    ]  # fmt: skip
    return f'{table(head, rows)}\n{of_sequences(result)}\n'


def generators() -> dict[str, Callable[[], str]]:
    """Return the tables by name."""
    return {
        'ablation': ablation_table,
        'accuracy': accuracy_table,
        'online-option': online_option_table,
        'dsiam-ablation': dsiam_ablation_tables,
        'proposal-ablation': lambda: proposal_ablation_tables(('stages', 'filter', 'transfer')),
        'proposal-layers': lambda: proposal_ablation_tables(('layers',)),
        'sasiam-ablation': sasiam_ablation_table,
        'spatial-prior': spatial_prior_table,
    }
