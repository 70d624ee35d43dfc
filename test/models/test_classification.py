# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros.models.classification import (
    FOREGROUND,
    PATCH_SIZE,
    STRIDE,
    ClassificationNetwork,
    Head,
)
from siam_tracker_ros.models.normalisation import LocalResponseNorm

WIDTHS, HIDDEN = (8, 12, 16), 10


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network():
    torch.manual_seed(5)
    return ClassificationNetwork(WIDTHS, HIDDEN).eval()


def random_head(targets, dimension=20, hidden=6, seed=0):
    torch.manual_seed(seed)
    shapes = [(hidden, dimension), (hidden, hidden), (2, hidden)]
    weights = [torch.randn(targets, *shape, dtype=torch.float64) for shape in shapes]
    biases = [torch.randn(targets, shape[0], dtype=torch.float64) for shape in shapes]
    return Head(tuple(weights), tuple(biases))


def naive_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """Krizhevsky et al. 2012, section 3.3, one channel after the other."""
    out = torch.empty_like(x)
    for c in range(x.shape[1]):
        low, high = max(0, c - size // 2), min(x.shape[1], c + size // 2 + 1)
        out[:, c] = x[:, c] / (k + alpha * (x[:, low:high] ** 2).sum(dim=1)) ** beta
    return out


@pytest.mark.parametrize('channels', [3, 5, 11])
def test_the_response_norm_is_the_closed_form(channels):
    x = 100 * torch.randn(2, channels, 4, 3, dtype=torch.float64)
    norm = LocalResponseNorm(channels).double()
    torch.testing.assert_close(norm(x), naive_response_norm(x))


def test_the_response_norm_is_pytorchs_with_its_alpha_divided_by_the_size():
    x = 100 * torch.randn(1, 9, 4, 4, dtype=torch.float64)
    theirs = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)(x)
    torch.testing.assert_close(LocalResponseNorm(9).double()(x), theirs)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('scale', [0.01, 1.0, 300.0, 65504.0])
def test_the_response_norm_takes_all_that_half_precision_holds(dtype, scale):
    # The square of 257 is no float16 any more.
    x = (scale * (2 * torch.rand(2, 9, 4, 4) - 1)).to(dtype)
    x[0, 2:7] = scale
    found = LocalResponseNorm(9).to(dtype)(x)
    assert found.dtype == dtype
    rounding = 4 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        found.double(), naive_response_norm(x.double()), rtol=rounding, atol=1e-6
    )


def test_the_response_norm_is_no_part_of_a_checkpoint(network):
    assert not any('band' in name for name in network.state_dict())


def test_sizes_of_the_paper():
    # Section 4.1: convolutions of VGG-M, 512 units; MDNet: 3 x 3 x 512 before fc4.
    network = ClassificationNetwork()
    with torch.no_grad():
        features = network.features(torch.zeros(1, 3, PATCH_SIZE, PATCH_SIZE))
    assert features.shape == (1, 512 * 9)
    assert network.fc4.weight.shape == (512, 4608)
    assert network.fc5.weight.shape == (512, 512)
    assert network.new_head(generator()).weights[2].shape == (1, 2, 512)


def test_grey_patches_are_zero_to_the_network(network):
    with torch.no_grad():
        features = network.features(torch.full((1, 3, PATCH_SIZE, PATCH_SIZE), 128.0))
    assert not features.any()


def test_a_larger_crop_holds_the_features_of_its_patches(network):
    network.double()
    crop = 255 * torch.rand(1, 3, PATCH_SIZE + 2 * STRIDE, PATCH_SIZE + 2 * STRIDE).double()
    with torch.no_grad():
        maps = network.maps(crop)
        for row, column in ((0, 0), (1, 2), (2, 1)):
            y, x = row * STRIDE, column * STRIDE
            alone = network.features(crop[:, :, y : y + PATCH_SIZE, x : x + PATCH_SIZE])
            part = maps[:, :, row : row + 3, column : column + 3].flatten(1)
            torch.testing.assert_close(part, alone)


def test_a_new_head_is_the_networks_hidden_layers(network):
    features = torch.rand(7, network.dimension)
    head = network.new_head(generator(1))
    with torch.no_grad():
        hidden = network.hidden(features, 0.5)  # not in evaluation mode
    expected = functional.linear(hidden, head.weights[2][0], head.biases[2][0])
    torch.testing.assert_close(head.logits(features.unsqueeze(0))[0], expected)


def test_a_new_head_shares_no_memory_with_the_network(network):
    before = network.fc4.weight.detach().clone()
    head = network.new_head(generator())
    for tensor in head.tensors:
        tensor.add_(1.0)
    assert torch.equal(network.fc4.weight, before)


def test_a_new_head_follows_its_seed(network):
    one, same, other = (network.new_head(generator(seed)).weights[2] for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    # MDNet code: normal with a deviation of 0.01.
    wide = ClassificationNetwork((2, 2, 2), 4096).new_head(generator()).weights[2]
    assert wide.std() == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize('targets', [1, 3])
def test_batched_heads_equal_single_ones(targets):
    head = random_head(targets)
    x = torch.randn(targets, 5, 20, dtype=torch.float64)
    logits = head.logits(x)
    assert logits.shape == (targets, 5, 2)
    for t in range(targets):
        y = functional.linear(x[t], head.weights[0][t], head.biases[0][t]).relu()
        y = functional.linear(y, head.weights[1][t], head.biases[1][t]).relu()
        y = functional.linear(y, head.weights[2][t], head.biases[2][t])
        torch.testing.assert_close(logits[t], y)
        torch.testing.assert_close(head.row(t).logits(x[t : t + 1])[0], y)


def test_stacking_and_rows_are_inverse():
    head = random_head(3)
    again = Head.stack([head.row(i) for i in range(3)])
    assert len(again) == 3
    assert all(torch.equal(a, b) for a, b in zip(again.tensors, head.tensors))
    head.row(1).weights[0].zero_()
    assert head.weights[0][1].any()


def test_the_margin_is_the_logit_of_the_softmax():
    head = random_head(2)
    x = torch.randn(2, 4, 20, dtype=torch.float64)
    probability = head.logits(x).softmax(dim=2)[..., FOREGROUND]
    torch.testing.assert_close(head.margins(x).sigmoid(), probability)


def test_margins_rank_where_probabilities_are_all_one():
    head = random_head(1)
    head.biases[2][:, FOREGROUND] += 100.0
    margins = head.margins(torch.randn(1, 50, 20, dtype=torch.float64)).float()
    assert (margins.sigmoid() == 1.0).any()
    assert len(margins.unique()) > 2 * len(margins.sigmoid().unique())


@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
@pytest.mark.parametrize('layer', range(6))
def test_a_number_that_is_not_finite_is_found_in_its_target(value, layer):
    head = random_head(3)
    assert head.finite().tolist() == [True, True, True]
    head.tensors[layer][1].view(-1)[-1] = value
    assert head.finite().tolist() == [True, False, True]
