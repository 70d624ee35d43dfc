# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Norms of training: folded away, the network computes the same with the paper's layers only."""

from __future__ import annotations

import torch

from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.training.normalised import Normalised


def trained() -> Normalised:
    """Norms with statistics, scales and shifts that are not those of their start."""
    torch.manual_seed(0)
    normalised = Normalised(ClassificationNetwork((8, 12, 16), 24)).train()
    for norm in (*normalised.convolutions, *normalised.layers):
        torch.nn.init.uniform_(norm.weight, 0.5, 2.0)
        torch.nn.init.uniform_(norm.bias, -1.0, 1.0)
    for _ in range(20):
        normalised.hidden(torch.rand(16, 3, 107, 107) * 255, dropout=0.0)
    return normalised.eval()


def test_folded_network_computes_the_same():
    normalised = trained()
    patches = torch.rand(4, 3, 107, 107) * 255
    plain = normalised.folded()
    with torch.no_grad():
        expected = normalised.hidden(patches, dropout=0.0)
        found = plain.hidden(plain.features(patches), dropout=0.0)
    assert expected.std() > 0.1
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_folded_network_has_the_layers_of_one_that_never_had_norms():
    plain = trained().folded()
    never = ClassificationNetwork((8, 12, 16), 24)
    assert list(plain.state_dict()) == list(never.state_dict())


def test_folding_leaves_the_training_as_it_is():
    normalised = trained()
    before = {k: v.clone() for k, v in normalised.state_dict().items()}
    normalised.folded()
    assert all(torch.equal(v, before[k]) for k, v in normalised.state_dict().items())


def test_features_keep_their_spread_from_the_start():
    """Each unit has variance 1 before its ReLU, whatever the kernels' sizes are."""
    torch.manual_seed(1)
    network = ClassificationNetwork((8, 12, 16), 24)
    with torch.no_grad():
        network.conv2[0].weight.mul_(1e-3)
    out = Normalised(network).train().hidden(torch.rand(64, 3, 107, 107) * 255, dropout=0.0)
    assert 0.3 < float(out.detach().std()) < 1.0
