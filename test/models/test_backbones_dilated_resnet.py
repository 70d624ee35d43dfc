# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros.models.backbones.dilated_resnet import DilatedResNet

DEPTHS = (18, 34, 50)


def narrow(depth, levels=(2, 3, 4)):
    """A network of few channels in evaluation mode, whose norms are not the identity."""
    torch.manual_seed(0)
    network = DilatedResNet(depth, levels, width=4).double()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return network.eval()


@pytest.mark.parametrize('depth', DEPTHS)
@pytest.mark.parametrize(('side', 'cells'), [(127, 15), (255, 31)])
def test_all_levels_have_one_size(depth, side, cells):
    # Section 3.2: "the spatial size of the template feature increases to 15".
    network = narrow(depth)
    expansion = 4 if depth == 50 else 1
    with torch.no_grad():
        levels = network.levels(torch.zeros(1, 3, side, side, dtype=torch.float64))
    channels = (8 * expansion, 16 * expansion, 32 * expansion)
    assert network.level_channels == channels
    assert network.channels == channels[-1]
    assert [level.shape for level in levels] == [(1, c, cells, cells) for c in channels]


def test_a_lost_target_is_searched_in_103_cells():
    with torch.no_grad():
        level = narrow(18, [2])(torch.zeros(1, 3, 831, 831, dtype=torch.float64))
    assert level.shape == (1, 8, 103, 103)


def test_the_levels_of_resnet_50_have_the_channels_of_the_paper():
    assert DilatedResNet().level_channels == (512, 1024, 2048)


def written_out(network, bottleneck, x):
    """The levels of pysot's ResNet from the weights alone: a line for each fact about it."""

    def joined(layers, x, stride, padding, dilation):
        convolution, norm = layers
        x = functional.conv2d(x, convolution.weight, None, stride, padding, dilation)
        return functional.batch_norm(
            x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
        )

    stem = network.stem
    x = functional.max_pool2d(joined(stem[:2], x, 2, 0, 1).relu(), 3, 2, 1)
    levels = []
    for number, layer in enumerate(network.layers, start=1):
        for k, unit in enumerate(layer):
            # Stride, padding and dilation of the first convolution of 3 pixels in the unit.
            first = {2: (2, 0, 1), 3: (1, 1, 1), 4: (1, 2, 2)}.get(number, (1, 1, 1))
            rest = {3: (1, 2, 2), 4: (1, 4, 4)}.get(number, (1, 1, 1))
            own = rest if k else first
            layers = unit.residual
            if bottleneck:
                y = joined(layers[0:2], x, 1, 0, 1).relu()
                y = joined(layers[3:5], y, *own).relu()
                y = joined(layers[6:8], y, 1, 0, 1)
            else:
                y = joined(layers[0:2], x, *own).relu()
                y = joined(layers[3:5], y, *rest)
            if k == 0 and number > 1:
                x = joined(unit.shortcut, x, *first)
            elif k == 0 and bottleneck:
                x = joined(unit.shortcut, x, 1, 0, 1)
            x = (x + y).relu()
        levels.append(x)
    return levels


@pytest.mark.parametrize('depth', DEPTHS)
def test_the_layers_are_those_of_pysot(depth):
    network, x = narrow(depth), torch.randn(1, 3, 71, 71, dtype=torch.float64)
    with torch.no_grad():
        found, wanted = network.levels(x), written_out(network, depth == 50, x)[1:]
        assert len(found) == 3
        for level, other in zip(found, wanted):
            torch.testing.assert_close(level, other)
        assert torch.equal(network(x), found[-1])


@pytest.mark.parametrize('levels', [(2,), (3,), (2, 3), (2, 4)])
def test_layers_behind_the_last_level_are_left_out(levels):
    network, whole = narrow(18, levels), narrow(18)
    assert len(network.layers) == levels[-1]
    whole.load_state_dict(network.state_dict(), strict=False)
    x = torch.randn(1, 3, 71, 71, dtype=torch.float64)
    with torch.no_grad():
        wanted = dict(zip((2, 3, 4), whole.levels(x)))
        found = network.levels(x)
    assert len(found) == len(network.level_channels) == len(levels)
    for number, level, channels in zip(levels, found, network.level_channels):
        torch.testing.assert_close(level, wanted[number])
        assert level.shape[1] == channels


@pytest.mark.parametrize('size', [127, 143, 255])
def test_cells_lie_about_the_middle_of_the_crop(size):
    # A crop that is its own mirror image has features that are, once the kernels are.
    network = narrow(18)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            kernel = module.weight.data
            kernel.copy_((kernel + kernel.flip(3)) / 2)
    x = torch.randn(1, 3, size, size, dtype=torch.float64)
    with torch.no_grad():
        for level in network.levels(x + x.flip(3)):
            torch.testing.assert_close(level, level.flip(3))


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ({'depth': 101}, r'depth is 101: expected one of \[18, 34, 50\]'),
        ({'depth': 18, 'levels': (1, 2)}, r'levels are \(1, 2\): expected some of \[2, 3, 4\]'),
        ({'depth': 18, 'levels': [4, 3]}, 'rising'),
        ({'depth': 18, 'levels': []}, 'expected some of'),
    ],
)
def test_other_networks_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        DilatedResNet(**arguments, width=4)
