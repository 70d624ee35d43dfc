# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker train dsiam``, from folders to a checkpoint."""

import pytest
from run_bench import train
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import trackers, weights

QUICK = ['--search-size', '159', '--batch', '2', '--frames', '3', '--steps', '1']


def joint(data, out, init, *options):
    words = [*QUICK, '--init', str(init), *options]
    return train(data, out, *words, tracker='dsiam')


@pytest.fixture
def sequences(sequence):
    """A folder of two short sequences."""
    other = sequence.parent / 'other'
    other.mkdir()
    for file in sequence.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    return sequence.parent


def test_weights_of_siamfc_become_those_of_a_dsiam(sequences, small_weights, tmp_path):
    assert joint(sequences, tmp_path / 'one', small_weights) == 0
    found = weights.load(tmp_path / 'one' / 'dsiam.safetensors')
    assert found.meta.tracker == 'dsiam'
    assert found.meta.settings['certain_score'] == 0.4
    assert 'layers' not in found.meta.network
    trackers.create('dsiam', str(tmp_path / 'one' / 'dsiam.safetensors'), 'cpu')

    # And these a DSiamM, with what they have learned.
    trained = tmp_path / 'one' / 'dsiam.safetensors'
    still = ['--rate', '0', '--begin-lambda-w', '3']
    assert joint(sequences, tmp_path / 'two', trained, '--network', 'multi', *still) == 0
    more = weights.load(tmp_path / 'two' / 'dsiam.safetensors')
    assert more.meta.network == {**found.meta.network, 'layers': [4, 5]}
    assert torch.equal(more.tensors['log_lambda_v'], found.tensors['log_lambda_v'].expand(2))
    torch.testing.assert_close(more.tensors['log_lambda_w'].exp(), torch.full((2,), 3.0))
    assert more.tensors['shares'].shape == (1, 17, 17)
    tracker = trackers.create('dsiam', str(tmp_path / 'two' / 'dsiam.safetensors'), 'cpu')
    assert tracker.network.layers == (4, 5)


def test_features_of_another_network_are_enough(sequences, small_weights, tmp_path, monkeypatch):
    from dataclasses import replace

    from siam_tracker_ros.training.recipes import RECIPES

    light = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
    monkeypatch.setitem(RECIPES, 'dsiam', replace(RECIPES['dsiam'], light=light))
    words = ['--network', 'multi', '--backbone', str(small_weights), '--rate', '0']
    assert joint(sequences, tmp_path / 'out', 'none', *words) == 0
    found = weights.load(tmp_path / 'out' / 'dsiam.safetensors')
    assert found.meta.network == {**light, 'layers': [4, 5]}
    name = 'backbone.conv1.0.weight'
    lent = weights.load(small_weights).tensors[name]
    assert torch.equal(found.tensors[name], lent.to(found.tensors[name].dtype))


def test_one_sequence_is_enough(sequence, small_weights, tmp_path):
    assert joint(sequence, tmp_path / 'out', small_weights) == 0
    found = weights.load(tmp_path / 'out' / 'dsiam.safetensors')
    assert found.meta.training['shots'] == 1


@pytest.mark.parametrize(
    ('init', 'options', 'said'),
    [
        ('none', [], 'dsiam learns from what it can follow: give --init auto, the weights of'),
        (None, ['--frames', '9'], 'in 9 images in a row (the longest run has 6): give longer'),
        (None, ['--teacher', 'siamfc'], 'learns them from clips; leave out --teacher'),
        (None, ['--network', 'resnet18'], 'network is resnet18: expected one of those of DSiam'),
        (None, ['--search-size', '151'], 'expected 143 plus a multiple of 16'),
        (None, ['--backbone', 'siamfc'], 'which has a backbone: leave out one of them'),
    ],
)
def test_what_cannot_be_meant_is_refused(
    sequences, small_weights, tmp_path, capsys, init, options, said
):
    assert joint(sequences, tmp_path / 'out', init or small_weights, *options) == 2
    assert said in capsys.readouterr().err


def test_stills_alone_are_refused(stills, small_weights, tmp_path, capsys):
    assert joint(stills, tmp_path / 'out', small_weights) == 2
    assert 'no sequence shows its object in 3 images in a row' in capsys.readouterr().err
