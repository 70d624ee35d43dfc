# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings, boxes and networks that the tests of tracking by proposals share."""

import pytest
import torch

from siam_tracker_ros.geometry import Box, context_side
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.siamrpnpp import SiamRPN

CPU = torch.device('cpu')
# A random network's logits mean nothing, so its score is fixed where the state shall not matter.
SURE = {'confidence_bias': 9.0, 'confidence_peak': 0.0}
GONE = {'confidence_bias': -9.0, 'confidence_peak': 0.0}
LIGHT = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [8, 8, 16], 'depths': [2, 2]},
    'channels': [8, 8],
}
NETWORKS = {
    'siamrpnpp': lambda: SiamRPN(**LIGHT),
    'crpn': lambda: CRPN(**LIGHT, block='depthwise', stages=2),
}
of_each = pytest.mark.parametrize('name', NETWORKS)
HERE, THERE = Box(120.0, 100.0, 60.0, 50.0), Box(220.0, 140.0, 40.0, 56.0)


def scale_of(box):
    """Pixels of the image in one of the crop."""
    return context_side(box.w, box.h) / 127
