# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import csv
from dataclasses import replace
import os
import subprocess
import sys

import pytest
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.cli import main
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.trackers.registry import load_network
from siam_tracker_ros.training import run
from siam_tracker_ros.training.recipes import RECIPES
from siam_tracker_ros.training.run import RunSettings, make_fabric
from siam_tracker_ros.video import VideoWriter

SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
QUICK = [
    '--steps',
    '2',
    '--batch',
    '4',
    '--search-size',
    '143',
    '--accelerator',
    'cpu',
    '--precision',
    '32-true',
]


MINING = ['--segments', '1', '--length', '4', '--skip', '1', '--objects', '3', '--travel', '0']


@pytest.fixture
def footage(tmp_path, texture):
    """A folder with a short video of a scene that stands still."""
    folder = tmp_path / 'footage'
    folder.mkdir()
    with VideoWriter(folder / 'yard.mp4', 10.0) as writer:
        for _ in range(6):
            writer.write(texture(120, 160, 3))
    return folder


# How far the map of a crop of 143 px reaches where nothing is padded.
REACH = ['--shift', '8']


def train(data, out, *options, tracker='siamfc'):
    quick = [*QUICK, *(REACH if tracker == 'siamrpnpp' else [])]
    return main(['train', tracker, '--data', str(data), '--out', str(out), *quick, *options])


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


@pytest.fixture
def light(monkeypatch):
    """SiamRPN++ as it is trained, but with few channels."""
    arguments = {'widths': [8, 8, 16], 'depths': [1, 2]}
    network = {'backbone': 'cropped_resnet', 'arguments': arguments, 'channels': [8, 8]}
    monkeypatch.setitem(RECIPES, 'siamrpnpp', replace(RECIPES['siamrpnpp'], light=network))
    return network


def test_a_network_that_proposes_is_trained_by_the_same_words(stills, tmp_path, light, capsys):
    out = tmp_path / 'run'
    matching = tmp_path / 'matching.safetensors'
    tensors = Matching(**light['arguments']).state_dict()
    weights.save(matching, weights.Checkpoint(tensors, weights.Meta('csn-matching')))
    options = ['--init', 'none', '--held-out', '0.25', '--backbone', str(matching)]
    more = ['--backbone-frozen', '1', '--validate-every', '1', '--licence', 'ours']
    assert train(stills, out, *options, *more, tracker='siamrpnpp') == 0
    path = out / 'siamrpnpp.safetensors'
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
    network, _ = load_network('siamrpnpp', SiamRPN, str(path))
    assert network.anchors.count == 5

    # It is where more training begins.
    adapted = tmp_path / 'adapted'
    more = ['--init', str(path), '--steps', '1', '--held-out', '0']
    assert train(stills, adapted, *more, tracker='siamrpnpp') == 0
    assert weights.load(adapted / 'siamrpnpp.safetensors').meta.network == found.meta.network


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--teacher', 'siamfc'], 'siamrpnpp has no response maps that one could show'),
        (['--backbone', 'siamfc'], 'hold no backbone of these layers'),
        (['--follower', 'nobody'], 'follower is nobody: expected auto, or a tracker'),
        (['--follower', 'siamrpnpp'], 'siamrpnpp: expected auto, or a tracker'),
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
    ('options', 'what'),
    [(['--backbone', 'siamfc'], 'backbone'), (['--network', 'resnet18'], 'network')],
)
def test_a_beginning_is_not_given_twice(stills, small_weights, tmp_path, capsys, options, what):
    init = ['--init', str(small_weights)] if what == 'backbone' else []
    tracker = 'siamfc' if what == 'backbone' else 'siamrpnpp'
    assert train(stills, tmp_path / 'out', *init, *options, tracker=tracker) == 2
    assert f'which has a {what}: leave out one of them' in capsys.readouterr().err


def test_a_network_without_shipped_weights_must_begin_with_something(stills, tmp_path, capsys):
    if any(entry.tracker == 'siamrpnpp' for entry in weights.entries()):
        pytest.skip('weights of siamrpnpp ship with this checkout')
    assert train(stills, tmp_path / 'out', tracker='siamrpnpp') == 2
    said = capsys.readouterr().err
    assert 'no weights of siamrpnpp ship, so training cannot begin with them: give --init ' in said


def test_a_follower_is_checked_before_the_engine_starts(stills, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, 'make_fabric', pytest.fail)
    # Without videos, too.
    options = ['--init', 'none', '--follower', 'siamrpnpp']
    assert train(stills, tmp_path / 'out', *options) == 2
    assert 'follower is siamrpnpp: expected auto' in capsys.readouterr().err


def as_torchvision(network):
    """The state dict of a ResNet-18 by torchvision's names, with random numbers."""
    tensors = {'fc.bias': torch.zeros(1000)}
    parts = {'residual.0': 'conv1', 'residual.1': 'bn1', 'residual.3': 'conv2'}
    parts |= {'residual.4': 'bn2', 'shortcut.0': 'downsample.0', 'shortcut.1': 'downsample.1'}
    for name, tensor in network.backbone.state_dict().items():
        module, _, leaf = name.rpartition('.')
        if module.startswith('stem'):
            there = {'stem.0': 'conv1', 'stem.1': 'bn1'}[module]
        else:
            _, layer, unit, part = module.split('.', 3)
            there = f'layer{int(layer) + 1}.{unit}.{parts[part]}'
        shape = (*tensor.shape[:2], 1, 1) if 'downsample.0' in there else tensor.shape
        if leaf != 'num_batches_tracked':
            # Kernels that keep the size of what they see.
            kernel = torch.randn(shape) / tensor[0].numel() ** 0.5
            tensors[f'{there}.{leaf}'] = kernel if kernel.dim() == 4 else torch.rand(shape) + 0.5
    return tensors


def test_a_network_of_torchvisions_layers_begins_with_its_weights(stills, tmp_path, capsys):
    recipe = RECIPES['siamrpnpp']
    tensors = as_torchvision(SiamRPN(**recipe.others['resnet18']))
    # As the file has them.
    assert tensors['conv1.weight'].shape == (64, 3, 7, 7)
    assert tensors['layer4.0.downsample.0.weight'].shape == (512, 256, 1, 1)
    torch.save(tensors, tmp_path / 'resnet18.pth')
    backbone = ['--init', 'none', '--backbone', str(tmp_path / 'resnet18.pth')]
    more = ['--held-out', '0', '--steps', '1', '--batch', '2', '--backbone-frozen', '1']
    options = [*backbone, *more, '--network', 'resnet18']
    out = tmp_path / 'out'
    assert train(stills, out, *options, tracker='siamrpnpp') == 0
    found = weights.load(out / 'siamrpnpp.safetensors')
    assert found.meta.network == recipe.others['resnet18']
    assert found.meta.training['network'] == 'resnet18'
    for ours, theirs in (
        ('layers.3.1.residual.3.weight', 'layer4.1.conv2.weight'),
        ('layers.3.1.residual.4.running_mean', 'layer4.1.bn2.running_mean'),
    ):
        tensor = found.tensors[f'backbone.{ours}']
        assert torch.equal(tensor, tensors[theirs].to(tensor.dtype))

    # The light one has other layers.
    capsys.readouterr()
    assert train(stills, tmp_path / 'light', *backbone, *more, tracker='siamrpnpp') == 2
    assert 'hold no backbone of these layers' in capsys.readouterr().err
    # A resumed run begins with the same weights.
    assert train(stills, out, *options[:3], 'csn', *options[4:], tracker='siamrpnpp') == 2
    assert 'hold no backbone of these layers' in capsys.readouterr().err
    tensors['conv1.weight'] += 1.0
    torch.save(tensors, tmp_path / 'resnet18.pth')
    assert train(stills, out, *options, tracker='siamrpnpp') == 2
    assert 'was trained with other settings (backbone)' in capsys.readouterr().err


@pytest.mark.parametrize('word', ['resnet34', 'resnet50', 'mobilenetv2', 'alexnet'])
def test_every_network_is_one_that_the_package_builds(word):
    arguments = RECIPES['siamrpnpp'].arguments(word)
    with torch.device('meta'):
        network = SiamRPN(**arguments)
    widths = {'resnet34': 64, 'resnet50': 64, 'mobilenetv2': 32, 'alexnet': 64}
    # That of torchvision's first layer.
    assert next(network.backbone.parameters()).shape[0] == widths[word]


def test_a_network_of_another_tracker_is_refused(stills, tmp_path, capsys):
    assert train(stills, tmp_path / 'out', '--init', 'none', '--network', 'resnet18') == 2
    assert 'network is resnet18: expected one of those of SiamFC, light' in capsys.readouterr().err


@pytest.fixture
def followers(monkeypatch):
    """Names of the trackers that training makes by their name."""
    made, create = [], run.create
    monkeypatch.setattr(run, 'create', lambda n, **k: made.append(n) or create(n, **k))
    return made


@pytest.mark.usefixtures('light', 'shipped_weights')
def test_siamfc_follows_for_a_network_that_proposes(stills, footage, tmp_path, followers):
    out = tmp_path / 'out'
    (stills / 'yard.mp4').write_bytes((footage / 'yard.mp4').read_bytes())
    options = ['--init', 'none', '--held-out', '0', *MINING]
    assert train(stills, out, *options, tracker='siamrpnpp') == 0
    mined = sorted(out.glob('mined/*/groundtruth.txt'))
    assert len(mined) >= 1
    card = weights.load(out / 'siamrpnpp.safetensors').meta.training
    assert card['shots'] == 8 + len(mined)
    assert followers == ['siamfc']


@pytest.mark.usefixtures('shipped_weights')
@pytest.mark.parametrize(
    ('options', 'who'),
    [
        (['--follower', 'csn'], ['csn']),
        (['--follower', 'csn', '--teacher', 'siamfc'], ['csn']),
        # Those are not made by their name.
        (['--teacher', 'siamfc'], []),
        (['--init', 'auto'], []),
    ],
)
def test_who_follows(footage, tmp_path, monkeypatch, followers, options, who):
    class EnoughError(Exception):
        pass

    def mine(videos, folder, tracker, mining, seed):
        raise EnoughError(type(tracker).__name__)

    monkeypatch.setattr(run, 'mine', mine)
    kind = 'CSNTracker' if who else 'SiamFCTracker'
    with pytest.raises(EnoughError, match=kind):
        train(footage, tmp_path / 'out', '--init', 'none', *options)
    assert followers == who


def test_a_tracker_may_be_the_teacher_of_another(stills, tmp_path):
    out = tmp_path / 'run'
    options = ['--init', 'none', '--held-out', '0', '--teacher']
    assert train(stills, out, *options, 'siamfc', tracker='csn-matching') == 0
    assert weights.load(out / 'csn-matching.safetensors').meta.training['teacher'] == 'siamfc'
    with (out / 'metrics.csv').open() as file:
        assert all(float(row['teacher']) > 0 for row in csv.DictReader(file))

    # And so may a file.
    file = str(out / 'csn-matching.safetensors')
    assert train(stills, tmp_path / 'other', *options, file) == 0
    card = weights.load(tmp_path / 'other' / 'siamfc.safetensors').meta.training
    assert card['teacher'] == 'csn-matching'


def test_a_teacher_that_cannot_teach_is_refused(stills, tmp_path, capsys):
    def refused(teacher):
        options = ['--init', 'none', '--teacher', str(teacher)]
        assert train(stills, tmp_path / 'out', *options) == 2
        return capsys.readouterr().err

    assert 'weights nobody: there is no such file' in refused('nobody')
    strange = tmp_path / 'strange.safetensors'
    weights.save(strange, weights.Checkpoint({'a': torch.zeros(1)}, weights.Meta('dsiam', {})))
    assert 'holds weights of dsiam: expected those of one of siamfc, csn-matching' in refused(
        strange
    )


@pytest.mark.parametrize('padding', ['same', 1])
def test_a_header_with_another_padding_is_refused(stills, tmp_path, capsys, padding):
    path = tmp_path / 'strange.safetensors'
    meta = weights.Meta('csn-matching', {'padding': padding})
    weights.save(path, weights.Checkpoint({'a': torch.zeros(1)}, meta))
    assert train(stills, tmp_path / 'out', '--init', str(path), tracker='csn-matching') == 2
    assert 'network that cannot be built (padding is ' in capsys.readouterr().err


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
    assert 'install it with `pip install siam-tracker-ros[train]`' in error
    assert not (tmp_path / 'out' / 'metrics.csv').exists()


@pytest.mark.parametrize(
    ('tracker', 'network', 'arguments', 'kernel'),
    [
        ('siamfc', SiamFC, SMALL, 'backbone.conv5.weight'),
        (
            'csn-matching',
            Matching,
            {'widths': [8, 8, 16], 'depths': [2, 2]},
            'backbone.stem.0.weight',
        ),
    ],
    ids=['siamfc', 'csn-matching'],
)
def test_unlabelled_footage_adapts_the_weights(
    tmp_path, footage, tracker, network, arguments, kernel
):
    # So sure of itself that it loses nothing: what stands still is followed by any weights.
    meta = weights.Meta(tracker, arguments, {'confidence_bias': 60.0})
    begin = tmp_path / 'begin.safetensors'
    before = network(**arguments).state_dict()
    weights.save(begin, weights.Checkpoint(before, meta))
    out = tmp_path / 'out'
    options = ['--init', str(begin), '--steps', '1', '--held-out', '0', *MINING]
    assert train(footage, out, *options, tracker=tracker) == 0
    mined = sorted(out.glob('mined/*/groundtruth.txt'))
    assert len(mined) >= 2
    found = weights.load(out / f'{tracker}.safetensors')
    assert found.meta.training['shots'] == len(mined)
    assert found.meta.settings['confidence_bias'] == 60.0
    assert not torch.equal(found.tensors[kernel], before[kernel].half())


def test_a_teacher_follows_what_nobody_labelled(tmp_path, footage):
    meta = weights.Meta('siamfc', SMALL, {'confidence_bias': 60.0})
    teacher = tmp_path / 'teacher.safetensors'
    weights.save(teacher, weights.Checkpoint(SiamFC(**SMALL).state_dict(), meta))
    out = tmp_path / 'out'
    options = ['--init', 'none', '--teacher', str(teacher), '--held-out', '0', *MINING]
    assert train(footage, out, *options, tracker='csn-matching') == 0
    mined = sorted(out.glob('mined/*/groundtruth.txt'))
    assert len(mined) >= 2
    found = weights.load(out / 'csn-matching.safetensors')
    assert found.meta.training['shots'] == len(mined)
    # What was fitted for the teacher is not the learner's.
    assert 'confidence_bias' not in found.meta.settings


def test_a_video_without_a_tracker_is_refused(stills, tmp_path, capsys):
    (stills / 'clip.mp4').write_bytes(b'')
    assert train(stills, tmp_path / 'out', '--init', 'none') == 2
    assert 'clip.mp4 is a video without boxes' in capsys.readouterr().err


def test_one_image_is_too_few(tmp_path, stills, capsys):
    for path in sorted(stills.glob('*/*.png'))[1:]:
        path.unlink()
    assert train(stills, tmp_path / 'out', '--init', 'none', '--held-out', '0') == 2
    assert 'only 1 images or sequences to train on' in capsys.readouterr().err


def test_an_output_that_is_a_file_is_refused(stills, tmp_path, capsys):
    (tmp_path / 'out').write_text('')
    assert train(stills, tmp_path / 'out') == 2
    assert 'is a file: expected a folder' in capsys.readouterr().err


def test_weights_that_describe_no_network_are_refused(stills, tmp_path, capsys):
    path = tmp_path / 'strange.safetensors'
    meta = weights.Meta('siamfc', {'widths': [8, 16]})
    weights.save(path, weights.Checkpoint({'a': torch.zeros(1)}, meta))
    assert train(stills, tmp_path / 'out', '--init', str(path)) == 2
    error = capsys.readouterr().err
    assert 'network that cannot be built' in error
    assert 'Traceback' not in error


def test_weights_of_another_tracker_are_refused(small_network, stills, tmp_path, capsys):
    meta = weights.Meta('dsiam', {'widths': [8, 16, 16, 16, 16]})
    path = tmp_path / 'other.safetensors'
    weights.save(path, weights.Checkpoint(small_network.state_dict(), meta))
    assert train(stills, tmp_path / 'out', '--init', str(path)) == 2
    assert "belong to tracker 'dsiam'" in capsys.readouterr().err


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
    monkeypatch.setattr('siam_tracker_ros.training.run.computes_bfloat16', lambda device: able)
    chosen = make_fabric(RunSettings(accelerator='cpu'))
    assert chosen._precision.precision == precision
    asked = make_fabric(RunSettings(accelerator='cpu', precision='32-true'))
    assert asked._precision.precision == '32-true'
