# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy

import pytest
import torch

from siam_tracker_ros.models.backbones.resnet import ZERO
from siam_tracker_ros.models.correlation import cross_correlation
from siam_tracker_ros.models.matching import Matching

MATCHING = {'widths': [8, 8, 16], 'depths': [2, 2]}


@pytest.fixture(params=['siamfc', 'matching'])
def small(request, small_network):
    """A small random network of each kind, in evaluation mode."""
    return small_network if request.param == 'siamfc' else Matching(**MATCHING).eval()


def crops(*shape):
    return torch.rand(*shape) * 255


def test_logits_are_scaled_sums_and_a_bias(small):
    # Eq. 1, with a scale.
    network = copy.deepcopy(small)
    z, x = crops(2, 3, 127, 127), crops(2, 1, 3, 159, 159)
    with torch.no_grad():
        network.log_scale.fill_(-2.0)
        network.bias.fill_(0.7)
        template = network.template(z)
        logits = network.search(template, x)
        sums = cross_correlation(template, network.features(x[:, 0]).unsqueeze(1))
    assert logits.shape == (2, 1, 5, 5)
    torch.testing.assert_close(logits, sums * torch.tensor(-2.0).exp() + 0.7)


def test_training_and_tracking_compute_the_same(small):
    z, x = crops(3, 3, 127, 127), crops(3, 3, 159, 159)
    with torch.no_grad():
        template = small.template(z)
        tracked = small.search(template, x.unsqueeze(1))[:, 0]
        trained = small.match_all(template, small.features(x))
    for n in range(3):
        torch.testing.assert_close(trained[n, n], tracked[n], rtol=1e-4, atol=1e-4)


def test_targets_and_scales_do_not_meet(small):
    z, x = crops(2, 3, 127, 127), crops(2, 3, 3, 143, 143)
    with torch.no_grad():
        together = small.search(small.template(z), x)
        for n in range(2):
            for s in range(3):
                single = small.search(small.template(z[n : n + 1]), x[n : n + 1, s : s + 1])
                torch.testing.assert_close(together[n, s], single[0, 0], rtol=1e-4, atol=1e-4)


def test_nothing_is_stored_on_the_network(small):
    before = {name: tensor.clone() for name, tensor in small.state_dict().items()}
    attributes = set(vars(small))
    with torch.no_grad():
        small.search(small.template(crops(1, 3, 127, 127)), crops(1, 1, 3, 143, 143))
    assert set(vars(small)) == attributes
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_the_scale_starts_at_that_of_published_code(small):
    scale = small.log_scale.detach().exp()
    assert abs(float(scale) - 1e-3) < 1e-9


def test_gradients_reach_every_parameter(small):
    network = copy.deepcopy(small).train()
    template = network.template(crops(4, 3, 127, 127))
    maps = network.match_all(template, network.features(crops(4, 3, 143, 143)))
    # Weighted, because a batch norm's sum has no gradient of its own.
    (maps * torch.randn_like(maps)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize('size', [143, 159, 255, 287])
def test_the_middle_cell_is_exactly_no_displacement(small, size):
    # The pixels of the exemplar, in the middle of a larger crop: the product of its features with
    # themselves.
    x = crops(1, 3, size, size)
    edge = (size - 127) // 2
    with torch.no_grad():
        template = small.template(x[:, :, edge : edge + 127, edge : edge + 127])
        maps = small.search(template, x.unsqueeze(1))[0, 0]
        own = small.scaled((template * template).sum())
    cells = maps.shape[-1]
    assert cells == 2 * edge / 8 + 1
    torch.testing.assert_close(maps[cells // 2, cells // 2], own, rtol=1e-4, atol=1e-4)


def test_with_padding_the_exemplar_does_not_match_itself():
    network = Matching(**MATCHING, padding=ZERO).eval().double()
    x = crops(1, 3, 255, 255).double()
    with torch.no_grad():
        template = network.template(x[:, :, 64:191, 64:191])
        maps = network.search(template, x.unsqueeze(1))[0, 0]
        own = network.scaled((template * template).sum())
    assert maps.shape == (17, 17)
    # Hundreds of millions of times what rounding does.
    assert abs(float((maps[8, 8] - own) / own)) > 1e-3
