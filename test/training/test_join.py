# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
import runpy
import sys

import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.backbones.resnet import CROP
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.online.classifier_settings import LIGHT
from siam_tracker_ros.training.fit_score import FITTED
from siam_tracker_ros.training.join import join, joined

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'join_csn.py'
TERMS = {'licence': 'ours', 'data': ['stills']}
PARTS = {
    'csn-matching': (Matching, {'widths': [4, 8, 16], 'depths': [1, 1], 'padding': CROP}),
    'csn-classification': (ClassificationNetwork, {'widths': [4, 6, 8], 'hidden': 8}),
}
QUICK = ['search_size=191', 'lost_search_size=255', 'scales=1', 'start_iterations=2']


@pytest.fixture
def parts(tmp_path):
    """Checkpoints of two random subnetworks."""
    torch.manual_seed(3)
    paths = []
    for name, (build, shape) in PARTS.items():
        card = {**TERMS, 'command': f'train {name}', 'init': 'a file', 'fit': {'steps': 3}}
        if name == 'csn-classification':
            card['data'] = ['stills', 'mined']
        # A score of pairs is not one of the cascade.
        settings = {'confidence_bias': 7.0} if name == 'csn-matching' else {}
        meta = weights.Meta(name, shape, settings, card)
        path = tmp_path / f'{name}.safetensors'
        paths.append(weights.save(path, weights.Checkpoint(build(**shape).state_dict(), meta)))
    return paths


def part(path):
    """A subnetwork as its own checkpoint has it."""
    checkpoint = weights.load(path)
    network = PARTS[checkpoint.meta.tracker][0](**checkpoint.meta.network)
    checkpoint.fill(network)
    return network.eval()


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name='__main__')
    return ended.value.code


def test_a_joined_file_computes_what_the_parts_do(parts, tracks, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'out' / 'csn.safetensors'
    words = [*parts, out, '--tracks', tracks, '--easy', tracks, '--check', tracks]
    values = [*QUICK, 'peak_upsampling=4']
    assert run(monkeypatch, *words, '--set', *values, '--device', 'cpu') == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == str(out)
    assert 'sequences: 2, 46 frames' in said

    tracker = trackers.create('csn', weights=str(out), device='cpu')
    crops = torch.rand(2, 3, 127, 127) * 255
    patches = torch.rand(2, 3, 107, 107) * 255
    matching, classification = map(part, parts)
    with torch.inference_mode():
        for mine, own, images in (
            (tracker.network.matching, matching, crops),
            (tracker.network.classification, classification, patches),
        ):
            torch.testing.assert_close(mine.features(images), own.features(images))

    meta = weights.load(out).meta
    assert set(FITTED) <= set(meta.settings)
    assert meta.settings['peak_upsampling'] == 4
    assert meta.settings['confidence_bias'] != 7.0
    # --set goes before what a light network needs.
    for name, value in LIGHT.to_dict().items():
        assert getattr(tracker.settings, name) == (2 if name == 'start_iterations' else value)
    card = meta.training
    commands = card['command'].splitlines()
    assert commands[:2] == ['train csn-matching', 'train csn-classification']
    assert commands[2].startswith('scripts/join_csn.py ')
    assert (card['data'], card['licence']) == (['stills', 'mined'], 'ours')
    assert card['matching'] == card['classification'] == {'fit': {'steps': 3}}
    assert (card['fitted_sequences'], card['fitted_frames']) == (2, 48)
    assert (card['easy_sequences'], card['easy_frames']) == (2, 48)


@pytest.mark.parametrize(
    ('order', 'sentence'),
    [
        ((1, 0), "belong to 'csn-classification', expected 'csn-matching': give a file that "),
        ((0, 0), "belong to 'csn-matching', expected 'csn-classification': give a file that "),
    ],
)
def test_weights_of_another_network_are_refused(parts, tmp_path, order, sentence):
    with pytest.raises(UserError) as refused:
        join(*(parts[i] for i in order), tmp_path / 'csn.safetensors', [])
    assert sentence in str(refused.value)
    assert not (tmp_path / 'csn.safetensors').exists()


def test_weights_of_a_tracker_are_refused(parts, small_weights, tmp_path):
    with pytest.raises(UserError, match="belong to 'siamfc', expected 'csn-matching'"):
        join(small_weights, parts[1], tmp_path / 'csn.safetensors', [])


@pytest.mark.parametrize('name', FITTED)
def test_what_the_fit_decides_cannot_be_set(parts, name):
    with pytest.raises(UserError, match=f'{name} is fitted on the sequences: leave it out'):
        joined(*map(weights.load, parts), {name: 0.4})


def test_terms_that_differ_are_all_named(parts):
    one, other = map(weights.load, parts)
    card = {**other.meta.training, 'licence': 'theirs'}
    other = weights.Checkpoint(other.tensors, weights.Meta('', other.meta.network, {}, card))
    assert joined(one, other, {}).meta.training['licence'] == 'ours; theirs'


@pytest.mark.parametrize(
    ('place', 'sentence'),
    [
        ('', 'checkpoint .* is a folder'),
        ('tracks.txt/csn.safetensors', 'folder .*tracks.txt cannot be made'),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_fit(
    parts, tmp_path, place, sentence
):
    (tmp_path / 'tracks.txt').write_text('a file')

    def tracks():
        raise AssertionError('the fit began')
        yield

    with pytest.raises(UserError, match=sentence):
        join(*parts, tmp_path / place, tracks())


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (['--tracks', '{none}'], 'folder {none} does not exist: give a folder of sequences'),
        (['--tracks', '{tracks}', '--check', '{none}'], 'folder {none} does not exist: give a'),
        (['--tracks', '{tracks}', '--set', 'peaks=3'], "unknown setting 'peaks': expected one"),
        (['--tracks', '{tracks}', '--set', 'scales=2'], 'scales is 2: expected an odd number'),
    ],
)
def test_the_script_says_what_is_wrong_in_a_sentence(
    parts, tracks, tmp_path, monkeypatch, capsys, words, sentence
):
    places = {'none': tmp_path / 'none', 'tracks': tracks}
    out = tmp_path / 'csn.safetensors'
    words = [word.format(**places) for word in words]
    assert run(monkeypatch, *parts, out, *words) == 2
    assert capsys.readouterr().err.startswith(f'join_csn: {sentence.format(**places)}')
    assert not out.exists()
