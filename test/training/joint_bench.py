# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of DSiam's joint training share: a small network, and clips of pictures."""

import numpy as np
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.training.pairs import View

CPU = torch.device('cpu')
SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
# A random network's logits mean nothing: all that is finite is a success. Each is learned from.
SURE = {'success_peak': -1e6, 'learn_every': 1}
# One cell beside the middle, on each side.
SIZE = 159


def small(layers=(4, 5), **values):
    """A network that is small, in which all layers count."""
    torch.manual_seed(5)
    network = DSiam(**SMALL, layers=layers, lambda_v=0.01, lambda_w=0.1, **values)
    # Logits of about 1.
    torch.nn.init.constant_(network.log_scale, -2.3)
    if len(layers) > 1:
        torch.nn.init.constant_(network.log_scales, -2.3)
        torch.nn.init.constant_(network.shares, 0.3)
    return network.eval()


def still(texture, length, seed=0):
    """Views of one object that stands still."""
    image = torch.from_numpy(texture(240, 320, seed))
    return [View(image, Box(160.0, 120.0, 40.0, 30.0))] * length


def moving(texture, length, seed=0):
    """Views of an object that moves and grows with all that is around it, and changes its look."""
    views = []
    for k in range(length):
        image = np.roll(texture(240, 320, seed), (2 * k, 3 * k), (0, 1)).astype(np.float32)
        image = image * (1.0 - 0.08 * k) + 6.0 * k
        box = Box(160.0 + 3 * k, 120.0 + 2 * k, 40.0 + k, 30.0 + k)
        views.append(View(torch.from_numpy(image.clip(0, 255).astype(np.uint8)), box))
    return views
