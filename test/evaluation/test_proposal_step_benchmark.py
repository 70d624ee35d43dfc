# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The script that compares a step of ``siamrpnpp`` with an eager one, as a user runs it."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from siam_tracker_ros import weights
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.rendering import RenderedFrame
from siam_tracker_ros.trackers.crops import cut, search_windows

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device('cpu')
NETWORK = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [8, 8, 16], 'depths': [2, 2]},
    'channels': [8, 8],
}


@pytest.fixture(scope='module')
def script():
    path = ROOT / 'benchmarks' / 'proposal_step.py'
    spec = importlib.util.spec_from_file_location('proposal_step', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clip(texture):
    """A textured ground that moves 4 px a frame, and the target with it."""
    ground = texture(300, 400)
    return [
        RenderedFrame(np.ascontiguousarray(ground[:, k : k + 340]), Box(180.0 - k, 140, 60, 50), 1)
        for k in range(0, 24, 4)
    ]


@pytest.fixture
def both(script, clip):
    network = script.random_network(NETWORK, clip)
    return script.pair(network, weights.Meta('siamrpnpp', NETWORK), CPU)


@pytest.fixture
def rendered(script, clip, monkeypatch):
    """The script gets this clip, whatever is installed."""
    monkeypatch.setattr(script, 'Clip', lambda frames: clip[:frames])
    return clip


@pytest.fixture
def stored(script, rendered, tmp_path):
    """The path of a checkpoint of a small random network."""
    network = script.random_network(NETWORK, rendered)
    meta = weights.Meta('siamrpnpp', NETWORK, {'penalty': 0.1})
    return weights.save(
        tmp_path / 'small.safetensors', weights.Checkpoint(network.state_dict(), meta)
    )


def test_both_steps_find_the_same_boxes(script, both, clip):
    assert script.disagreement(*both, clip) < 0.1
    # They find something, not the last box again.
    last = script.unresized(clip[3].box, both[1].settings)
    found = both[1].step(clip[3].image, last)
    assert np.abs(np.subtract(found.ltrb, last.ltrb)).max() > 0.5


def test_only_ours_is_folded(both):
    ours, eager = both
    assert eager.settings is ours.tracker.settings
    assert not eager.settings.keep_first_box

    def norms(network):
        return [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]

    assert len(norms(ours.tracker.network)) < len(norms(eager.network))
    assert not any(norm.training for norm in norms(eager.network))


# Pixels as they are, inside and over two corners; and resized.
@pytest.mark.parametrize(
    'box',
    [
        Box(150.5, 120.5, 63.5, 63.5), Box(20.5, 290.5, 63.5, 63.5), Box(330.5, 4.5, 63.5, 63.5),
        Box(150.0, 120.0, 50.8, 50.8),
    ],
)  # fmt: skip
def test_crops_are_those_of_the_tracker(both, clip, box):
    ours, eager = both
    image, size = clip[0].image, eager.settings.search_size
    ours.start(image, clip[0].box)
    eager.start(image, clip[0].box)
    windows = search_windows([box], size, [1.0], eager.settings)
    wanted = cut(Frame.from_numpy(image), windows, size, ours.target.fill, torch.float32)
    found = eager.crop(image, box, windows[0].side, size).flip(1)
    # OpenCV repeats the last pixels of what it resizes, where there are others in the image.
    apart = (found - wanted)[..., 1:-1, 1:-1].abs()
    # A border has the rounded mean of all pixels here, the mean of some there.
    assert apart.max() < 3.0


def test_steps_take_turns(script, clip):
    # Beside the script, which has been loaded.
    from turns import WARM

    class Counted:
        def __init__(self, name):
            self.name = name

        def start(self, image, box):
            pass

        def step(self, image, last):
            calls.append((self.name, next(i for i, f in enumerate(clip) if f.image is image)))

    calls = []
    seconds = script.take_turns({'a': Counted('a'), 'b': Counted('b')}, clip)
    # Whoever was second begins the next turn.
    turns = [('a', range(1, 5)), ('b', range(1, 5)), ('b', [5]), ('a', [5])]
    assert calls[2 * WARM :] == [(name, k) for name, frames in turns for k in frames]
    assert {name: len(times) for name, times in seconds.items()} == {'a': 5, 'b': 5}


def test_a_table_is_printed_and_kept(script, stored, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(script, 'computes_bfloat16', lambda device: True)
    table = tmp_path / 'new' / 'step.json'
    words = ['--device', 'cpu', '--threads', '1', '--frames', '6', '--table', str(table)]
    assert script.main(['--weights', str(stored), *words]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    found = json.loads(table.read_text())
    assert {'date', 'cpu', 'gpu', 'torch'} <= set(found['run'])
    run = found['run']
    assert (run['device'], run['threads'], run['frames']) == ('cpu', '1', '6')
    # Not the folder that it lay in.
    assert list(found['networks']) == ['small.safetensors']
    row = found['networks']['small.safetensors']
    assert set(row) == {'ours', 'eager', 'ratio', 'apart', 'bfloat16', 'bfloat16_ratio'}
    for step in ('ours', 'eager', 'bfloat16'):
        assert 0 < row[step]['p50'] <= row[step]['p95']
    assert row['ratio'] == pytest.approx(row['eager']['p50'] / row['ours']['p50'])
    assert row['bfloat16_ratio'] == pytest.approx(row['eager']['p50'] / row['bfloat16']['p50'])
    assert row['apart'] <= script.TOLERANCE
    assert '| step (ms) | ours p50 | ours p95 | eager p50 | eager p95 | eager / ours |' in printed
    assert '| small.safetensors | ' in printed


def test_without_bfloat16_there_are_two_steps(script, stored, tmp_path, monkeypatch):
    monkeypatch.setattr(script, 'computes_bfloat16', lambda device: False)
    table = tmp_path / 't.json'
    words = ['--device', 'cpu', '--threads', '1', '--frames', '2', '--table', str(table)]
    assert script.main(['--weights', str(stored), *words]) == 0
    [row] = json.loads(table.read_text())['networks'].values()
    assert (row['bfloat16'], row['bfloat16_ratio']) == (None, None)
    assert row['ratio'] > 0


def test_the_networks_are_those_that_can_be_trained(script):
    for word in script.NETWORKS:
        assert 'backbone' in script.RECIPES['siamrpnpp'].arguments(word)


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--frames', '1'], '--frames is 1: expected at least 2'),
        (['--threads', '0'], '--threads is 0: expected at least 1'),
        (['--device', 'tpu'], "unknown device 'tpu'"),
        (['--networks', 'vgg'], 'network is vgg: expected one of'),
        (['--weights', 'none.safetensors'], 'there is no such file'),
    ],
)
def test_a_mistake_is_one_sentence(script, rendered, words, said, tmp_path, capsys):
    words = ['--device', 'cpu', '--threads', '1', *words, '--table', str(tmp_path / 't.json')]
    assert script.main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith('proposal_step: ')
    assert said in error
    assert error.count('\n') == 1


def test_steps_that_find_other_boxes_are_not_timed(
    script, stored, monkeypatch, tmp_path, capsys
):
    damped = script.Eager.damped
    monkeypatch.setattr(script.Eager, 'damped', lambda self, *rest: damped(self, *rest) + 4.0)
    table = tmp_path / 't.json'
    words = ['--device', 'cpu', '--threads', '1', '--frames', '3', '--table', str(table)]
    assert script.main(['--weights', str(stored), *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith('proposal_step: small.safetensors: the boxes of the two steps differ')
    assert error.count('\n') == 1
    assert not table.exists()
