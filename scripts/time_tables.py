# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of what a step takes, and of what makes it quicker, as ``benchmarks/`` stored it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markdown_tables import table
from measured import RESULTS, figure, figures, of_clip, one_pass, origin, stored

CSN_COST = RESULTS / 'csn_cost.json'
PROPOSAL_STEP = RESULTS / 'proposal_step.json'
DSIAM_COST = RESULTS / 'dsiam_cost.json'
SPEED = RESULTS / 'speed.json'
TARGET_COUNTS = RESULTS / 'target_counts.json'
ENGINES = RESULTS / 'engines.json'
PRECISIONS = RESULTS / 'precisions.json'
NODE_OVERHEAD = RESULTS / 'node_overhead.json'

# What `benchmarks/speed.py` has beside the stages of a step.
WHOLE = ('p50', 'p95', 'p99', 'floor', 'ratio')


def cost_table() -> str:
    """Return the stored tables of ``benchmarks/csn_cost.py``."""
    return stored(CSN_COST, 'benchmarks/csn_cost.py', format_cost)


def format_cost(result: Mapping[str, Any]) -> str:
    """Return what each configuration reaches, then what each step costs, with the origin."""
    columns = {'fps': 1, 'p50': 1, 'p99': 1, 'start': 0, 'iou': 3}
    whole = [
        [setting_file(name), *figures(row, columns)]
        for name, row in result['whole'].items()
    ]
    steps = [
        [part['title'], part['when'], *(figure(value, 1) for value in part['ms'].values())]
        for part in result['parts']
    ]
    head = ['settings', 'fps', 'median (ms)', 'p99 (ms)', 'first frame (ms)', 'mean IoU']
    return (
        f'{table(head, whole)}\n'
        f'{table(["step (ms)", "paid", *map(setting_file, result["whole"])], steps)}\n'
        f'{of_clip(result)}\n'
    )


def step_table() -> str:
    """Return the stored table of ``benchmarks/proposal_step.py``."""
    return stored(PROPOSAL_STEP, 'benchmarks/proposal_step.py', format_step)


def format_step(result: Mapping[str, Any]) -> str:
    """Return what a step costs with each network, ours and the eager one, with the origin."""
    rows = [
        [
            *in_turns(name, row, ('ours', 'eager')),
            figure((row['bfloat16'] or {}).get('p50'), 1),
            figure(row['bfloat16_ratio'], 2),
        ]
        for name, row in result['networks'].items()
    ]
    head = [
        'network', 'median (ms)', 'p95 (ms)', 'eager: median (ms)', 'eager: p95 (ms)',
        'eager / ours', 'in bfloat16: median (ms)', 'eager / ours in bfloat16',
    ]  # fmt: skip
    return f'{table(head, rows)}\nRatios compare medians. {of_clip(result)}\n'


def in_turns(name: str, row: Mapping[str, Any], steps: Sequence[str]) -> list[str]:
    """Median and 95th percentile of two steps that took turns, and how they compare, as cells."""
    times = (figure(row[step][key], 1) for step in steps for key in ('p50', 'p95'))
    return [f'`{name}`', *times, figure(row['ratio'], 2)]


def engines_table() -> str:
    """Return the stored table of ``benchmarks/engines.py``."""
    return stored(ENGINES, 'benchmarks/engines.py', format_engines)


def format_engines(result: Mapping[str, Any]) -> str:
    """Return what a step costs with each backend, with the origin."""
    head = [
        'tracker', 'torch: median (ms)', 'torch: p95 (ms)', 'onnxruntime: median (ms)',
        'onnxruntime: p95 (ms)', 'torch / onnxruntime',
    ]  # fmt: skip
    rows = [
        in_turns(name, row, ('torch', 'onnxruntime')) for name, row in result['trackers'].items()
    ]
    return f'{table(head, rows)}\nThe last column compares the medians. {of_clip(result)}\n'


def precisions_table() -> str:
    """Return the stored table of ``benchmarks/precisions.py``."""
    return stored(PRECISIONS, 'benchmarks/precisions.py FOLDER --out DIR', format_precisions)


def format_precisions(result: Mapping[str, Any]) -> str:
    """Return how each tracker follows in each number format and what it takes, with the origin."""
    formats = ('float32', 'bfloat16')
    columns = {'auc': 3, 'auroc': 3, 'p50': 1}
    rows = [
        [
            f'`{name}`',
            *(figure(row[w][key], digits) for key, digits in columns.items() for w in formats),
            figure(row['ratio'], 2),
        ]
        for name, row in result['trackers'].items()
    ]
    titles = (f'{title}: {w}' for title in ('AUC', 'AUROC', 'median (ms)') for w in formats)
    head = ['tracker', *titles, 'times as quick']
    return (
        f'{table(head, rows)}\n{one_pass(result["sequences"])}; times on the rendered clip; '
        f'{origin(result["run"])}.\n'
    )


def node_overhead_table() -> str:
    """Return the stored table of ``benchmarks/node_overhead.py``."""
    return stored(NODE_OVERHEAD, 'benchmarks/node_overhead.py', format_node_overhead)


def format_node_overhead(result: Mapping[str, Any]) -> str:
    """Return what the node adds to the tracker for each kind of images, with the origin."""
    columns = {
        'share': 2, 'latency_p50': 1, 'latency_p95': 1, 'step_p50': 1, 'decode_p50': 2,
        'rest_p50': 1, 'rest_p95': 1,
    }  # fmt: skip
    rows = [
        [
            f'{row["width"]} x {row["height"]}',
            'yes' if row['profile'] else '',
            'yes' if row['debug'] else '',
            *figures(row, columns),
        ]
        for row in result['rows']
    ]
    head = [
        'images', 'profile', 'debug images', 'share answered', 'age: median (ms)', 'age: p95 (ms)',
        'step: median (ms)', 'of it decoding (ms)', 'the rest: median (ms)', 'the rest: p95 (ms)',
    ]  # fmt: skip
    return f'{table(head, rows)}\n{of_clip(result)}\n'


def dsiam_cost_table() -> str:
    """Return the stored table of ``benchmarks/dsiam_cost.py``."""
    return stored(DSIAM_COST, 'benchmarks/dsiam_cost.py', format_dsiam_cost)


def format_dsiam_cost(result: Mapping[str, Any]) -> str:
    """Return how much longer DSiam's steps take than SiamFC's, with the origin."""
    rows = [
        [
            part,
            rule,
            figure(row['ratio'], 3),
            f'{figure(row["low"], 3)} to {figure(row["high"], 3)}',
            figure(row['learned'], 2),
        ]
        for rule, parts in result['rules'].items()
        for part, row in parts.items()
    ]
    head = [
        'transformed by', 'learned from', 'ratio, median', 'the half in the middle',
        'share of steps that learned',
    ]  # fmt: skip
    return f'{table(head, rows)}\n{of_clip(result)}\n'


def speed_table() -> str:
    """Return the stored table of ``benchmarks/speed.py``."""
    return stored(SPEED, 'benchmarks/speed.py', format_speed)


def format_speed(result: Mapping[str, Any]) -> str:
    """Return what a step of each tracker takes, then its stages, with the origin."""
    rows = result['trackers']
    whole = [
        [f'`{name}`', *(figure(row[key], 1) for key in WHOLE)] for name, row in rows.items()
    ]
    # Stages that no tracker has would be columns of zeros.
    stages = [
        stage
        for stage in next(iter(rows.values()))
        if stage not in WHOLE and any(row[stage] > 0 for row in rows.values())
    ]
    split = [
        [f'`{name}`', *(figure(row[stage] or None, 2) for stage in stages)]
        for name, row in rows.items()
    ]
    head = ['tracker', 'median (ms)', 'p95 (ms)', 'p99 (ms)', 'floor (ms)', 'median / floor']
    return (
        f'{table(head, whole)}\n{table(["mean (ms)", *stages], split)}\n'
        f'{of_clip(result)}\n'
    )


def target_counts_table() -> str:
    """Return the stored table of ``benchmarks/target_counts.py``, and its plot."""
    return stored(
        TARGET_COUNTS, 'benchmarks/target_counts.py', format_target_counts,
        '![Cost of a target among others](images/target_counts.svg)',
    )  # fmt: skip


def format_target_counts(result: Mapping[str, Any]) -> str:
    """Return what a step with each number of targets takes, with the origin."""
    rows = [
        [
            f'`{name}`',
            *(f'{figure(row["p50"], 1)} ({figure(row["ratio"], 1)})' for row in found.values()),
        ]
        for name, found in result['trackers'].items()
    ]
    counts = list(next(iter(result['trackers'].values())))
    head = ['median ms (times one target)', *counts]
    return f'{table(head, rows)}\n{of_clip(result)}\n'


def setting_file(name: str) -> str:
    """Return the name of a configuration, a file's as code."""
    return f'`{name}`' if '.' in name else name


def generators() -> dict[str, Callable[[], str]]:
    """Return the tables by name."""
    return {
        'csn-cost': cost_table,
        'engines': engines_table,
        'precisions': precisions_table,
        'node-overhead': node_overhead_table,
        'dsiam-cost': dsiam_cost_table,
        'proposal-step': step_table,
        'speed': speed_table,
        'target-counts': target_counts_table,
    }
