# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the parts of SA-Siam are worth, and how its channels weigh, as a user has it measured."""

from dataclasses import replace
import importlib.util
import json
from pathlib import Path

import pytest
import torch
import yaml

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import weights
from siam_tracker_ros.images import write_image
from siam_tracker_ros.models.classifier import Classifier
from siam_tracker_ros.training.join import SASIAM, joined
from siam_tracker_ros.training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 3
SMALL = {'backbone': 'siamfc_alexnet', 'arguments': {'widths': [4, 8, 8, 8, 6], 'groups': 2}}


def benchmark(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / 'benchmarks' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def branch(monkeypatch):
    """The recipe of the semantic branch, with few channels."""
    recipe = RECIPES['sasiam-semantic']
    light = {**recipe.light, **SMALL, 'channels': [4, 4]}
    monkeypatch.setitem(RECIPES, 'sasiam-semantic', replace(recipe, light=light))
    return RECIPES['sasiam-semantic']


@pytest.fixture
def script(branch, monkeypatch):
    monkeypatch.setattr(
        'common.measure_costs', lambda able, *_, **__: {t.label: {'fps': 30.0} for t in able}
    )
    monkeypatch.setattr('siam_tracker_ros.training.run.draw_curves', lambda *_: None)
    return benchmark('sasiam_ablation')


@pytest.fixture
def car(texture, tmp_path):
    """A sequence that stands still."""
    folder = tmp_path / 'sequences' / 'car'
    folder.mkdir(parents=True)
    for k in range(FRAMES):
        write_image(folder / f'{k}.png', texture(90, 120, 30))
    (folder / 'groundtruth.txt').write_text('20,30,24,18\n' * FRAMES)
    return folder


@pytest.fixture
def words(stills, car, tmp_path):
    """What is typed."""
    torch.manual_seed(0)
    tensors = Classifier(['cat', 'dog'], **SMALL).state_dict()
    file = tmp_path / 'classes.safetensors'
    weights.save(file, weights.Checkpoint(tensors, weights.Meta('sasiam-classes')))
    folders = ['--sequences', str(car.parent), '--out', str(tmp_path / 'out')]
    few = ['--steps', '1', '--batch', '2', '--jobs', '1', '--table', str(tmp_path / 'table.json')]
    return [str(stills), '--classifier', str(file), *folders, *few]


def test_the_table_has_the_papers_rows_and_each_branch_is_trained_once(
    script, words, tmp_path, capsys
):
    assert script.main(words) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert printed.count(': trained in ') == 4
    table = json.loads((tmp_path / 'table.json').read_text())
    assert list(table['rows']) == [
        'App.', 'Sem.', 'App. Sem.', 'App. Sem. ML', 'App. Sem. Att.', 'App. Sem. ML Att.'
    ]  # fmt: skip
    assert [row['network'] for row in table['rows'].values()] == [
        '', 'basic', 'basic', 'unweighted', 'last-layer', 'light'
    ]  # fmt: skip
    for label, row in table['rows'].items():
        assert 0 <= row['auc'] <= 1
        assert f'| {label} | {row["network"]} | {row["share"]:g} | {row["auc"]:.3f} |' in printed
    assert table['sequences'] == {'car': FRAMES}

    # Again: the same networks.
    assert script.main(words) == 0
    assert ': trained in ' not in capsys.readouterr().out


def test_rows_share_all_but_their_branch_and_its_weight(script, tmp_path):
    file = tmp_path / 'a.safetensors'
    file.touch()
    files = dict.fromkeys(('basic', 'unweighted', 'last-layer', 'light'), file)
    found = script.entrants(files)
    assert [entrant.name for entrant in found] == ['siamfc', *['sasiam'] * 5]
    assert dict(found[0].overrides) == {'lost_score': 0.0}
    shares = [dict(entrant.overrides)['appearance_share'] for entrant in found[1:]]
    assert shares == [0.0, 0.3, 0.3, 0.3, 0.3]


def test_branches_learn_as_the_script_of_the_weights_has_it(script):
    text = (ROOT / 'scripts' / 'train_sasiam.sh').read_text().replace('\\\n', ' ').split()
    given = text[text.index('sasiam-semantic') : text.index('render()')]
    options = {
        word.removeprefix('--').replace('-', '_'): given[k + 1]
        for k, word in enumerate(given)
        if word.startswith('--')
    }
    for name in ('data', 'out', 'init', 'backbone', 'steps', 'batch'):
        del options[name]
    assert {name: yaml.safe_load(word) for name, word in options.items()} == script.LEARNING


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--jobs', '0'], 'jobs is 0: expected at least 1'),
        (['--steps', '0'], 'steps is 0: expected a whole number of at least 1'),
        (['--sequences', 'nowhere'], 'folder nowhere does not exist'),
        (['--classifier', 'nothing.safetensors'], 'nothing.safetensors: there is no such file'),
    ],
)
def test_mistakes_are_one_sentence(script, words, capsys, options, sentence):
    assert script.main([*words, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith('sasiam_ablation: ')
    assert sentence in error


@pytest.fixture
def checkpoint(branch, tmp_path):
    """A random tracker, with or without attention."""

    def make(**values):
        arguments = {**branch.light, **values}
        part = weights.Meta('sasiam-semantic', arguments)
        parts = {
            'appearance': weights.load(weights.resolve('siamfc', 'auto')),
            'semantic': weights.Checkpoint(branch.network(**arguments).state_dict(), part),
        }
        return weights.save(tmp_path / 'sasiam.safetensors', joined(SASIAM, parts, {}))

    return make


def test_the_channels_of_each_layer_are_drawn(checkpoint, car, tmp_path, capsys):
    script, out = benchmark('channel_weights'), tmp_path / 'weights.svg'
    assert script.main([str(car), '--weights', str(checkpoint()), '--out', str(out)]) == 0
    rows = [line.strip('| ').split(' | ') for line in capsys.readouterr().out.splitlines()]
    found = {tuple(row[:2]): [float(v) for v in row[2:]] for row in rows if row[0] == 'car'}
    assert set(found) == {('car', 'conv4'), ('car', 'conv5')}
    assert all(0.5 <= least <= mean <= most <= 1.5 for least, mean, most in found.values())
    assert '<svg' in out.read_text()


def test_channels_that_are_not_weighed_are_not_drawn(checkpoint, car, tmp_path, capsys):
    script, file = benchmark('channel_weights'), checkpoint(attention=False)
    out = tmp_path / 'weights.svg'
    assert script.main([str(car), '--weights', str(file), '--out', str(out)]) == 2
    assert 'have no attention, so all channels weigh alike' in capsys.readouterr().err
    assert script.main([str(car), '--out', str(tmp_path / 'a.txt')]) == 2
    assert 'expected a file that ends in .png or .svg' in capsys.readouterr().err
