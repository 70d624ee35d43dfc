# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""VGG-19, against the published network written down once more."""

import pytest
import torch
from torch import nn

from siam_tracker_ros.models.backbones.base import normalised
from siam_tracker_ros.models.backbones.vgg import VGG19

WIDTHS = (4, 6, 8, 10, 12)
# Configuration E of the paper, as torchvision lists it.
LAYOUT = [0, 0, 'M', 1, 1, 'M', 2, 2, 2, 2, 'M', 3, 3, 3, 3, 'M', 4, 4, 4, 4, 'M']


def published(widths=WIDTHS):
    layers, before = [], 3
    for block in LAYOUT:
        if block == 'M':
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        else:
            layers += [nn.Conv2d(before, widths[block], 3, padding=1), nn.ReLU(inplace=True)]
            before = widths[block]
    return nn.Sequential(*layers)


@pytest.fixture
def both():
    torch.manual_seed(4)
    theirs, ours = published().eval(), VGG19(WIDTHS).eval()
    for module in theirs:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
            nn.init.normal_(module.bias, std=0.1)
    ours.features.load_state_dict(theirs.state_dict())
    return theirs, ours


@torch.no_grad()
@pytest.mark.parametrize('size', [127, 128, 255])
def test_its_features_are_those_of_the_published_network(both, size):
    theirs, ours = both
    pixels = torch.rand(2, 3, size, size) * 255
    # What torchvision's weights are applied to.
    mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
    given = (pixels / 255 - mean) / deviation
    four, five = ours.pyramid(normalised(pixels))
    wanted = theirs[:27](given.clone())
    assert wanted.std() > 0.1
    torch.testing.assert_close(four, wanted, rtol=1e-4, atol=1e-4)
    deep = theirs[:36](given.clone())
    assert five.shape[-1] == size // 8 - 1
    assert deep.std() > 0.01
    # Every other cell is one of theirs, the zeros at the rim included.
    cells = deep.shape[-1]
    even = five[..., ::2, ::2][..., :cells, :cells]
    torch.testing.assert_close(even, deep, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_what_is_used_of_one_layer_is_not_changed_by_the_next(both):
    _, ours = both
    x = torch.randn(1, 3, 64, 64)
    known = x.clone()
    four, five = ours.pyramid(x)
    assert torch.equal(x, known)
    assert four.min() >= 0
    assert torch.equal(ours(x), five)
    assert ours.level_channels == (10, 12)
    assert (ours.channels, ours.stride) == (12, 8)


def test_its_default_widths_are_the_published_ones():
    with torch.device('meta'):
        ours, theirs = VGG19(), published((64, 128, 256, 512, 512))
    shapes = {name: tensor.shape for name, tensor in ours.features.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    assert sum(shape.numel() for shape in shapes.values()) == 20_024_384
