# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.attention import ChannelAttention, grid_maxima


@pytest.fixture
def attend():
    torch.manual_seed(4)
    return ChannelAttention()


@pytest.mark.parametrize('side', [22, 24, 20])
def test_the_grid_is_the_papers(side):
    # Section 3.2: 22 x 22 cells, of which the 6 x 6 in the middle are the target.
    features = torch.randn(2, 3, side, side)
    found = grid_maxima(features, 8)
    assert found.shape == (2, 3, 9)
    cuts = [(0, 8), (8, side - 8), (side - 8, side)]
    for line, (top, bottom) in enumerate(cuts):
        for column, (left, right) in enumerate(cuts):
            cell = features[:, :, top:bottom, left:right].flatten(2)
            assert torch.equal(found[:, :, 3 * line + column], cell.max(dim=2).values)


def test_weights_are_the_perceptrons_of_each_channel(attend):
    features = torch.randn(2, 5, 22, 22)
    first, _, second = attend.perceptron
    pooled = grid_maxima(features, 8)[1, 3]
    hidden = torch.relu(first.weight @ pooled + first.bias)
    wanted = torch.sigmoid(second.weight @ hidden + second.bias) + 0.5
    weights = attend(features, 8)
    assert weights.shape == (2, 5)
    torch.testing.assert_close(weights[1, 3], wanted[0])


@torch.no_grad()
@pytest.mark.parametrize(('logit', 'weight'), [(-1e4, 0.5), (0.0, 1.0), (1e4, 1.5)])
def test_a_channel_is_at_least_halved_and_at_most_half_again_as_strong(attend, logit, weight):
    # "To ensure that no channel will be suppressed to zero" (section 4.1); Fig. 4.
    attend.perceptron[2].weight.zero_()
    attend.perceptron[2].bias.fill_(logit)
    found = attend(torch.randn(2, 4, 22, 22), 8)
    torch.testing.assert_close(found, torch.full((2, 4), weight))


def test_channels_are_weighed_alike_wherever_they_stand(attend):
    # One perceptron serves all channels of a layer.
    features, order = torch.randn(1, 6, 22, 22), torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(attend(features[:, order], 8), attend(features, 8)[:, order])
    assert sum(p.numel() for p in attend.parameters()) == 9 * 9 + 9 + 9 + 1


def test_what_surrounds_the_target_counts(attend):
    features = torch.rand(1, 6, 22, 22)
    changed = features.clone()
    changed[..., :8, :8] += 3.0
    assert not torch.allclose(attend(features, 8), attend(changed, 8))


def test_gradient(attend):
    features = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda f: attend.double()(f, 1), features)
