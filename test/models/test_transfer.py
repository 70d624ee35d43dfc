# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""C-RPN's feature transfer block."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros.models.transfer import FeatureTransferBlock

DEEP, SHALLOW = 3, 5


def features(channels, side):
    return torch.randn(2, channels, side, side, dtype=torch.float64)


def block_of(rim, rescale=False):
    """A block in evaluation mode, whose norms are not the identity."""
    torch.manual_seed(0)
    block = FeatureTransferBlock(DEEP, SHALLOW, rim, rescale).double()
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                nn.init.uniform_(tensor, 0.5, 2.0)
            for tensor in (module.bias, module.running_mean):
                nn.init.uniform_(tensor, -1.0, 1.0)
    return block.eval()


def plain(rim, rescale=False):
    """A block whose convolutions copy their middle cell, of one channel."""
    block = FeatureTransferBlock(1, 1, rim, rescale).double().eval()
    for module in block.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.dirac_(module.weight)
    return block


def normed(norm, x):
    return functional.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
    )


@pytest.mark.parametrize('rescale', [True, False])
@pytest.mark.parametrize(('rim', 'kernel', 'padding'), [(0, 3, 1), (1, 3, 0), (2, 5, 0)])
def test_a_block_is_figure_6(rim, kernel, padding, rescale):
    block = block_of(rim, rescale)
    deep, shallow = features(DEEP, 6), features(SHALLOW, 6 + 2 * rim)
    up, mix, norm = block.deep
    first, first_norm, _, second, second_norm = block.shallow
    assert up.weight.shape == (DEEP, SHALLOW, kernel, kernel)
    with torch.no_grad():
        found = block(deep, shallow)
        a = functional.conv_transpose2d(deep, up.weight, padding=padding)
        a = normed(norm, functional.conv2d(a, mix.weight, padding=1))
        b = normed(first_norm, functional.conv2d(shallow, first.weight, padding=1)).clamp(min=0)
        b = normed(second_norm, functional.conv2d(b, second.weight, padding=1))
        wanted = (a + b).clamp(min=0)
        if rescale:
            wanted = functional.interpolate(wanted, size=(6, 6), mode='bilinear')
    assert found.shape == (2, SHALLOW, *[6 if rescale else 6 + 2 * rim] * 2)
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize('rim', [0, 1, 2])
def test_a_deep_cell_helps_the_shallow_one_at_its_place(rim):
    deep, shallow = torch.zeros(1, 1, 5, 5), torch.zeros(1, 1, 5 + 2 * rim, 5 + 2 * rim)
    deep[0, 0, 1, 3], shallow[0, 0, 1 + rim, 3 + rim], shallow[0, 0, 0, 0] = 2.0, 3.0, -7.0
    with torch.no_grad():
        fused = plain(rim)(deep.double(), shallow.double())
    wanted = torch.zeros_like(fused)
    wanted[0, 0, 1 + rim, 3 + rim] = 5.0
    torch.testing.assert_close(fused, wanted, rtol=0, atol=1e-3)


def test_interpolated_cells_lie_further_apart():
    # A feature that says where it is: cells of 8 px, the middle of which is at 100.
    places = (torch.arange(24, dtype=torch.float64) - 11.5) * 8 + 100
    deep, shallow = torch.zeros(1, 1, 22, 22).double(), places.expand(1, 1, 24, 24)
    with torch.no_grad():
        kept, rescaled = plain(1)(deep, shallow), plain(1, rescale=True)(deep, shallow)
    assert kept.shape[-1] == 24
    assert rescaled.shape[-1] == 22
    gaps = {'kept': kept[0, 0, 12].diff(), 'rescaled': rescaled[0, 0, 11].diff()}
    torch.testing.assert_close(gaps['kept'], torch.full_like(gaps['kept'], 8.0), rtol=1e-3, atol=0)
    wanted = torch.full_like(gaps['rescaled'], 8 * 24 / 22)
    torch.testing.assert_close(gaps['rescaled'], wanted, rtol=1e-3, atol=0)


def test_gradients_reach_both_sources_and_every_parameter():
    block = block_of(1).train()
    deep, shallow = features(DEEP, 4).requires_grad_(), features(SHALLOW, 6).requires_grad_()
    (block(deep, shallow) * features(SHALLOW, 6)).sum().backward()
    for tensor in (deep, shallow, *block.parameters()):
        assert tensor.grad.abs().max() > 0
