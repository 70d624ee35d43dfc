# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch.nn import functional

from siam_tracker_ros.models.correlation import cross_correlation
from siam_tracker_ros.models.sasiam import SASiam
from siam_tracker_ros.models.semantic import Semantic

SMALL = {'backbone': 'siamfc_alexnet', 'channels': (5, 7)}
WIDTHS = {'widths': [8, 16, 16, 12, 20], 'groups': 2}


def small(levels=(4, 5), **values):
    torch.manual_seed(6)
    return Semantic(**{**SMALL, 'arguments': WIDTHS, 'levels': levels, **values}).eval()


@pytest.fixture
def network():
    return small()


def crops(*shape):
    return torch.rand(*shape) * 255


@torch.no_grad()
def test_sizes_are_the_papers():
    # Section 4.1: conv4 and conv5 features of 24 x 24 x 384 and 22 x 22 x 256, 128 channels each
    # behind the 1 x 1 convolutions, and responses of 17 x 17.
    network = Semantic().eval()
    around = crops(1, 3, 255, 255)
    assert [f.shape for f in network.layers(around)] == [(1, 384, 24, 24), (1, 256, 22, 22)]
    assert [w.shape for w in network.weights(around)] == [(1, 384), (1, 256)]
    assert [g.out_channels for g in network.fusions] == [128, 128]
    template = network.template(around)
    assert template.shape == (1, 256, 8, 8)
    assert network.search(template, crops(1, 1, 3, 255, 255)).shape == (1, 1, 17, 17)
    assert network.surroundings == 255 - 127


@torch.no_grad()
def test_the_response_is_eq_3_layer_by_layer(network):
    network.log_scale.fill_(-1.5)
    network.bias.fill_(0.3)
    around, x = crops(2, 3, 255, 255), crops(2, 3, 3, 159, 159)
    maps = network.search(network.template(around), x)
    layers = zip(
        network.layers(around), network.weights(around), network.layers(x.flatten(0, 1)),
        network.fusions,
    )  # fmt: skip
    total = 0.0
    for around_features, weights, region, fuse in layers:
        # f_s(z) is the middle of f_s(z^s): a simple crop (section 3.1).
        exemplar = around_features[..., 8:-8, 8:-8] * weights[..., None, None]
        region = fuse(region)
        region = region.reshape(2, 3, *region.shape[1:])
        total = total + cross_correlation(fuse(exemplar), region)
    wanted = total * torch.tensor(-1.5).exp() + 0.3
    torch.testing.assert_close(maps, wanted, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_the_middle_of_the_surroundings_is_the_exemplar(network):
    around = crops(1, 3, 255, 255)
    alone = network.layers(around[..., 64:191, 64:191])
    for whole, part in zip(network.layers(around), alone):
        torch.testing.assert_close(whole[..., 8:-8, 8:-8], part)


@torch.no_grad()
def test_layers_add_up_to_the_response(network):
    around, x = crops(2, 3, 255, 255), crops(2, 2, 3, 191, 191)
    template = network.template(around)
    parts = network.layer_maps(template, x)
    assert parts.shape == (2, 2, 2, 9, 9)
    wanted = network.search(template, x)
    torch.testing.assert_close(parts.sum(dim=1) + network.bias, wanted, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(parts[:, 0], parts[:, 1])


@torch.no_grad()
def test_training_and_tracking_compute_the_same(network):
    around, x = crops(2, 3, 255, 255), crops(2, 3, 239, 239)
    template = network.template(around)
    pairs = network.match_all(template, network.features(x))
    own = network.search(template, x.unsqueeze(1))
    for k in range(2):
        torch.testing.assert_close(pairs[k, k], own[k, 0], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_without_attention_all_channels_weigh_one():
    network = small(attention=False)
    assert all(torch.equal(w, torch.ones_like(w)) for w in network.weights(crops(1, 3, 255, 255)))
    assert not any('attention' in name for name in network.state_dict())


@torch.no_grad()
def test_one_layer_alone():
    network = small(levels=(5,), channels=(6,))
    template = network.template(crops(1, 3, 255, 255))
    assert template.shape == (1, 6, 6, 6)
    assert network.search(template, crops(1, 1, 3, 255, 255)).shape == (1, 1, 17, 17)


@torch.no_grad()
def test_features_are_sparse_as_behind_a_classifiers_relus(network):
    for layer in network.layers(crops(1, 3, 255, 255)):
        assert layer.min() == 0
        assert layer.max() > 0


def test_only_fusion_and_attention_learn(network):
    # "We do not fine-tune S-Net" (section 3.3): neither its kernels nor its statistics.
    before = {name: t.clone() for name, t in network.backbone.state_dict().items()}
    network.train()
    maps = network.match_all(
        network.template(crops(2, 3, 255, 255)), network.features(crops(2, 3, 239, 239))
    )
    functional.softplus(-maps).mean().backward()
    learned = {name for name, p in network.named_parameters() if p.grad is not None}
    kept = {name for name, _ in network.named_parameters() if name.startswith('backbone.')}
    assert learned == {name for name, _ in network.named_parameters()} - kept
    assert {name.split('.')[0] for name in learned} == {
        'fusions', 'attentions', 'log_scale', 'bias'
    }  # fmt: skip
    assert all(
        float(p.grad.abs().sum()) > 0 for p in network.parameters() if p.grad is not None
    )
    for name, tensor in network.backbone.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_numbers_of_channels_that_do_not_fit_the_layers():
    with pytest.raises(ValueError, match=r'channels are \(5,\): expected 2 numbers'):
        small(channels=(5,))


def test_branches_share_nothing():
    network = SASiam(WIDTHS, {**SMALL, 'arguments': WIDTHS})
    parts = [{id(p) for p in part.parameters()} for part in network.children()]
    assert len(parts) == 2
    assert not parts[0] & parts[1]
    assert len(parts[0] | parts[1]) == len(list(network.parameters()))
