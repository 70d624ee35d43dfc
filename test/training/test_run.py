# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import csv
import os
import subprocess
import sys

import pytest
from run_bench import QUICK, REACH, train
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.cli import main
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.trackers.registry import load_network
from siam_tracker_ros.training.engine import make_fabric
from siam_tracker_ros.training.recipes import RECIPES
from siam_tracker_ros.training.run_settings import RunSettings


def test_training_from_scratch_resumes_and_adapts(stills, sequence, tmp_path, texture, capsys):
    out = tmp_path / 'run'
    both = [str(stills), str(sequence)]
    options = ['--held-out', '0', '--licence', 'ours', '--validate-every', '1']
    assert (
        main(
            [
                'train',
                'siamfc',
                '--data',
                *both,
                '--out',
                str(out),
                *QUICK,
                '--init',
                'none',
                *options,
            ]
        )
        == 0
    )
    path = out / 'siamfc.safetensors'
    assert capsys.readouterr().out.strip() == str(path)
    assert (out / 'curves.png').is_file()
    with (out / 'metrics.csv').open() as file:
        assert [row['step'] for row in csv.DictReader(file)] == ['1', '2']

    checkpoint = weights.load(path)
    assert checkpoint.meta.tracker == 'siamfc'
    card = checkpoint.meta.training
    assert card['licence'] == 'ours'
    assert card['data'] == both
    assert card['fit']['steps'] == 2
    assert card['shots'] == 9

    tracker = trackers.create('siamfc', str(path), 'cpu')
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 60, 60))
    assert tracker.step(frame, [target])[0].box.is_valid

    # A finished run, asked for again, gives the same weights.
    again = [*QUICK, '--init', 'none', *options]
    assert main(['train', 'siamfc', '--data', *both, '--out', str(out), *again]) == 0
    assert all(
        torch.equal(tensor, checkpoint.tensors[name])
        for name, tensor in weights.load(path).tensors.items()
    )
    # Another rate is another run.
    capsys.readouterr()
    assert train(stills, out, '--init', 'none', '--rate', '0.5', *options) == 2
    assert 'was trained with other settings (rate)' in capsys.readouterr().err

    # The result is where the adaptation to a camera begins.
    adapted = tmp_path / 'adapted'
    assert train(stills, adapted, '--init', str(path), '--steps', '1', '--held-out', '0') == 0
    found = weights.load(adapted / 'siamfc.safetensors')
    assert found.meta.network == checkpoint.meta.network
    assert not torch.equal(
        found.tensors['backbone.conv5.weight'], checkpoint.tensors['backbone.conv5.weight']
    )


def test_the_matching_subnetwork_is_trained_by_the_same_words(stills, tmp_path, capsys):
    out = tmp_path / 'run'
    options = ['--init', 'none', '--held-out', '0', '--optimiser', 'sgd', '--rate', '0.0001']
    assert train(stills, out, *options, tracker='csn-matching') == 0
    path = out / 'csn-matching.safetensors'
    assert capsys.readouterr().out.strip() == str(path)
    meta = weights.load(path).meta
    assert meta.tracker == 'csn-matching'
    assert meta.training['fit']['optimiser'] == 'sgd'
    network, _ = load_network('csn-matching', Matching, str(path))
    assert network.backbone.channels == RECIPES['csn-matching'].light['widths'][-1]

    # It is where more training begins, and no other network's weights are.
    adapted = tmp_path / 'adapted'
    more = ['--init', str(path), '--steps', '1', '--held-out', '0']
    assert train(stills, adapted, *more, tracker='csn-matching') == 0
    assert weights.load(adapted / 'csn-matching.safetensors').meta.network == meta.network
    capsys.readouterr()
    assert train(stills, tmp_path / 'other', *more) == 2
    assert "belong to tracker 'csn-matching', expected 'siamfc'" in capsys.readouterr().err


@pytest.mark.parametrize(('tracker', 'network'), [('siamrpnpp', SiamRPN), ('crpn', CRPN)])
def test_networks_that_propose_are_trained_by_the_same_words(
    stills, tmp_path, light, capsys, tracker, network
):
    out = tmp_path / 'run'
    matching = tmp_path / 'matching.safetensors'
    tensors = Matching(**light['arguments']).state_dict()
    weights.save(matching, weights.Checkpoint(tensors, weights.Meta('csn-matching')))
    options = ['--init', 'none', '--held-out', '0.25', '--backbone', str(matching)]
    more = ['--backbone-frozen', '1', '--validate-every', '1', '--licence', 'ours']
    assert train(stills, out, *options, *more, tracker=tracker) == 0
    path = out / f'{tracker}.safetensors'
    assert capsys.readouterr().out.strip() == str(path)
    assert (out / 'curves.png').is_file()
    with (out / 'metrics.csv').open() as file:
        assert all(float(row['held_out_iou']) >= 0 for row in csv.DictReader(file))
    found = weights.load(path)
    name = 'backbone.stem.0.weight'
    assert torch.equal(found.tensors[name], tensors[name].half())
    card = found.meta.training
    assert (card['licence'], card['backbone']) == ('ours', str(matching))
    assert card['data'] == [str(stills)]
    assert card['shots'] == 6
    assert card['fit']['optimiser'] == 'sgd'
    assert card['scenes']['shift'] == 8.0
    built, _ = load_network(tracker, network, str(path))
    assert built.anchors.count == 5

    # It is where more training begins.
    adapted = tmp_path / 'adapted'
    more = ['--init', str(path), '--steps', '1', '--held-out', '0']
    assert train(stills, adapted, *more, tracker=tracker) == 0
    assert weights.load(adapted / f'{tracker}.safetensors').meta.network == found.meta.network


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--teacher', 'siamfc'], 'siamrpnpp has no response maps that one could show'),
        (['--backbone', 'siamfc'], 'hold no backbone of these layers'),
        (['--follower', 'nobody'], 'follower is nobody: expected auto, or a tracker'),
        (['--follower', 'csn-matching'], 'csn-matching: expected auto, or a tracker'),
        (['--shift', '64'], 'shift is 64: expected at most 16 px'),
        (['--bend', '3'], 'bend is 3: expected 0, because the box of a bent object is not'),
        (['--negative-overlap', '0.7'], 'negative_overlap is 0.7: expected at most'),
        (['--radius', '2'], 'unrecognized arguments: --radius 2'),
    ],
)
def test_mistakes_about_proposals_are_one_sentence(
    stills, footage, tmp_path, light, capsys, options, sentence
):
    (stills / 'yard.mp4').write_bytes((footage / 'yard.mp4').read_bytes())
    assert train(stills, tmp_path / 'out', '--init', 'none', *options, tracker='siamrpnpp') == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (
            ['--data', 'nowhere', '--init', 'none'],
            'training data nowhere: there is no such',
        ),
        (['--init', 'nowhere.safetensors'], 'weights nowhere.safetensors: there is no such file'),
        (['--search-size', '144'], 'search_size is 144'),
        (['--steps', '0'], 'steps is 0: expected a whole number of at least 1'),
        (['--rate', 'nan'], 'rate is nan'),
        (['--nodes', '2'], 'nodes is 2: start the command with torchrun on each machine'),
        (['--devices', '3'], 'batch is 4: expected a multiple of the 3 devices that share it'),
    ],
)
def test_mistakes_are_one_sentence(stills, tmp_path, capsys, monkeypatch, options, sentence):
    for name in ('WORLD_SIZE', 'SLURM_JOB_ID', 'NODE_RANK'):
        monkeypatch.delenv(name, raising=False)
    assert train(stills, tmp_path / 'out', *options) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert 'Traceback' not in error


@pytest.mark.parametrize('module', ['lightning_fabric', 'kornia', 'matplotlib.figure'])
def test_a_missing_package_is_told_before_training(stills, tmp_path, capsys, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert train(stills, tmp_path / 'out', '--init', 'none', '--held-out', '0') == 2
    error = capsys.readouterr().err
    assert "install it with `pip install '.[train]'`" in error
    assert not (tmp_path / 'out' / 'metrics.csv').exists()


def test_one_image_is_too_few(tmp_path, stills, capsys):
    for path in sorted(stills.glob('*/*.png'))[1:]:
        path.unlink()
    assert train(stills, tmp_path / 'out', '--init', 'none', '--held-out', '0') == 2
    assert 'only 1 images or sequences to train on' in capsys.readouterr().err


def test_an_output_that_is_a_file_is_refused(stills, tmp_path, capsys):
    (tmp_path / 'out').write_text('')
    assert train(stills, tmp_path / 'out') == 2
    assert 'is a file: expected a folder' in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes_train_one_network(stills, tmp_path):
    # Whose backbone begins to learn in the second step: the engine is set up anew there.
    tracker, more = 'siamrpnpp', ['--backbone-frozen', '0.5', *REACH]
    out = tmp_path / 'out'
    engine = ['--standalone', '--nproc_per_node', '2', '--module', 'siam_tracker_ros.cli']
    words = ['train', tracker, '--data', str(stills), '--out', str(out), *QUICK, *more]
    options = ['--init', 'none', '--devices', '2', '--held-out', '0.25', '--validate-every', '2']
    done = subprocess.run(
        ['nice', sys.executable, '-m', 'torch.distributed.run', *engine, *words, *options],
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # One of them writes, and a step of all is a step.
    with (out / 'metrics.csv').open() as file:
        assert [row['step'] for row in csv.DictReader(file)] == ['1', '2']
    path = out / f'{tracker}.safetensors'
    assert weights.load(path).meta.training['shots'] == 6
    load_network(tracker, RECIPES[tracker].network, str(path))


@pytest.mark.parametrize(('able', 'precision'), [(True, 'bf16-mixed'), (False, '32-true')])
def test_the_number_format_is_one_that_the_device_is_made_for(monkeypatch, able, precision):
    monkeypatch.setattr('siam_tracker_ros.training.engine.computes_bfloat16', lambda device: able)
    chosen = make_fabric(RunSettings(accelerator='cpu'))
    assert chosen._precision.precision == precision
    asked = make_fabric(RunSettings(accelerator='cpu', precision='32-true'))
    assert asked._precision.precision == '32-true'
