# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros.models.rpn import (
    Aggregation,
    DepthwiseRPN,
    ProposalMaps,
    UpChannelRPN,
)

CHANNELS, ANCHORS = 6, 3
BLOCKS = [DepthwiseRPN, UpChannelRPN]


def block_of(kind):
    """A block in evaluation mode, whose norms are not the identity."""
    torch.manual_seed(0)
    block = kind(CHANNELS, ANCHORS).double()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                nn.init.uniform_(tensor, 0.5, 2.0)
            for tensor in (module.bias, module.running_mean):
                nn.init.uniform_(tensor, -1.0, 1.0)
    return block.eval()


def features(n, side):
    return torch.randn(n, CHANNELS, side, side, dtype=torch.float64)


def correlated(kernel, x):
    """Valid cross-correlation of one kernel (C, h, w) with features (C, H, W), by loops."""
    _, h, w = kernel.shape
    rows, columns = x.shape[1] - h + 1, x.shape[2] - w + 1
    return torch.stack(
        [
            torch.stack([(kernel * x[:, i : i + h, j : j + w]).sum() for j in range(columns)])
            for i in range(rows)
        ]
    )


def normed(norm, x):
    """What a norm in evaluation mode does, written out."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * scale
    return x * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)


def adapted(layers, x):
    convolution, norm, _ = layers
    return normed(norm, functional.conv2d(x, convolution.weight)).clamp(min=0)


@pytest.mark.parametrize('kind', BLOCKS)
@pytest.mark.parametrize(('template', 'search', 'cells'), [(7, 31, 25), (6, 22, 17), (6, 26, 21)])
def test_map_sizes(kind, template, search, cells):
    # Section 3.2 and Fig. 3: 7 and 31 cells are 5 and 29 after the layers of 3 cells, and 25 maps.
    block = block_of(kind)
    with torch.no_grad():
        maps = block.search(block.template(features(2, template)), features(2, search))
    assert maps.classes.shape == (2, 2, ANCHORS, cells, cells)
    assert maps.deltas.shape == (2, 4, ANCHORS, cells, cells)


@torch.no_grad()
def test_a_depthwise_block_is_section_3_4():
    block = block_of(DepthwiseRPN)
    z, x = features(2, 5), features(2, 8)
    found = block.search(block.template(z), x)
    for branch, maps in ((block.classes, found.classes), (block.deltas, found.deltas)):
        kernel, search = adapted(branch.template, z), adapted(branch.search, x)
        for n in range(2):
            channels = torch.stack(
                [correlated(kernel[n, c, None], search[n, c, None]) for c in range(CHANNELS)]
            )
            mix, norm, _, last = branch.fuse
            hidden = torch.einsum('oc,cij->oij', mix.weight[:, :, 0, 0], channels)
            hidden = normed(norm, hidden).clamp(min=0)
            wanted = torch.einsum('oc,cij->oij', last.weight[:, :, 0, 0], hidden)
            wanted += last.bias.view(-1, 1, 1)
            # pysot's channels: all anchors of a class, or of a coordinate, together.
            for value in range(maps.shape[1]):
                for anchor in range(ANCHORS):
                    torch.testing.assert_close(
                        maps[n, value, anchor], wanted[value * ANCHORS + anchor]
                    )


@torch.no_grad()
def test_an_up_channel_block_has_a_kernel_of_all_channels_for_every_output():
    block = block_of(UpChannelRPN)
    z, x = features(2, 5), features(2, 8)
    found = block.search(block.template(z), x)
    raw = {}
    for name, count in (('classes', 2), ('deltas', 4)):
        branch = getattr(block, name)
        heavy = functional.conv2d(z, branch.up.weight, branch.up.bias)
        search = functional.conv2d(x, branch.search.weight, branch.search.bias)
        kernels = heavy.view(2, count * ANCHORS, CHANNELS, 3, 3)
        raw[name] = torch.stack(
            [torch.stack([correlated(k, search[n]) for k in kernels[n]]) for n in range(2)]
        ) / math.sqrt(CHANNELS * 3 * 3)
    torch.testing.assert_close(found.classes.flatten(1, 2), raw['classes'])
    adjusted = functional.conv2d(raw['deltas'], block.adjust.weight, block.adjust.bias)
    torch.testing.assert_close(found.deltas.flatten(1, 2), adjusted)


@torch.no_grad()
def test_kernels_of_an_up_channel_block_are_divided_once_for_a_target():
    branch = block_of(UpChannelRPN).classes
    z, x = features(1, 5), features(1, 8)
    kernels = branch.template(z)
    raw = functional.conv2d(z, branch.up.weight, branch.up.bias)
    torch.testing.assert_close(kernels.flatten(1, 2), raw / math.sqrt(CHANNELS * 3 * 3))
    wanted = functional.conv2d(branch.search(x), kernels[0])
    torch.testing.assert_close(branch(kernels, x), wanted)


@torch.no_grad()
@pytest.mark.parametrize('cells', [4, 10])
def test_what_a_random_up_channel_block_predicts_does_not_grow_with_the_template(cells):
    torch.manual_seed(0)
    block = UpChannelRPN(64, ANCHORS)
    z, x = torch.randn(2, 64, cells, cells), torch.randn(2, 64, cells + 4, cells + 4)
    maps = block.search(block.template(z), x)
    assert 0.1 < maps.logits.std() < 1


@torch.no_grad()
@pytest.mark.parametrize('kind', BLOCKS)
def test_targets_do_not_meet(kind):
    block = block_of(kind)
    z, x = features(3, 5), features(3, 9)
    kernels = block.template(z)
    together = block.search(kernels, x)
    for n in range(3):
        part = slice(n, n + 1)
        alone = block.search(block.template(z[part]), x[part])
        stacked = block.search((kernels[0][part], kernels[1][part]), x[part])
        for maps in (alone, stacked):
            torch.testing.assert_close(maps.classes, together.classes[part])
            torch.testing.assert_close(maps.deltas, together.deltas[part])


def test_the_depthwise_block_has_far_fewer_weights():
    # Section 3.4 says 20M for SiamRPN's, and "10 times fewer" for this one: it is 7.5 times.
    depthwise, up = (sum(p.numel() for p in kind(256, 5).parameters()) for kind in BLOCKS)
    assert up == pytest.approx(20e6, rel=0.1)
    assert up / depthwise == pytest.approx(7.5, rel=0.02)


def test_the_logit_is_of_target_against_background():
    torch.manual_seed(0)
    maps = ProposalMaps(torch.randn(2, 2, ANCHORS, 4, 4), torch.empty(0))
    assert maps.logits.shape == (2, ANCHORS, 4, 4)
    torch.testing.assert_close(maps.logits.sigmoid(), maps.classes.softmax(dim=1)[:, 1])
    half = ProposalMaps(torch.full((1, 2, 1, 1, 1), 300.0).bfloat16(), maps.deltas)
    half.classes[:, 1] = 1.0
    assert half.logits.dtype == torch.float32
    assert float(half.logits) == 1.0 - 300.0


def maps_of(values):
    """A level whose maps hold one number each: of classes, of deltas."""
    s, b = values
    return ProposalMaps(torch.full((1, 2, 1, 3, 3), s), torch.full((1, 4, 1, 3, 3), b))


def test_the_sum_of_equation_2():
    aggregation = Aggregation(3).double()
    alpha = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    beta = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    with torch.no_grad():
        # Shares are what a softmax makes of their logarithms.
        aggregation.alpha.copy_(alpha.log() + 2)
        aggregation.beta.copy_(beta.log() - 1)
    levels = [torch.randn(2, 2, ANCHORS, 4, 4, dtype=torch.float64) for _ in range(3)]
    deltas = [torch.randn(2, 4, ANCHORS, 4, 4, dtype=torch.float64) for _ in range(3)]
    found = aggregation([ProposalMaps(s, b) for s, b in zip(levels, deltas)])
    torch.testing.assert_close(found.classes, sum(a * s for a, s in zip(alpha, levels)))
    torch.testing.assert_close(found.deltas, sum(b * d for b, d in zip(beta, deltas)))


@pytest.mark.parametrize('weighted', [True, False])
def test_levels_begin_with_equal_shares(weighted):
    aggregation = Aggregation(3, weighted)
    assert len(list(aggregation.parameters())) == 2 * weighted
    assert set(aggregation.state_dict()) == ({'alpha', 'beta'} if weighted else set())
    found = aggregation([maps_of(v) for v in ((1.0, 6.0), (2.0, 9.0), (6.0, 0.0))])
    torch.testing.assert_close(found.classes, maps_of((3.0, 5.0)).classes)
    torch.testing.assert_close(found.deltas, maps_of((3.0, 5.0)).deltas)


def test_the_result_lies_between_the_levels():
    aggregation = Aggregation(2)
    nn.init.normal_(aggregation.alpha, std=4)
    nn.init.normal_(aggregation.beta, std=4)
    found = aggregation([maps_of((1.0, -3.0)), maps_of((2.0, 5.0))])
    assert 1 <= found.classes.min() <= found.classes.max() <= 2
    assert -3 <= found.deltas.min() <= found.deltas.max() <= 5


@pytest.mark.parametrize(
    ('output', 'own', 'other'), [('classes', 'alpha', 'beta'), ('deltas', 'beta', 'alpha')]
)
def test_each_weight_learns_from_its_own_maps(output, own, other):
    aggregation = Aggregation(3)
    levels = [maps_of((float(i), float(-i))) for i in range(3)]
    getattr(aggregation(levels), output).mean().backward()
    assert getattr(aggregation, own).grad.abs().max() > 0
    left = getattr(aggregation, other).grad
    assert left is None or not left.any()
