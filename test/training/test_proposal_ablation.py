# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What parts of networks that propose are worth, as a user has it measured."""

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
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.training.recipes import RECIPES

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 3
WORDS = {
    'stages': ['one-stage', 'two-stages', 'light'],
    'filter': ['unfiltered', 'light'],
    'transfer': ['last-layer', 'fused-results', 'light'],
    'layers': ['level1', 'level2', 'level3', 'light'],
}


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The benchmark, with networks of few channels; what others test costs nothing."""
    arguments = {'widths': [8, 8, 8, 8, 16]}
    light = {'backbone': 'siamfc_alexnet', 'arguments': arguments, 'channels': [8, 8, 8]}
    for name, more in ('siamrpnpp', {}), ('crpn', {'block': 'depthwise'}):
        monkeypatch.setitem(RECIPES, name, replace(RECIPES[name], light={**light, **more}))
    torch.manual_seed(0)
    backbone = tmp_path / 'siamfc.safetensors'
    tensors = SiamFC(**arguments).state_dict()
    weights.save(backbone, weights.Checkpoint(tensors, weights.Meta('siamfc')))
    path = ROOT / 'benchmarks' / 'proposal_ablation.py'
    spec = importlib.util.spec_from_file_location('proposal_ablation', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, 'BACKBONE', str(backbone))
    monkeypatch.setattr(
        'common.measure_costs', lambda able, *_, **__: {t.label: {'fps': 30.0} for t in able}
    )
    monkeypatch.setattr('siam_tracker_ros.training.run.draw_curves', lambda *_: None)
    return module


@pytest.fixture
def words(stills, texture, tmp_path):
    """What is typed, for a sequence that stands still."""
    folder = tmp_path / 'sequences' / 'car'
    folder.mkdir(parents=True)
    for k in range(FRAMES):
        write_image(folder / f'{k}.png', texture(90, 120, 30))
    (folder / 'groundtruth.txt').write_text('20,30,24,18\n' * FRAMES)
    folders = [str(stills), '--sequences', str(folder.parent), '--out', str(tmp_path / 'out')]
    few = ['--steps', '1', '--batch', '2', '--jobs', '1']
    return [*folders, *few, '--table', str(tmp_path / 'new' / 'table.json')]


def test_all_tables_are_made_and_each_network_is_trained_once(
    script, words, tmp_path, monkeypatch, capsys
):
    begun = []

    def train(tracker, data, folder, init, fit, scenes, mining, run, command):
        """A random network in place of one that learned."""
        begun.append((tracker, run.network))
        recipe = RECIPES[tracker]
        arguments = recipe.arguments(run.network)
        card = {
            'data': [*map(str, data)], 'network': run.network, 'backbone': run.backbone,
            'fit': fit.to_dict(), 'scenes': scenes.to_dict(),
        }  # fmt: skip
        tensors = recipe.network(**arguments).state_dict()
        meta = weights.Meta(tracker, arguments, {}, card)
        path = folder / f'{tracker}.safetensors'
        folder.mkdir(parents=True)
        return weights.save(path, weights.Checkpoint(tensors, meta))

    monkeypatch.setattr('variants.train', train)
    assert script.main(words) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    table = tmp_path / 'new' / 'table.json'
    found = json.loads(table.read_text())
    assert list(found) == list(WORDS)
    for word, networks in WORDS.items():
        assert [row['network'] for row in found[word]['rows'].values()] == networks
        assert found[word]['sequences'] == {'car': FRAMES}
        assert {'date', 'cpu', 'torch', 'steps'} <= set(found[word]['run'])
        for name, row in found[word]['rows'].items():
            assert 0 <= row['auc'] <= 1
            assert f'| {name} | {row["network"]} | {row["auc"]:.3f} |' in printed
    assert len(begun) == len(set(begun)) == 10

    # Again, and one table only: the same networks and traces, and the other tables stay.
    traces = {p: p.stat().st_mtime_ns for p in (tmp_path / 'out').rglob('*.csv')}
    assert len(traces) == 10
    assert script.main([*words, '--tables', 'filter']) == 0
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / 'out').rglob('*.csv')} == traces
    assert len(begun) == 10
    again = json.loads(table.read_text())
    assert again['filter']['rows'] == found['filter']['rows']
    assert again['layers'] == found['layers']


def test_a_network_is_never_lost_and_is_the_trackers_own(script, words, tmp_path, capsys):
    args = script.parse_arguments([*words, '--tables', 'filter'])
    file = tmp_path / 'a.safetensors'
    file.touch()
    networks = script.networks(args.tables)
    assert [network.label for network in networks] == ['crpn unfiltered', 'crpn light']
    for entrant in script.entrants(dict.fromkeys(networks, file)):
        assert dict(entrant.overrides) == {'lost_score': 0.0}
        assert (entrant.name, entrant.weights) == ('crpn', str(file))


def test_a_run_that_is_killed_goes_on_where_it_was(script, words, tmp_path, monkeypatch, capsys):
    words = [*words, '--tables', 'filter']

    def stop(*given, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(script, 'follow', stop)
        assert script.main(words) == 130
    assert 'stopped: the same command goes on' in capsys.readouterr().err
    first, second = (tmp_path / 'out' / 'networks' / f'crpn-{w}' for w in ('unfiltered', 'light'))
    rows = (first / 'metrics.csv').read_text()
    (first / 'crpn.safetensors').unlink()
    finished = (second / 'crpn.safetensors').stat().st_mtime_ns
    assert script.main(words) == 0
    # Its last step is not made again, and a network that was finished is not touched.
    assert (first / 'metrics.csv').read_text() == rows
    found = weights.load(first / 'crpn.safetensors').meta
    assert found.training['steps_of_last_session'] == 0
    assert found.network['theta'] == 1.0
    assert (second / 'crpn.safetensors').stat().st_mtime_ns == finished

    # Other settings are another run's.
    capsys.readouterr()
    assert script.main([*words, '--steps', '2']) == 2
    assert 'was trained with other settings (steps)' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--jobs', '0'], 'jobs is 0: expected at least 1'),
        (['--steps', '0'], 'steps is 0: expected a whole number of at least 1'),
        (['--sequences', 'nowhere'], 'folder nowhere does not exist'),
        (['--table', 'STILLS'], 'is a folder: give the name of a file in it'),
        (['--table', 'OTHER'], 'is not of this script: give another name'),
    ],
)
def test_mistakes_are_one_sentence(script, words, stills, tmp_path, capsys, options, sentence):
    other = tmp_path / 'other.json'
    other.write_text('{"variants": {}}')
    options = [{'STILLS': str(stills), 'OTHER': str(other)}.get(word, word) for word in options]
    assert script.main([*words, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith('proposal_ablation: ')
    assert sentence in error
    assert error.count('\n') == 1


def test_a_video_is_refused(script, words, stills, capsys):
    (stills / 'yard.mp4').write_bytes(b'')
    assert script.main(words) == 2
    assert 'yard.mp4 is a video without boxes: give stills' in capsys.readouterr().err


def test_what_is_measured_learns_as_the_script_of_the_weights_does(script):
    text = (ROOT / 'scripts' / 'train_crpn.sh').read_text()
    given = text.replace('\\\n', ' ').split()
    given = given[given.index('crpn', given.index('train')) :]
    options = {
        word.removeprefix('--').replace('-', '_'): given[k + 1]
        for k, word in enumerate(given)
        if word.startswith('--')
    }
    # The benchmark has its own words for data and steps, and the same beginning.
    assert (options.pop('init'), options.pop('backbone')) == ('none', 'siamfc')
    for name in ('data', 'out', 'segments', 'objects', 'travel', 'steps', 'batch'):
        del options[name]
    # Up-channel blocks cannot begin by comparing: here all begin at random, and all learn.
    for name in ('heads', 'comparison_rate', 'backbone_frozen'):
        del options[name]
    read = {name: yaml.safe_load(word) for name, word in options.items()}
    all_learn = {'backbone_frozen': 0.25, 'backbone_rate': 0.1}
    assert {**read, **all_learn} == {**script.LEARNING, **script.SCENES}
