# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pages agree with the code, and what they point to exists."""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path
import re

import pytest
import yaml

from siam_tracker_ros import trackers
from siam_tracker_ros.evaluation.episodes import HORIZON, RIGHT
from siam_tracker_ros.evaluation.lost import LostSignal
from siam_tracker_ros.evaluation.reliability import BINS
from siam_tracker_ros.settings import Settings, describe, setting

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').rglob('*.md'))]


@pytest.fixture(scope='module')
def update_docs():
    spec = importlib.util.spec_from_file_location('update_docs', ROOT / 'scripts/update_docs.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def accuracy_tables(update_docs):
    """The part of it that shows how well trackers follow."""
    return update_docs.accuracy_tables


@pytest.fixture
def time_tables(update_docs):
    """The part of it that shows what a step takes."""
    return update_docs.time_tables


def test_tables_are_up_to_date(update_docs, capsys):
    assert update_docs.main(['--check']) == 0, capsys.readouterr().out


def test_every_setting_of_every_tracker_stands_in_its_page():
    for name in trackers.names():
        page = (ROOT / f'docs/trackers/{name}.md').read_text()
        for info in describe(trackers.settings_class(name)):
            assert f'| `{name}.{info.name}` |' in page


def test_a_stale_table_is_found_and_mended(update_docs):
    text = 'before\n<!-- table: t -->\nold\n<!-- end -->\nafter\n'
    new = update_docs.updated(text, {'t': lambda: 'new\n'})
    assert new == 'before\n<!-- table: t -->\nnew\n<!-- end -->\nafter\n'
    assert update_docs.updated(new, {'t': lambda: 'new\n'}) == new


def test_an_unknown_table_is_an_error(update_docs):
    with pytest.raises(KeyError, match='nothing'):
        update_docs.updated('<!-- table: nothing -->\n<!-- end -->', {})


def test_settings_table_shows_default_range_and_source(update_docs):
    class Example(Settings):
        pass

    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Table(Example):
        gate: bool = setting(True, 'a switch')
        rate: float = setting(
            0.5, 'a|b', unit='s', low=0.0, high=1.0, symbol='r', source='Eq. 3', dynamic=True
        )

    lines = update_docs.settings_table(Table, 'x.').splitlines()
    assert lines[2] == '| `x.gate` | `true` | true or false | a switch |  | no |'
    assert lines[3] == '| `x.rate` | `0.5` | a number from 0 to 1 (s) | a\\|b (r) | Eq. 3 | yes |'


def test_lost_page_words_the_constants_of_the_measures():
    page = ' '.join((ROOT / 'docs/lost.md').read_text().split())
    assert f'(IoU; with the polygon where there is one) is above {RIGHT}' in page
    assert f'the tracker has {HORIZON} frames to be back' in page
    assert BINS == 10
    assert 'sorted into ten bins of equal width' in page
    for measure in LostSignal.measures:
        assert f'| `{measure.name}` |' in page


def test_a_card_has_seed_and_time_and_no_folders_of_ours(update_docs):
    facts = update_docs.training_facts({
        'command': 'c', 'data': ['/home/me'], 'licence': 'l', 'minutes_of_last_session': 53.7,
        'fit': {'seed': 0, 'steps': 2600, 'batch': 16, 'clip': 5.0}, 'scenes': {'shift': 40.0},
    })
    assert facts == {'batch': 16, 'minutes of last session': 53.7, 'seed': 0, 'steps': 2600}


def test_a_card_of_joined_weights_has_the_facts_of_its_parts(update_docs):
    facts = update_docs.training_facts({
        'command': 'c', 'data': ['/home/me'], 'finished': 'today', 'fitted_frames': 7200,
        'matching': {'fit': {'steps': 2600, 'clip': 5.0}, 'shots': 9, 'scenes': {'shift': 40.0}},
        'classification': {'fit': {'steps': 1600}, 'domains': 7},
    })
    assert facts == {
        'finished': 'today', 'fitted frames': 7200,
        'classification: domains': 7, 'classification: steps': 1600,
        'matching: shots': 9, 'matching: steps': 2600,
    }  # fmt: skip


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


def test_every_reason_for_an_update_stands_in_the_nodes_page():
    page = (ROOT / 'docs/node.md').read_text()
    found = 0
    for file in ('trackers/csn/tracker.py', 'online/gate.py'):
        for node in ast.walk(ast.parse((ROOT / 'siam_tracker_ros' / file).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'Decision':
                reason = node.args[1]
                parts = reason.values if isinstance(reason, ast.JoinedStr) else [reason]
                for part in parts:
                    if isinstance(part, ast.Constant):
                        found += 1
                        assert part.value.strip() in page, part.value
    assert found > 8


@pytest.mark.parametrize('page', PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page):
    for target in re.findall(r'\]\(([^)#\s]+)[^)]*\)', page.read_text()):
        if not re.match(r'[a-z]+:', target):
            assert (page.parent / target).exists(), target


def test_every_page_is_in_the_menu():
    def leaves(node):
        if isinstance(node, str):
            return [node]
        values = node.values() if isinstance(node, dict) else node
        return [leaf for value in values for leaf in leaves(value)]

    menu = leaves(yaml.safe_load((ROOT / 'mkdocs.yml').read_text())['nav'])
    pages = [str(path.relative_to(ROOT / 'docs')) for path in (ROOT / 'docs').rglob('*.md')]
    assert sorted(menu) == sorted(pages)


def test_pictures_are_small():
    for picture in (ROOT / 'docs/images').iterdir():
        assert picture.stat().st_size < 300_000


@pytest.fixture
def matrix(update_docs):
    """The table of what the node promises under faults."""
    return update_docs.reliability_matrix


def test_tests_are_found_by_the_rows_in_their_names(matrix, tmp_path):
    folder = tmp_path / 'test'
    folder.mkdir()
    (folder / 'test_a.py').write_text(
        'def test_l3_one(): ...\ndef test_g1_g2_two(): ...\ndef test_losses_l1_three(): ...\n'
        'def test_l3_four(): ...\ndef helper_l4_(): ...\n')
    assert matrix.files_by_row(folder) == {
        'L3': {'test/test_a.py': 2}, 'G1': {'test/test_a.py': 1}, 'G2': {'test/test_a.py': 1},
    }  # fmt: skip


def test_a_row_without_a_test_has_a_reason(matrix, monkeypatch):
    for row in matrix.rows():
        assert matrix.files_by_row().get(row.id) or row.not_run, row.id
    monkeypatch.setattr(matrix, 'files_by_row', lambda: {'L3': {'test_a.py': 1}})
    with pytest.raises(ValueError, match='row L1 has neither a test nor a reason'):
        matrix.matrix()
    monkeypatch.setattr(matrix, 'files_by_row', lambda: {'L0': {'test_a.py': 1}})
    with pytest.raises(ValueError, match=r"rows that do not exist: \['L0'\]"):
        matrix.matrix()


def test_the_numbers_of_cases_are_those_of_the_fuzzing():
    page = ' '.join((ROOT / 'docs/quality_declaration.md').read_text().split())
    counts = {
        path.stem: sum(map(int, re.findall(r'max_examples=([\d_]+)', path.read_text())))
        for path in (ROOT / 'test').rglob('test_*.py')
    }
    for name, words in (
        ('test_codec', '{} images'), ('test_compressed', '{} damaged files of images'),
        ('test_roi', '{} boxes'), ('test_timeline', '{} series of stamps'),
        ('test_any_stream', '{} streams'), ('test_any_settings', '{} values of settings'),
        ('test_any_file', '{} damaged files of weights'),
    ):
        assert words.format(f'{counts[name]:,}') in page, (name, counts[name])
