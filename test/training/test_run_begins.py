# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a training run begins with: weights, a backbone, a network."""

import pytest
from run_bench import train
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.training import pair_material
from siam_tracker_ros.training.recipes import RECIPES


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
    # Its weights ship as a part of csn's.
    assert train(stills, tmp_path / 'out', tracker='csn-matching') == 2
    said = capsys.readouterr().err
    assert 'no weights of csn-matching ship, so training cannot begin with them: ' in said
    assert 'give --init ' in said


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


@pytest.mark.parametrize(
    ('tracker', 'word'),
    [
        ('siamrpnpp', 'resnet34'),
        ('siamrpnpp', 'resnet50'),
        ('siamrpnpp', 'mobilenetv2'),
        ('siamrpnpp', 'alexnet'),
        ('siamrpnpp', 'cropped-resnet'),
        ('crpn', 'alexnet'),
        ('crpn', 'cropped-resnet'),
    ],
)
def test_every_network_is_one_that_the_package_builds(tracker, word):
    recipe = RECIPES[tracker]
    with torch.device('meta'):
        network = recipe.network(**recipe.arguments(word))
    # Of torchvision's first layers, and of csn's.
    widths = {
        'resnet34': 64, 'resnet50': 64, 'mobilenetv2': 32, 'alexnet': 64, 'cropped-resnet': 24
    }  # fmt: skip
    assert next(network.backbone.parameters()).shape[0] == widths[word]


@pytest.mark.parametrize('tracker', ['siamrpnpp', 'crpn'])
def test_a_variant_is_the_light_network_but_for_one_part(tracker):
    recipe = RECIPES[tracker]
    with torch.device('meta'):
        light = recipe.network(**recipe.arguments('light')).state_dict()
        for word in recipe.variants:
            variant = recipe.network(**recipe.arguments(word))
            # Its backbone begins with the same weights, as far as it reaches.
            for name, tensor in variant.backbone.state_dict().items():
                assert tensor.shape == light[f'backbone.{name}'].shape
    changed = {word: set(differing) for word, differing in recipe.variants.items()}
    if tracker == 'crpn':
        assert changed['unfiltered'] == {'theta'}
    else:
        assert recipe.arguments('level2')['arguments'] == {
            **recipe.light['arguments'], 'levels': [4]
        }  # fmt: skip


def test_layers_that_know_nothing_are_not_frozen(stills, tmp_path, light, capsys):
    out = tmp_path / 'out'
    assert train(stills, out, '--init', 'none', tracker='crpn') == 2
    assert 'frozen_layers is 2, and the backbone begins anew: ' in capsys.readouterr().err
    assert not out.exists()


def test_a_network_of_another_tracker_is_refused(stills, tmp_path, capsys):
    assert train(stills, tmp_path / 'out', '--init', 'none', '--network', 'resnet18') == 2
    assert 'network is resnet18: expected one of those of SiamFC, light' in capsys.readouterr().err


@pytest.mark.parametrize('padding', ['same', 1])
def test_a_header_with_another_padding_is_refused(stills, tmp_path, capsys, padding):
    path = tmp_path / 'strange.safetensors'
    meta = weights.Meta('csn-matching', {'padding': padding})
    weights.save(path, weights.Checkpoint({'a': torch.zeros(1)}, meta))
    assert train(stills, tmp_path / 'out', '--init', str(path), tracker='csn-matching') == 2
    assert 'network that cannot be built (padding is ' in capsys.readouterr().err


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


def test_heads_that_begin_by_comparing(stills, light, tmp_path, capsys):
    shape = RECIPES['siamrpnpp'].light
    known = weights.Checkpoint(SiamRPN(**shape).state_dict(), weights.Meta('siamrpnpp', shape))
    weights.save(tmp_path / 'known.safetensors', known)
    backbone = str(tmp_path / 'known.safetensors')
    words = ['--init', 'none', '--backbone', backbone, '--heads', 'comparing']
    more = ['--held-out', '0', '--steps', '1', '--batch', '2', '--rate', '0.000001']
    out = tmp_path / 'out'
    assert train(stills, out, *words, *more, tracker='siamrpnpp') == 0
    found = weights.load(out / 'siamrpnpp.safetensors')
    assert found.meta.training['heads'] == 'comparing'
    # A projection: its rows are orthonormal.
    rows = found.tensors['adjust.0.0.weight'].float().flatten(1)
    torch.testing.assert_close(rows @ rows.T, torch.eye(len(rows)), atol=1e-2, rtol=0)
    # What began otherwise is another run.
    capsys.readouterr()
    assert train(stills, out, *words[:4], *more, tracker='siamrpnpp') == 2
    assert 'heads' in capsys.readouterr().err
    # The blocks of crpn's light network in these tests are those of its paper.
    assert train(stills, tmp_path / 'crpn', *words, *more, tracker='crpn') == 2
    assert 'no depthwise blocks' in capsys.readouterr().err


def test_what_crops_show_is_kept_with_the_weights(
    stills, light, tmp_path, capsys, monkeypatch
):
    shown = []

    class Recorded(pair_material.SceneMaker):
        def __init__(self, scenes, exemplar_size, search_size, context, *rest):
            shown.append((exemplar_size, search_size, context))
            super().__init__(scenes, exemplar_size, search_size, context, *rest)

    monkeypatch.setattr(pair_material, 'SceneMaker', Recorded)
    more = ['--held-out', '0', '--steps', '1', '--batch', '2']
    first, then = tmp_path / 'first', tmp_path / 'then'
    words = ['--init', 'none', '--crop-rim', '8']
    assert train(stills, first, *words, *more, tracker='siamrpnpp') == 0
    file = str(first / 'siamrpnpp.safetensors')
    assert train(stills, then, '--init', file, *more, tracker='siamrpnpp') == 0
    # The search crops of these runs have 143 px without a rim.
    assert shown == 2 * [(143, 159, 0.626)]
    for folder in (first, then):
        found = weights.load(folder / 'siamrpnpp.safetensors').meta.settings
        assert [found[name] for name in ('exemplar_size', 'search_size', 'context')] == [
            143, 271, 0.626,
        ]  # fmt: skip
        tracker = trackers.create('siamrpnpp', str(folder / 'siamrpnpp.safetensors'), 'cpu')
        assert tracker.settings.exemplar_size == 143
    capsys.readouterr()
    words[1] = file
    assert train(stills, tmp_path / 'other', *words, *more, tracker='siamrpnpp') == 2
    assert 'whose crops have their own: leave out --crop-rim' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('tracker', 'words', 'said'),
    [
        ('siamfc', [], 'no heads that propose boxes'),
        ('siamrpnpp', ['--init', 'none'], 'features worth comparing'),
    ],
)
def test_heads_that_have_nothing_to_compare_are_refused(
    stills, tmp_path, capsys, tracker, words, said
):
    out = tmp_path / 'out'
    assert train(stills, out, '--heads', 'comparing', *words, tracker=tracker) == 2
    assert said in capsys.readouterr().err
