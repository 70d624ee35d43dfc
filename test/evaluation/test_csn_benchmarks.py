# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The scripts that measure the cascaded Siamese tracker, as a user runs them."""

import importlib.util
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from siam_tracker_ros import rendering, weights
from siam_tracker_ros.models.cascaded import CascadedSiamese

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 5
NETWORK = {
    'matching': {'widths': [8, 8, 16], 'depths': [2, 2]},
    'classification': {'widths': [8, 16, 16], 'hidden': 16},
}
# Quick, and sure of what it finds.
SETTINGS = {
    'confidence_bias': 20.0, 'start_positives': 16, 'start_negatives': 32, 'start_iterations': 2,
    'update_positives': 4, 'update_negatives': 8, 'update_iterations': 2, 'drawn_candidates': 16,
    'batch_positives': 4, 'batch_negatives': 4, 'negative_candidates': 8, 'peak_count': 2,
    'update_every': 2,
}  # fmt: skip


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / 'benchmarks' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A small random network: enough to run, whatever it finds."""
    torch.manual_seed(0)
    network = CascadedSiamese(**NETWORK)
    meta = weights.Meta('csn', NETWORK, SETTINGS, {'licence': 'none'})
    path = tmp_path_factory.mktemp('weights') / 'small.safetensors'
    return weights.save(path, weights.Checkpoint(network.state_dict(), meta))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The beginning of the rendered clip, as a folder of one sequence."""
    pytest.importorskip('skimage', reason='the rendered clip is made of its photographs')
    folder = tmp_path_factory.mktemp('sequences')
    clip = rendering.Clip()
    rendering.write_sequence([clip.frame(index) for index in range(FRAMES)], folder / 'cup')
    return folder


@pytest.mark.slow
def test_the_ablation_writes_table_and_plot_and_resumes(
    folder, checkpoint, tmp_path, capsys, monkeypatch
):
    # A process for each variant; `measure_costs` has tests of its own.
    monkeypatch.setattr(
        'common.measure_costs', lambda able, *_, **__: {t.label: {'fps': 30.0} for t in able}
    )
    script = load('ablation')
    table, plot = tmp_path / 'new' / 'ablation.json', tmp_path / 'ablation.svg'
    words = [
        str(folder), '--out', str(tmp_path / 'out'), '--jobs', '1', '--weights', str(checkpoint),
        '--table', str(table), '--plot', str(plot),
    ]  # fmt: skip
    assert script.main(words) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert '| variant | AUC | P20 | AUROC | fps |' in printed
    found = json.loads(table.read_text())
    assert {'date', 'cpu', 'torch'} <= set(found['run'])
    assert found['sequences'] == {'cup': FRAMES}
    assert list(found['variants']) == ['M', 'C', 'M+C', 'full', 'as shipped']
    for label, row in found['variants'].items():
        assert 0 <= row['auc'] <= 1
        assert row['fps'] == 30.0
        assert f'| {label} | {row["auc"]:.3f} |' in printed
    assert found['variants']['M+C']['settings'] == ['learning=false', 'lost_score=0']
    drawn = ''.join(ElementTree.parse(plot).getroot().itertext())
    for label in ('M', 'C', 'M+C', 'full'):
        assert f'[{found["variants"][label]["auc"]:.3f}] {label}' in drawn
    assert 'as shipped' not in drawn

    # Again: the same accuracy, from the same traces.
    traces = {p: p.stat().st_mtime_ns for p in (tmp_path / 'out').rglob('*.csv')}
    assert len(traces) == 5
    assert script.main(words) == 0
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / 'out').rglob('*.csv')} == traces
    again = json.loads(table.read_text())
    assert again['variants'] == found['variants']


def test_the_ablation_refuses_with_one_sentence(tmp_path, capsys):
    words = ['--out', str(tmp_path), '--table', str(tmp_path / 't.json')]
    assert load('ablation').main([str(tmp_path / 'none'), *words, '--plot', str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith('ablation: plot')
    assert error.count('\n') == 1


def test_each_variant_is_a_tracker_of_its_own(checkpoint):
    script = load('ablation')
    variants = script.entrants(str(checkpoint))
    overrides = {variant.label: dict(variant.overrides) for variant in variants}
    assert overrides['M'] == {'decide_by': 'matching', 'lost_score': 0.0}
    assert overrides['C'] == {
        'candidates_from': 'draws', 'learning': False, 'lost_score': 0.0
    }
    assert overrides['as shipped'] == {}
    prints = [json.dumps(variant.fingerprint(), sort_keys=True) for variant in variants]
    assert len(set(prints)) == len(prints)


def test_the_cost_of_each_step_is_measured(checkpoint, tmp_path, monkeypatch, capsys):
    pytest.importorskip('skimage', reason='the rendered clip is made of its photographs')
    script = load('csn_cost')
    monkeypatch.setattr(script, 'PATIENCE', 0.02)
    # As published, a first frame takes long.
    regressed = {'box_regression': True, 'regression_samples': 20}
    other = {'size_from': 'matching', 'look_around': True, **regressed}
    monkeypatch.setattr(script, 'CONFIGURATIONS', {'shipped': {}, 'other': other})
    table = tmp_path / 'cost.json'
    words = ['--weights', str(checkpoint), '--frames', '4', '--threads', '1']
    assert script.main([*words, '--table', str(table)]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    found = json.loads(table.read_text())
    assert {'date', 'cpu', 'torch', 'device'} <= set(found['run'])
    assert (found['run']['threads'], found['run']['frames']) == ('1', '4')
    for row in found['whole'].values():
        assert set(row) == {'fps', 'p50', 'p99', 'start', 'iou'}
        assert row['fps'] > 0
        assert 0 <= row['iou'] <= 1
    steps = {part['title']: part['ms'] for part in found['parts']}
    assert len(steps) == 11
    # Only one of the two matches again, looks for itself and regresses.
    left_out = {title for title, cells in steps.items() if cells['shipped'] is None}
    assert left_out == {
        'second match, of place and size', 'a tile around the last place',
        'regression of a box', 'learning of the regression',
    }
    for title, cells in steps.items():
        assert all(value > 0 for value in cells.values() if value is not None), title
        assert cells['other'] is not None
        assert f'| {title} | ' in printed


def test_every_file_of_parameters_is_measured():
    names = list(load('csn_cost').CONFIGURATIONS)
    files = {path.name for path in (ROOT / 'config').glob('csn*.yaml')}
    assert names[0] == 'shipped'
    assert set(names[1:]) == files


def test_the_cost_refuses_with_one_sentence(tmp_path, capsys):
    assert load('csn_cost').main(['--frames', '1', '--table', str(tmp_path / 't')]) == 2
    assert capsys.readouterr().err == 'csn_cost: --frames is 1: expected at least 2\n'
