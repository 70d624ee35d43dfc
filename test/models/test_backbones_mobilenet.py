# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros.models.backbones.mobilenet import MobileNetV2

# Channels, units, and of the first unit and of the rest: stride, padding, dilation of the
# depthwise convolution. pysot's, written out.
PLAIN = (1, 1, 1)
LAYERS = (
    (16, 1, PLAIN, PLAIN),
    (24, 2, (2, 0, 1), PLAIN),
    (32, 3, (2, 0, 1), PLAIN),
    (64, 4, PLAIN, (1, 2, 2)),
    (96, 3, (1, 2, 2), (1, 2, 2)),
    (160, 3, (1, 2, 2), (1, 4, 4)),
    (320, 1, (1, 4, 4), (1, 4, 4)),
)


@pytest.fixture(scope='module')
def narrow():
    """A network of few channels in evaluation mode, whose norms are not the identity."""
    torch.manual_seed(0)
    network = MobileNetV2(0.125).double()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            # Depthwise kernels are drawn too small to see anything behind a dozen of them.
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return network.eval()


@pytest.mark.parametrize(('side', 'cells'), [(127, 15), (255, 31)])
def test_all_levels_have_one_size(narrow, side, cells):
    with torch.no_grad():
        levels = narrow.levels(torch.zeros(1, 3, side, side, dtype=torch.float64))
    assert [level.shape for level in levels] == [(1, c, cells, cells) for c in (4, 12, 40)]
    assert narrow.level_channels == (4, 12, 40)
    assert narrow.channels == 40


def test_the_channels_of_pysots_model():
    # Its configuration: adjust layers of 44, 134 and 448 channels.
    assert MobileNetV2(1.4).level_channels == (44, 134, 448)


def written_out(network, x):
    """The levels of pysot's MobileNetV2 from the weights alone."""

    def joined(layers, x, stride=1, padding=0, dilation=1, groups=1):
        convolution, norm = layers
        x = functional.conv2d(x, convolution.weight, None, stride, padding, dilation, groups)
        return functional.batch_norm(
            x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
        )

    x = joined(network.stem[:2], x, 2).clamp(0, 6)
    levels = []
    for layer, (_, units, first, rest) in zip(network.layers, LAYERS):
        assert len(layer) == units
        for k, unit in enumerate(layer):
            layers = unit.residual
            y = joined(layers[0:2], x).clamp(0, 6)
            y = joined(layers[3:5], y, *(rest if k else first), groups=y.shape[1]).clamp(0, 6)
            y = joined(layers[6:8], y)
            x = x + y if y.shape == x.shape else y
        levels.append(x)
    return levels


def test_the_layers_are_those_of_pysot(narrow):
    x = torch.randn(1, 3, 71, 71, dtype=torch.float64)
    with torch.no_grad():
        found, wanted = narrow.levels(x), written_out(narrow, x)
        for number, level in zip((3, 5, 7), found):
            assert level.std() > 1e-3
            torch.testing.assert_close(level, wanted[number - 1])
        assert torch.equal(narrow(x), found[-1])


def test_layers_behind_the_last_level_are_left_out(narrow):
    network = MobileNetV2(0.125, levels=(4, 5)).double().eval()
    assert len(network.layers) == 5
    state = narrow.state_dict()
    network.load_state_dict({name: state[name] for name in network.state_dict()})
    x = torch.randn(1, 3, 71, 71, dtype=torch.float64)
    with torch.no_grad():
        found, wanted = network.levels(x), written_out(narrow, x)
    assert network.level_channels == (8, 12)
    torch.testing.assert_close(found[0], wanted[3])
    torch.testing.assert_close(found[1], wanted[4])


@pytest.mark.parametrize('levels', [(2, 3), (5, 3), (8,), ()])
def test_other_levels_are_refused(levels):
    with pytest.raises(ValueError, match=r'expected some of \[3, 4, 5, 6, 7\], rising'):
        MobileNetV2(0.125, levels)
