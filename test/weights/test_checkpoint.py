# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import errno
import json
import pickle
import re

import pytest
from safetensors.torch import save_file
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.trackers.registry import built
from siam_tracker_ros.weights.checkpoint import FORMAT

META = weights.Meta(
    'siamfc',
    {'widths': [8, 16, 16, 16, 16], 'groups': 2},
    {'certain_score': 0.4},
    {'seed': 3, 'data': ['a', 'b'], 'note': 'zwölf'},
)


def refused(path, *words):
    """Load a file and put a tracker on it: one sentence with the file's name must come."""
    with pytest.raises(UserError) as caught:
        trackers.create('siamfc', str(path), 'cpu')
    sentence = str(caught.value)
    for word in (str(path), *words):
        assert word in sentence
    assert '\n' not in sentence
    return sentence


def changed(network, path, meta=META, drop=(), **tensors):
    """A checkpoint of the small network with some tensors replaced or missing."""
    state = {**network.state_dict(), **tensors}
    state = {name: tensor for name, tensor in state.items() if name not in drop}
    return weights.save(path, weights.Checkpoint(state, meta))


def with_header(network, path, header):
    save_file(dict(network.state_dict()), str(path), metadata=header)
    return path


def test_a_checkpoint_comes_back(small_network, tmp_path):
    state = small_network.state_dict()
    path = weights.save(tmp_path / 'a' / 'b.safetensors', weights.Checkpoint(state, META))
    found = weights.load(path)
    assert found.meta == META
    assert found.source == str(path)
    assert set(found.tensors) == set(state)
    for name, tensor in state.items():
        assert torch.equal(found.tensors[name], tensor)
        assert found.tensors[name].dtype == tensor.dtype
    assert [p.name for p in path.parent.iterdir()] == ['b.safetensors']


def test_half_precision_fills_a_float32_network(small_network, tmp_path):
    half = {
        n: t.half() if t.is_floating_point() else t for n, t in small_network.state_dict().items()
    }
    path = weights.save(tmp_path / 'w.safetensors', weights.Checkpoint(half, META))
    network = SiamFC(**META.network)
    weights.load(path).fill(network)
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == small_network.state_dict()[name].dtype
        torch.testing.assert_close(tensor, half[name].to(tensor.dtype), rtol=0, atol=0)


def test_tensors_that_are_not_contiguous_are_written(tmp_path):
    tensor = torch.arange(6.0).reshape(2, 3).T
    path = weights.save(tmp_path / 'w.safetensors', weights.Checkpoint({'a': tensor}, META))
    assert torch.equal(weights.load(path).tensors['a'], tensor)


def test_a_file_that_is_not_there(tmp_path):
    refused(tmp_path / 'none.safetensors', 'there is no such file', '.safetensors checkpoint')
    refused(tmp_path, 'is a folder: torch wants a file')


@pytest.mark.parametrize('share', [0.0, 0.001, 0.5, 0.999])
def test_g3_a_truncated_file(small_weights, share):
    data = small_weights.read_bytes()
    small_weights.write_bytes(data[: int(share * len(data))])
    refused(small_weights, 'not a readable .safetensors file', 'damaged')


@pytest.mark.parametrize('byte', [0, 7, 8, 9, 60, 200])
def test_a_flipped_bit_in_the_header(small_weights, byte):
    data = bytearray(small_weights.read_bytes())
    data[byte] ^= 0x80
    small_weights.write_bytes(bytes(data))
    refused(small_weights)


def test_g3_a_pickle_under_another_name(tmp_path, small_network):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ('the file was executed',))

    path = tmp_path / 'pickle.safetensors'
    torch.save(small_network.state_dict(), path)
    refused(path, 'not a readable .safetensors file')
    path.write_bytes(pickle.dumps(Trap()))
    refused(path, 'not a readable .safetensors file')


@pytest.mark.parametrize('header', [None, {}, {'format': 'pt'}, {'format': 'siam_tracker_ros/9'}])
def test_a_file_of_another_program(small_network, tmp_path, header):
    path = with_header(small_network, tmp_path / 'other.safetensors', header)
    refused(path, FORMAT, 'not written by this package')


@pytest.mark.parametrize(
    'meta',
    [
        None,
        'not json',
        '[]',
        '7',
        '{"network": {}}',
        '{"tracker": "siamfc", "colour": "red"}',
        '{"tracker": 7}',
        '{"tracker": "siamfc", "settings": null}',
        '{"tracker": "siamfc", "network": [1, 2]}',
        '{"tracker": "siamfc", "training": "long"}',
        '{"tracker": "siamfc", "network": {"widths": ' + '[' * 10**5 + ']' * 10**5 + '}}',
    ],
    ids=lambda meta: str(meta)[:60],
)
def test_meta_data_that_cannot_be_read(small_network, tmp_path, meta):
    header = {'format': FORMAT} if meta is None else {'format': FORMAT, 'meta': meta}
    path = with_header(small_network, tmp_path / 'meta.safetensors', header)
    refused(path, 'the meta data in the header cannot be read')


def test_weights_of_another_tracker(small_network, tmp_path):
    path = changed(
        small_network, tmp_path / 'other.safetensors', weights.Meta('dsiam', META.network)
    )
    refused(path, "belong to tracker 'dsiam'", "expected 'siamfc'")


@pytest.mark.parametrize(
    'network',
    [
        {'widths': [8, 16]},
        {'widths': [8, 16, 16, 16, 16], 'groups': 3},
        {'widths': [8, 16, 16, 16, 16], 'groups': 0},
        {'widths': 'wide'},
        {'depth': 5},
    ],
    ids=json.dumps,
)
def test_a_network_that_cannot_be_built(small_network, tmp_path, network):
    path = changed(small_network, tmp_path / 'w.safetensors', weights.Meta('siamfc', network))
    refused(path, 'network that cannot be built')


@pytest.mark.parametrize(
    ('network', 'words'),
    [
        ({'widths': [10**9, 16, 16, 16, 16]}, 'it says 1000000000, where 64 is the most'),
        ({'matching': {'width': [400.5]}}, 'it says 400.5, where 64'),
        ({'widths': [8] * 10**5}, 'it lists 100000 numbers'),
        ({}, 'it built'),
    ],
    ids=['wide', 'deep inside', 'long', 'as it is'],
)
def test_numbers_that_the_tensors_belie_build_nothing(network, words):
    def build(**arguments):
        raise ValueError('it built')

    tensors = {'a': torch.zeros(3, 16), 'b': torch.zeros(10**9, 0), 'c': torch.tensor(1.0)}
    for some in (tensors, {}):
        checkpoint = weights.Checkpoint(some, weights.Meta('siamfc', network))
        with pytest.raises(UserError, match=f'cannot be built .{words}'):
            built('siamfc', build, checkpoint)


@pytest.mark.parametrize('error', [ZeroDivisionError, IndexError, OverflowError, TypeError])
def test_whatever_a_build_raises_is_told_in_a_sentence(error):
    def build():
        raise error('a word')

    with pytest.raises(UserError, match=r'network that cannot be built \(a word\)'):
        built('siamfc', build, weights.Checkpoint({}, weights.Meta('siamfc')))


def test_settings_that_the_tracker_refuses(small_network, tmp_path):
    for settings, word in (({'certain_score': 7.0}, 'certain_score'), ({'gone': 1}, 'gone')):
        meta = weights.Meta('siamfc', META.network, settings)
        refused(changed(small_network, tmp_path / 'w.safetensors', meta), word)


def test_a_tensor_of_another_shape(small_network, tmp_path):
    path = changed(
        small_network, tmp_path / 'w.safetensors', **{'backbone.conv5.bias': torch.zeros(3)}
    )
    refused(path, 'backbone.conv5.bias has shape (3,)', 'expects (16,)')


def test_missing_and_unknown_tensors(small_network, tmp_path):
    path = changed(small_network, tmp_path / 'w.safetensors', drop=['bias'])
    refused(path, "1 tensors missing (first: ['bias'])", '0 unknown')
    path = changed(small_network, tmp_path / 'w.safetensors', head=torch.zeros(1))
    refused(path, '0 tensors missing', "1 unknown (first: ['head'])")


@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_g4_numbers_that_are_not_finite(small_network, tmp_path, value):
    bias = torch.zeros(16)
    bias[5] = value
    path = changed(small_network, tmp_path / 'w.safetensors', **{'backbone.conv5.bias': bias})
    refused(path, 'backbone.conv5.bias holds numbers that are not finite')


def test_a_refused_checkpoint_leaves_the_network_alone(small_network, tmp_path):
    network = SiamFC(**META.network)
    before = {n: t.clone() for n, t in network.state_dict().items()}
    path = changed(small_network, tmp_path / 'w.safetensors', log_scale=torch.tensor(torch.nan))
    with pytest.raises(UserError, match=re.escape(str(path))):
        weights.load(path).fill(network)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_save_that_fails_leaves_the_old_file(small_weights, monkeypatch):
    before = small_weights.read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, 'no space left')

    monkeypatch.setattr('siam_tracker_ros.weights.checkpoint.serialise', full)
    with pytest.raises(UserError, match=r'cannot be written \(no space left\): choose another'):
        weights.save(small_weights, weights.Checkpoint({'a': torch.zeros(1)}, META))
    assert small_weights.read_bytes() == before
