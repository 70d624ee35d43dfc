# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The score of any tracker's weights is fitted on labelled sequences."""

import os
from pathlib import Path
import runpy
import sys

import pytest
import torch
from torch import nn

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.training.fit_score import FITTED

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'fit_score.py'
BACKBONE = {'widths': [4, 8, 16], 'depths': [1, 1]}
NETWORKS = {
    'siamfc': (SiamFC, {'widths': [4, 8, 8, 8, 8], 'groups': 2}),
    'siamrpnpp': (
        SiamRPN, {'backbone': 'cropped_resnet', 'arguments': BACKBONE, 'channels': [8]}
    ),
    'crpn': (CRPN, {'backbone': 'cropped_resnet', 'arguments': BACKBONE, 'stages': 1,
                    'block': 'depthwise'}),
}  # fmt: skip
QUICK = ['search_size=191', 'lost_search_size=255']


def checkpoint(name, folder):
    """A random network's, whose score is not fitted."""
    torch.manual_seed(3)
    build, shape = NETWORKS[name]
    network = build(**shape)
    if name != 'siamfc':
        # The anchors as they are, so that some of what a random network proposes is right.
        for block in network.blocks if name == 'siamrpnpp' else network.stages[0].blocks:
            nn.init.zeros_(block.deltas.fuse[-1].weight)
            nn.init.zeros_(block.deltas.fuse[-1].bias)
    meta = weights.Meta(name, shape, {'confidence_bias': 7.0}, {'command': f'train {name}'})
    path = folder / f'{name}.safetensors'
    return weights.save(path, weights.Checkpoint(network.state_dict(), meta))


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name='__main__')
    return ended.value.code


@pytest.mark.parametrize('name', NETWORKS)
def test_a_fitted_file_has_another_score_and_the_same_network(
    name, tracks, tmp_path, monkeypatch, capsys
):
    path, out = checkpoint(name, tmp_path), tmp_path / 'out' / 'fitted.safetensors'
    words = ['--tracks', tracks, '--easy', tracks, '--check', tracks, '--device', 'cpu']
    assert run(monkeypatch, path, out, *words, '--set', *QUICK) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == str(out)
    assert 'sequences: 2, 46 frames' in said
    before, after = weights.load(path), weights.load(out)
    assert all(torch.equal(after.tensors[key], value) for key, value in before.tensors.items())
    assert after.meta.settings['search_size'] == 191
    assert after.meta.settings['confidence_bias'] != 7.0
    # None has a classifier here, and so no weight of its margin.
    fitted = {key for key in FITTED if key in after.meta.settings}
    assert fitted == set(FITTED) - {'confidence_margin'}
    card = after.meta.training
    assert [line.split()[0] for line in card['command'].splitlines()] == [
        'train',
        'scripts/fit_score.py',
    ]
    assert (card['fitted_sequences'], card['easy_frames']) == (2, 48)


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (['--set', 'peaks=3'], "unknown setting 'peaks': expected one"),
        (['--set', 'scales=2'], 'scales is 2: expected an odd number'),
        (['--set', 'found_score=0.9'], 'found_score is fitted on the sequences: leave it out'),
        (['--check', '{none}'], 'folder {none} does not exist: give a folder of sequences'),
    ],
)
def test_the_script_says_what_is_wrong_in_a_sentence(
    tracks, tmp_path, monkeypatch, capsys, words, sentence
):
    none, out = tmp_path / 'none', tmp_path / 'out.safetensors'
    words = [word.format(none=none) for word in words]
    path = checkpoint('siamfc', tmp_path)
    assert run(monkeypatch, path, out, '--tracks', tracks, *words) == 2
    assert capsys.readouterr().err.startswith(f'fit_score: {sentence.format(none=none)}')
    assert not out.exists()


def test_the_script_can_be_run():
    assert os.access(SCRIPT, os.X_OK)


def test_an_ending_that_is_another_kinds_is_refused_before_the_work(
    tracks, tmp_path, monkeypatch, capsys
):
    path = checkpoint('siamfc', tmp_path)
    assert run(monkeypatch, path, tmp_path / 'out.pth', '--tracks', tracks) == 2
    said = capsys.readouterr().err
    assert 'out.pth would not be readable by its name: give one that ends in .safetensors' in said
    assert 'fit:' not in said
    # Whoever writes without asking before is refused, too.
    with pytest.raises(UserError, match=r'ends in \.safetensors'):
        weights.save(tmp_path / 'out.pth', weights.load(path))


def test_weights_of_a_part_are_refused(tracks, tmp_path, monkeypatch, capsys):
    path = tmp_path / 'part.safetensors'
    weights.save(path, weights.Checkpoint({'a': torch.zeros(1)}, weights.Meta('csn-matching')))
    assert run(monkeypatch, path, tmp_path / 'out.safetensors', '--tracks', tracks) == 2
    said = capsys.readouterr().err
    assert f"weights {path} belong to 'csn-matching', which is no tracker: give those of" in said
    assert 'scripts/join_csn.py' in said


def test_weights_of_siamfc_become_those_of_dsiam(tracks, tmp_path, monkeypatch, capsys):
    path, out = checkpoint('siamfc', tmp_path), tmp_path / 'dsiam.safetensors'
    words = ['--tracker', 'dsiam', '--tracks', tracks, '--device', 'cpu', '--set', *QUICK]
    assert run(monkeypatch, path, out, *words) == 0
    before, after = weights.load(path), weights.load(out)
    assert after.meta.tracker == 'dsiam'
    assert all(torch.equal(after.tensors[key], value) for key, value in before.tensors.items())
    # It is whole: nothing is borrowed any more.
    assert trackers.create('dsiam', str(out), 'cpu').network.layers == (5,)
    assert '--tracker dsiam' in after.meta.training['command']


def test_weights_that_do_not_serve_a_tracker(tracks, tmp_path, monkeypatch, capsys):
    path = checkpoint('siamfc', tmp_path)
    words = ['--tracker', 'crpn', '--tracks', tracks, '--device', 'cpu']
    assert run(monkeypatch, path, tmp_path / 'out.safetensors', *words) == 2
    assert "belong to tracker 'siamfc', expected 'crpn'" in capsys.readouterr().err
