# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy

import torch

from siam_tracker_ros.models.correlation import cross_correlation
from siam_tracker_ros.models.siamfc import SiamFC


def crops(*shape):
    return torch.rand(*shape) * 255


def test_logits_are_scaled_sums_and_a_bias(small_network):
    # Eq. 1, with a scale.
    network = copy.deepcopy(small_network)
    z, x = crops(2, 3, 127, 127), crops(2, 1, 3, 159, 159)
    with torch.no_grad():
        network.log_scale.fill_(-2.0)
        network.bias.fill_(0.7)
        template = network.template(z)
        logits = network.search(template, x)
        sums = cross_correlation(template, network.features(x[:, 0]).unsqueeze(1))
    assert logits.shape == (2, 1, 5, 5)
    torch.testing.assert_close(logits, sums * torch.tensor(-2.0).exp() + 0.7)


def test_training_and_tracking_compute_the_same(small_network):
    z, x = crops(3, 3, 127, 127), crops(3, 3, 159, 159)
    with torch.no_grad():
        template = small_network.template(z)
        tracked = small_network.search(template, x.unsqueeze(1))[:, 0]
        trained = small_network.match_all(template, small_network.features(x))
    for n in range(3):
        torch.testing.assert_close(trained[n, n], tracked[n], rtol=1e-4, atol=1e-4)


def test_targets_and_scales_do_not_meet(small_network):
    z, x = crops(2, 3, 127, 127), crops(2, 3, 3, 143, 143)
    with torch.no_grad():
        together = small_network.search(small_network.template(z), x)
        for n in range(2):
            for s in range(3):
                single = small_network.search(
                    small_network.template(z[n : n + 1]), x[n : n + 1, s : s + 1]
                )
                torch.testing.assert_close(together[n, s], single[0, 0], rtol=1e-4, atol=1e-4)


def test_nothing_is_stored_on_the_network(small_network):
    before = {name: tensor.clone() for name, tensor in small_network.state_dict().items()}
    attributes = set(vars(small_network))
    with torch.no_grad():
        small_network.search(
            small_network.template(crops(1, 3, 127, 127)), crops(1, 1, 3, 143, 143)
        )
    assert set(vars(small_network)) == attributes
    for name, tensor in small_network.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_the_scale_starts_at_that_of_published_code():
    scale = SiamFC((8, 16, 16, 16, 16)).log_scale.detach().exp()
    assert abs(float(scale) - 1e-3) < 1e-9


def test_gradients_reach_every_parameter(small_network):
    network = copy.deepcopy(small_network).train()
    template = network.template(crops(4, 3, 127, 127))
    maps = network.match_all(template, network.features(crops(4, 3, 143, 143)))
    # Weighted, because a batch norm's sum has no gradient of its own.
    (maps * torch.randn_like(maps)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
