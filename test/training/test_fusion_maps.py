# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

pytest.importorskip('matplotlib', reason='the train extra is not installed')

import fusion_maps
from joint_bench import SMALL, small

from siam_tracker_ros import weights
from siam_tracker_ros.images import read_image


def saved(network, path):
    arguments = {**SMALL, 'layers': list(network.layers)}
    checkpoint = weights.Checkpoint(network.state_dict(), weights.Meta('dsiam', arguments))
    return weights.save(path, checkpoint)


def test_the_maps_of_both_layers_are_drawn(tmp_path, capsys):
    network = small()
    torch.nn.init.zeros_(network.shares)
    with torch.no_grad():
        network.shares[0, 8, 8] = 0.25
    path = saved(network, tmp_path / 'both.safetensors')
    maps = fusion_maps.fusion_maps(path)
    assert list(maps) == [5, 4]
    torch.testing.assert_close(maps[5] + maps[4], torch.ones(17, 17))
    assert float(maps[5][8, 8]) == 0.75
    assert fusion_maps.main([str(path), '--out', str(tmp_path / 'maps.png')]) == 0
    deep, shallow = capsys.readouterr().out.splitlines()
    assert deep.startswith('conv5, from the middle to the rim: 0.750, 1.000, 1.000')
    assert shallow.startswith('conv4, from the middle to the rim: 0.250, 0.000, 0.000')
    assert read_image(tmp_path / 'maps.png').shape[1] > 800
    assert fusion_maps.main([str(path), '--out', str(tmp_path / 'maps.svg')]) == 0
    assert '<svg' in (tmp_path / 'maps.svg').read_text()


def test_one_layer_has_nothing_to_draw(tmp_path, capsys):
    path = saved(small(layers=(5,)), tmp_path / 'one.safetensors')
    assert fusion_maps.main([str(path), '--out', str(tmp_path / 'maps.png')]) == 2
    assert 'match one layer alone, whose weight is 1 everywhere' in capsys.readouterr().err


def test_another_kind_of_file_is_refused(tmp_path, capsys):
    path = saved(small(), tmp_path / 'both.safetensors')
    assert fusion_maps.main([str(path), '--out', str(tmp_path / 'maps.txt')]) == 2
    assert 'maps.txt: expected a file that ends in .png or .svg' in capsys.readouterr().err
