# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.models.folding import fold_batch_norms
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamfc import SiamFC


@pytest.fixture(params=[lambda: SiamFC((8, 16, 16, 16, 24)), lambda: Matching(widths=(8, 8, 16))])
def network(request):
    """Trained for a step, so that its norms are not the identity."""
    torch.manual_seed(0)
    network = request.param()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2.0)
            nn.init.uniform_(module.bias, -1.0, 1.0)
    network.features(torch.rand(4, 3, 143, 143) * 255)
    return network.double().eval()


def norms(network):
    return [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]


def test_a_folded_network_computes_the_same(network):
    crops = torch.rand(2, 3, 143, 143, dtype=torch.float64) * 255
    with torch.no_grad():
        before = network.features(crops)
        assert norms(network)
        fold_batch_norms(network)
        assert not norms(network)
        torch.testing.assert_close(network.features(crops), before)
        fold_batch_norms(network)
        torch.testing.assert_close(network.features(crops), before)


def test_a_norm_that_still_learns_is_not_folded(network):
    with pytest.raises(AssertionError):
        fold_batch_norms(network.train())


@pytest.mark.parametrize('name', sorted({entry.tracker for entry in weights.entries()}))
def test_trackers_run_folded_networks(name):
    assert not norms(trackers.create(name, device='cpu').network)
