# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn

from siam_tracker_ros.models.backbones.siamrpn_alexnet import SiamRPNAlexNet


@pytest.fixture(scope='module')
def narrow():
    torch.manual_seed(0)
    return SiamRPNAlexNet((8, 8, 8, 8, 12)).double().eval()


def image(size):
    return torch.randn(1, 3, size, size, dtype=torch.float64)


@pytest.mark.parametrize(('side', 'cells'), [(127, 6), (255, 22), (287, 26)])
def test_sizes(narrow, side, cells):
    with torch.no_grad():
        features = narrow(image(side))
    assert features.shape == (1, 12, cells, cells)


def test_a_shift_by_the_stride_is_a_shift_by_a_cell(narrow):
    # No padding: the strict translation invariance of section 3.1.
    whole = image(191)
    with torch.no_grad():
        part, features = narrow(whole[:, :, 16:143, 24:151]), narrow(whole)
    torch.testing.assert_close(part, features[:, :, 2:8, 3:9])


def test_every_convolution_has_a_bias_and_a_norm():
    network = SiamRPNAlexNet()
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert [m.out_channels for m in convolutions] == [96, 256, 384, 384, 256]
    assert [m.num_features for m in norms] == [96, 256, 384, 384, 256]
    assert all(m.bias is not None and m.groups == 1 for m in convolutions)


def test_the_last_layer_keeps_negative_values(narrow):
    with torch.no_grad():
        assert narrow(image(127)).min() < 0
