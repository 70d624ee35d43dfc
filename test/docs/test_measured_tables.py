# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of what the scripts in `benchmarks/` measured, as the pages show them."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def accuracy_tables(update_docs):
    """The part of it that shows how well trackers follow."""
    return update_docs.accuracy_tables


@pytest.fixture
def time_tables(update_docs):
    """The part of it that shows what a step takes."""
    return update_docs.time_tables


def test_accuracy_table_names_machine_and_date(accuracy_tables):
    def scores(auc, auroc, runs=1):
        mean = {
            'auc': auc, 'precision': 0.5, 'auroc': auroc, 'fps': 41.6, 'p99': 30.04,
            'false_boxes': 0.25, 'recovery': None,
        }  # fmt: skip
        return {'mean': mean, 'runs': runs, 'auc_spread': 0.01234 if runs > 1 else None}

    text = accuracy_tables.format_accuracy({
        'trackers': {'worse': scores(0.4, None, 3), 'better': scores(0.51234, 0.9)},
        'sequences': {'a': 20, 'b': 30},
        'run': {'date': '2026-01-02', 'cpu': '2 x some CPU'},
    })
    first = '| better | 0.512 | 0.500 | 0.900 | 0.25 |  | 42 | 30.0 |\n'
    assert first + '| worse | 0.400 | 0.500 |  | 0.25 |  | 42 | 30.0 |\n' in text
    assert 'One pass over 2 sequences, 50 frames; date 2026-01-02, cpu 2 x some CPU.' in text
    assert text.endswith('worse: mean of 3 runs, standard deviation of the AUC 0.012.\n')


def test_accuracy_table_says_which_rows_are_of_another_run(accuracy_tables):
    mean = dict.fromkeys(
        ('auc', 'precision', 'auroc', 'false_boxes', 'recovery', 'fps', 'p99'), 0.5
    )
    row = {'mean': mean, 'runs': 1, 'auc_spread': None}
    text = accuracy_tables.format_accuracy({
        'trackers': {
            'new': row,
            **{name: {**row, 'run': {'date': '2026-01-01'}} for name in ('a', 'b')},
        },
        'sequences': {'x': 20},
        'run': {'date': '2026-01-02'},
    })
    assert text.endswith('frames; date 2026-01-02. a, b: date 2026-01-01.\n')


def test_the_prior_stands_by_the_distance_from_the_middle(accuracy_tables):
    text = accuracy_tables.format_spatial_prior({
        'distances': [0.0, 8.0], 'priors': {'0': [0.5, 0.004], '16': [0.4, 0.2]},
        'run': {'date': '2026-01-02', 'steps': '150'},
    })
    assert text.splitlines()[0] == '| largest shift | 0 px | 8 px |'
    assert '| 0 px | 0.50 | 0.00 |\n| 16 px | 0.40 | 0.20 |\n' in text
    assert text.endswith('of the crop; date 2026-01-02, steps 150.\n')


def test_what_was_drawn_stands_below_its_table(update_docs, tmp_path):
    stored = update_docs.accuracy_tables.stored
    kept, plot = tmp_path / 't.json', '![words](p.svg)'
    assert stored(kept, 'command', str, plot) == 'Not measured yet; `command` does it.\n'
    kept.write_text('{"a": 1}')
    assert stored(kept, 'command', lambda table: f'{table["a"]}\n', plot) == f'1\n\n{plot}\n'


def test_ablation_table_keeps_the_order_of_the_figure(accuracy_tables):
    def row(auc, *settings):
        return {
            'settings': list(settings), 'auc': auc, 'precision': 0.5, 'auroc': None, 'fps': 19.6
        }

    text = accuracy_tables.format_ablation({
        'variants': {'M': row(0.51234, 'decide_by=matching'), 'full': row(0.6)},
        'sequences': {'a': 20, 'b': 30},
        'run': {'date': '2026-01-02', 'cpu': '2 x some CPU'},
    })
    first = '| M | `decide_by=matching` | 0.512 | 0.500 |  | 20 |\n'
    assert first + '| full |  | 0.600 | 0.500 |  | 20 |\n' in text
    assert text.endswith(
        'One pass over 2 sequences, 50 frames; date 2026-01-02, cpu 2 x some CPU.\n'
    )


def test_cost_table_has_a_column_for_each_file(time_tables):
    whole = {'fps': 15.24, 'p50': 60.0, 'p99': 90.06, 'start': 1200.4, 'iou': 0.7}
    text = time_tables.format_cost({
        'whole': {'shipped': whole, 'csn.yaml': whole},
        'parts': [
            {'title': 'peaks', 'when': 'always', 'ms': {'shipped': 1.26, 'csn.yaml': None}}
        ],
        'run': {'date': '2026-01-02', 'threads': '2'},
    })
    assert '| `csn.yaml` | 15.2 | 60.0 | 90.1 | 1200 | 0.700 |\n' in text
    assert '| step (ms) | paid | shipped | `csn.yaml` |\n' in text
    assert '| peaks | always | 1.3 |  |\n' in text
    assert text.endswith('The rendered clip; date 2026-01-02, threads 2.\n')


def test_step_table_has_both_steps_of_each_network(time_tables):
    figures = {'p50': 20.04, 'p95': 31.26}
    text = time_tables.format_step({
        'networks': {
            'light': {
                'ours': figures, 'eager': {'p50': 30.0, 'p95': 40.0}, 'ratio': 1.497,
                'bfloat16': {'p50': 10.0, 'p95': 12.0}, 'bfloat16_ratio': 3.0,
            },
            'other': {
                'ours': figures, 'eager': figures, 'ratio': 1.0, 'bfloat16': None,
                'bfloat16_ratio': None,
            },
        },
        'run': {'date': '2026-01-02', 'device': 'cpu'},
    })
    assert '| `light` | 20.0 | 31.3 | 30.0 | 40.0 | 1.50 | 10.0 | 3.00 |\n' in text
    assert '| `other` | 20.0 | 31.3 | 20.0 | 31.3 | 1.00 |  |  |\n' in text
    assert text.endswith('The rendered clip; date 2026-01-02, device cpu.\n')


def test_engines_table_has_both_backends_of_each_tracker(time_tables):
    row = {
        'torch': {'p50': 20.04, 'p95': 31.26}, 'onnxruntime': {'p50': 15.0, 'p95': 16.0},
        'ratio': 1.336,
    }  # fmt: skip
    text = time_tables.format_engines({
        'trackers': {'siamfc': row}, 'run': {'date': '2026-01-02', 'threads': '2'},
    })
    assert '| `siamfc` | 20.0 | 31.3 | 15.0 | 16.0 | 1.34 |\n' in text
    assert text.endswith('The rendered clip; date 2026-01-02, threads 2.\n')


def test_precisions_table_has_both_formats_of_each_tracker(time_tables):
    row = {
        'float32': {'auc': 0.5481, 'auroc': 0.9, 'p50': 20.04},
        'bfloat16': {'auc': 0.5462, 'auroc': None, 'p50': 10.0}, 'ratio': 2.004,
    }  # fmt: skip
    text = time_tables.format_precisions({
        'trackers': {'siamfc': row}, 'sequences': {'a': 20, 'b': 30},
        'run': {'date': '2026-01-02', 'threads': '2'},
    })
    assert '| `siamfc` | 0.548 | 0.546 | 0.900 |  | 20.0 | 10.0 | 2.00 |\n' in text
    assert 'One pass over 2 sequences, 50 frames; times on the rendered clip; date' in text


def test_node_overhead_table_has_a_row_for_each_kind_of_images(time_tables):
    row = {
        'width': 1280, 'height': 720, 'profile': True, 'debug': False, 'share': 0.996,
        'latency_p50': 21.04, 'latency_p95': 30.0, 'step_p50': 17.0, 'decode_p50': 0.301,
        'rest_p50': 4.04, 'rest_p95': 6.0,
    }  # fmt: skip
    text = time_tables.format_node_overhead({'rows': [row], 'run': {'date': '2026-01-02'}})
    assert '| 1280 x 720 | yes |  | 1.00 | 21.0 | 30.0 | 17.0 | 0.30 | 4.0 | 6.0 |\n' in text
    assert text.endswith('The rendered clip; date 2026-01-02.\n')


def test_dsiams_cost_is_shown_for_each_rule_and_part(time_tables):
    row = {'ratio': 1.15432, 'low': 1.12, 'high': 1.175, 'learned': 0.5}
    text = time_tables.format_dsiam_cost({
        'rules': {'default': {'V and W': row}, 'each success': {'V alone': row}},
        'run': {'date': '2026-01-02', 'threads': '1'},
    })
    assert '| V and W | default | 1.154 | 1.120 to 1.175 | 0.50 |\n' in text
    assert '| V alone | each success | 1.154 |' in text
    assert text.endswith('The rendered clip; date 2026-01-02, threads 1.\n')


def test_the_online_option_has_two_rows_for_each_tracker(accuracy_tables):
    row = {
        'auc': 0.51234, 'precision': 0.6, 'auroc': 0.9, 'false_boxes': 0.256, 'recovery': None,
    }  # fmt: skip
    text = accuracy_tables.format_online_option({
        'trackers': {'dsiam': {'false': row, 'true': {**row, 'auc': 0.55}}},
        'sequences': {'a': 20, 'b': 30},
        'run': {'date': '2026-01-02'},
    })
    assert '| `dsiam` | false | 0.512 | 0.600 | 0.900 | 0.26 |  |\n' in text
    assert '| `dsiam` | true | 0.550 |' in text
    assert text.endswith('One pass over 2 sequences, 50 frames; date 2026-01-02.\n')


def test_dsiams_parts_have_a_table_for_each_folder(accuracy_tables):
    row = {'auc': 0.84321, 'precision': None, 'auroc': 0.9}
    found = {'run': {'date': '2026-01-02'}, 'sequences': {'a': 20, 'b': 30}}
    text = accuracy_tables.format_dsiam_ablation({
        'easy': {**found, 'rows': {'SiamFC': row, '-VT': row}, 'left_out': ['DSiamM', '-Multi']},
        'real': {**found, 'rows': {'SiamFC': row}, 'left_out': []},
    })
    assert text.startswith('**easy**\n\n')
    assert '| SiamFC | 0.843 |  | 0.900 |\n| -VT | 0.843 |' in text
    first, second = text.split('**real**')
    wanted = 'One pass over 2 sequences, 50 frames; date 2026-01-02.'
    assert f'{wanted} Left out, for want of a checkpoint: DSiamM, -Multi.\n' in first
    assert second.endswith(f'{wanted}\n')


def test_sasiams_parts_have_the_papers_marks(accuracy_tables):
    row = {'auc': 0.55321, 'precision': 0.6, 'fps': 14.6}
    text = accuracy_tables.format_sasiam_ablation({
        'rows': {
            'App.': {'network': '', 'share': 1.0, **row},
            'App. Sem. ML': {'network': 'unweighted', 'share': 0.3, **row},
        },
        'sequences': {'a': 20, 'b': 30},
        'run': {'date': '2026-01-02', 'steps': '9'},
    })  # fmt: skip
    assert '| App. |  | 1 | 0.553 | 0.600 | 15 |\n' in text
    assert '| App. Sem. ML | `unweighted` | 0.3 | 0.553 |' in text
    assert text.endswith('One pass over 2 sequences, 50 frames; date 2026-01-02, steps 9.\n')


def test_speed_has_the_stages_that_any_tracker_has(time_tables):
    whole = {'p50': 20.04, 'p95': 30.0, 'p99': 40.0, 'floor': 5.02, 'ratio': 3.99}
    text = time_tables.format_speed({
        'trackers': {
            'a': {**whole, 'crop': 1.236, 'learning': 0.0, 'regression': 0.0},
            'b': {**whole, 'crop': 2.0, 'learning': 3.0, 'regression': 0.0},
        },
        'run': {'date': '2026-01-02', 'device': 'cpu'},
    })
    assert '| `a` | 20.0 | 30.0 | 40.0 | 5.0 | 4.0 |\n' in text
    assert '| mean (ms) | crop | learning |\n' in text
    assert '| `a` | 1.24 |  |\n| `b` | 2.00 | 3.00 |\n' in text
    assert text.endswith('The rendered clip; date 2026-01-02, device cpu.\n')


def test_more_targets_are_times_one(time_tables):
    found = {
        '1': {'p50': 20.0, 'p95': 21.0, 'ratio': 1.0},
        '8': {'p50': 50.04, 'p95': 60.0, 'ratio': 2.502},
    }
    text = time_tables.format_target_counts({
        'trackers': {'a': found}, 'run': {'date': '2026-01-02', 'threads': '2'},
    })  # fmt: skip
    assert '| median ms (times one target) | 1 | 8 |\n' in text
    assert '| `a` | 20.0 (1.0) | 50.0 (2.5) |\n' in text
    assert text.endswith('The rendered clip; date 2026-01-02, threads 2.\n')


def test_tables_of_parts_are_shown_as_far_as_they_are_measured(
    update_docs, accuracy_tables, monkeypatch, tmp_path
):
    path = tmp_path / 'proposal_ablation.json'
    monkeypatch.setattr(accuracy_tables, 'PROPOSAL_ABLATION', path)
    tables = update_docs.generators()
    assert tables['proposal-layers']() == (
        'Not measured yet; `benchmarks/proposal_ablation.py IMAGES --sequences FOLDER --out DIR '
        '--tables layers` does it.\n'
    )
    row = {'tracker': 'crpn', 'network': 'light', 'auc': 0.51234, 'precision': None, 'fps': 19.6}
    table = {
        'title': 'Table 5', 'rows': {'with NAF': row}, 'sequences': {'a': 20, 'b': 30},
        'run': {'date': '2026-01-02', 'steps': '9'},
    }  # fmt: skip
    path.write_text(json.dumps({'filter': table}))
    text = tables['proposal-ablation']()
    assert text.startswith('**Table 5**\n\n')
    assert '| with NAF | `light` | 0.512 |  | 20 |\n' in text
    assert 'One pass over 2 sequences, 50 frames; date 2026-01-02, steps 9.\n' in text
    assert text.endswith('--tables stages transfer` does it.\n')


def test_what_is_not_measured_says_how(accuracy_tables, time_tables, monkeypatch, tmp_path):
    monkeypatch.setattr(accuracy_tables, 'ABLATION', tmp_path / 'none.json')
    monkeypatch.setattr(time_tables, 'CSN_COST', tmp_path / 'none.json')
    monkeypatch.setattr(time_tables, 'PROPOSAL_STEP', tmp_path / 'none.json')
    assert '`benchmarks/ablation.py FOLDER --out DIR`' in accuracy_tables.ablation_table()
    assert '`benchmarks/csn_cost.py`' in time_tables.cost_table()
    assert '`benchmarks/proposal_step.py`' in time_tables.step_table()
    monkeypatch.setattr(time_tables, 'ENGINES', tmp_path / 'none.json')
    assert '`benchmarks/engines.py`' in time_tables.engines_table()
    monkeypatch.setattr(time_tables, 'PRECISIONS', tmp_path / 'none.json')
    assert '`benchmarks/precisions.py FOLDER' in time_tables.precisions_table()
    monkeypatch.setattr(accuracy_tables, 'ONLINE_OPTION', tmp_path / 'none.json')
    assert '`benchmarks/online_option.py FOLDER' in accuracy_tables.online_option_table()
    monkeypatch.setattr(time_tables, 'NODE_OVERHEAD', tmp_path / 'none.json')
    assert '`benchmarks/node_overhead.py`' in time_tables.node_overhead_table()
    monkeypatch.setattr(time_tables, 'DSIAM_COST', tmp_path / 'none.json')
    monkeypatch.setattr(accuracy_tables, 'DSIAM_ABLATION', tmp_path / 'none.json')
    assert '`benchmarks/dsiam_cost.py`' in time_tables.dsiam_cost_table()
    assert '`benchmarks/dsiam_ablation.py FOLDER' in accuracy_tables.dsiam_ablation_tables()
    monkeypatch.setattr(time_tables, 'SPEED', tmp_path / 'none.json')
    monkeypatch.setattr(time_tables, 'TARGET_COUNTS', tmp_path / 'none.json')
    assert '`benchmarks/speed.py`' in time_tables.speed_table()
    assert '`benchmarks/target_counts.py`' in time_tables.target_counts_table()
