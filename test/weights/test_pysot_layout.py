# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is renamed does not depend on the channels, so the networks here are narrow."""

import re

from pysot_networks import Pysot, alexnet, drawn, mobilenet, resnet
import pytest
import torch

from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.weights.pysot_layout import converted, renamed

NARROW = {
    'r18': (
        resnet(18, 4, (4, 6, 8), True),
        {'arguments': {'depth': 18, 'width': 4}, 'channels': [4, 6, 8]},
    ),
    'r50': (
        resnet(50, 4, (8, 8, 8), False),
        {'arguments': {'width': 4}, 'channels': [8, 8, 8], 'weighted': False},
    ),
    'mobilenetv2': (
        mobilenet(0.125, (8, 8, 8)),
        {
            'backbone': 'mobilenetv2',
            'arguments': {'width': 0.125},
            'channels': [8, 8, 8],
            'weighted': False,
        },
    ),
    'alexnet': (
        alexnet((8, 8, 12, 12, 8), legacy=False),
        {
            'backbone': 'alexnet',
            'arguments': {'widths': [8, 8, 12, 12, 8], 'levels': [5]},
            'channels': None,
            'weighted': False,
        },
    ),
}
NARROW['legacy'] = (alexnet((8, 8, 12, 12, 8), legacy=True), NARROW['alexnet'][1])


@pytest.mark.parametrize('name', NARROW)
def test_a_converted_network_computes_what_pysot_does(name):
    layout, arguments = NARROW[name]
    state = drawn(layout)
    network = SiamRPN(**arguments, normalise=False).double().eval()
    network.load_state_dict(converted({renamed(n): t for n, t in state.items()}))
    z, x = (torch.rand(1, 3, side, side, dtype=torch.float64) * 255 for side in (127, 191))
    with torch.no_grad():
        maps = network.search(network.template(z), x)
        classes, deltas = Pysot(state)(z.flip(1), x.flip(1))
    cells = maps.classes.shape[-1]
    assert classes.std() > 1e-3
    assert deltas.std() > 1e-3
    torch.testing.assert_close(maps.classes, classes.view(1, 2, 5, cells, cells))
    torch.testing.assert_close(maps.deltas, deltas.view(1, 4, 5, cells, cells))


def test_names_that_are_nearly_pysots():
    for name in (
        'backbone.conv2.weight',
        'backbone.layer8.0.conv.0.weight',
        'backbone.layer1.0.conv4.weight',
        'neck.downsample5.downsample.0.weight',
        'rpn_head.rpn2.cls.tail.0.weight',
        'rpn_head.template_cls_conv.weight',
        'weight',
        '',
    ):
        assert renamed(name) is None


def test_renaming_is_one_to_one():
    for layout, _ in NARROW.values():
        ours = [renamed(name) for name in layout]
        assert len(set(ours)) == len(ours)
        for name in ours:
            assert re.fullmatch(r'(backbone|adjust|blocks|aggregation)\..+', name)
