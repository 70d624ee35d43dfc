# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What networks that propose boxes have in common."""

import pytest
import torch
from torch import nn

from siam_tracker_ros.models.proposing import BACKBONES, adjusting, named

NARROW = {
    'alexnet': {'widths': [4, 4, 6, 8, 10]},
    'cropped_resnet': {'widths': [4, 4, 8], 'depths': [4, 3]},
    'dilated_resnet': {'depth': 18, 'width': 4},
    'mobilenetv2': {'width': 0.125},
    'siamfc_alexnet': {'widths': [4, 4, 6, 8, 10]},
}
CELLS = {
    'alexnet': ([10, 8, 6], [26, 24, 22]),
    'cropped_resnet': ([9, 7, 5], [25, 23, 21]),
    'dilated_resnet': ([15, 15, 15], [31, 31, 31]),
    'mobilenetv2': ([15, 15, 15], [31, 31, 31]),
    'siamfc_alexnet': ([10, 8, 6], [26, 24, 22]),
}


@pytest.mark.parametrize('name', BACKBONES)
def test_a_pyramid_has_the_shapes_that_a_backbone_names(name):
    torch.manual_seed(0)
    backbone = BACKBONES[name](**NARROW[name]).eval()
    with torch.no_grad():
        for side, cells in zip((127, 255), CELLS[name]):
            x = torch.randn(1, 3, side, side)
            pyramid = backbone.pyramid(x)
            assert [features.shape[-1] for features in pyramid] == cells
            assert len(backbone.pyramid_shapes) == len(cells)
            for shape, features in zip(backbone.pyramid_shapes, pyramid):
                assert features.shape[1] == shape.channels
                assert features.shape[-1] == cells[-1] + 2 * shape.rim
            assert torch.equal(pyramid[-1], backbone(x))
            assert torch.equal(pyramid[-1], backbone.levels(x)[-1])


def test_a_padded_resnet_has_no_rims():
    backbone = BACKBONES['cropped_resnet'](**NARROW['cropped_resnet'], padding='zero')
    assert backbone.pyramid_shapes == ((8, 0),) * 3


def test_levels_are_reduced_or_left_alone():
    levels = [torch.randn(1, width, 3, 3) for width in (4, 6)]
    for layer, level in zip(adjusting([4, 6], None), levels):
        assert layer(level) is level
    reduced = adjusting([4, 6], [2, 3]).eval()
    assert [layer(level).shape[1] for layer, level in zip(reduced, levels)] == [2, 3]
    assert [type(layer) for layer in reduced[0]] == [nn.Conv2d, nn.BatchNorm2d]
    with pytest.raises(ValueError, match=r'channels are \[2\]: expected 2, one a level'):
        adjusting([4, 6], [2])


def test_words():
    assert named({'a': 1, 'b': 2}, 'b') == 2
    with pytest.raises(ValueError, match="'c' is unknown: expected one of a, b"):
        named({'a': 1, 'b': 2}, 'c')
