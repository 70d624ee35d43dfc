# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that training can begin anew: their arguments, by the words of ``--network``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models.backbones.alexnet import DEEP
from ..models.crpn import LAST, RESULTS


def _resnet(depth: int) -> dict[str, Any]:
    return {
        'backbone': 'dilated_resnet',
        'arguments': {'depth': depth, 'levels': [2, 3, 4]},
        'channels': [256, 256, 256],
    }


# The backbone of csn's matching subnetwork, whose three last units are the levels.
CROPPED: Mapping[str, Any] = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [24, 64, 256], 'depths': [4, 3], 'expansion': 2},
}

# As published, with pixels that are normalised: backbones of torchvision's classifiers. The last
# one is our own.
SIAMRPNPP: Mapping[str, Mapping[str, Any]] = {
    **{f'resnet{depth}': _resnet(depth) for depth in (18, 34, 50)},
    'mobilenetv2': {
        'backbone': 'mobilenetv2',
        # torchvision's width; pysot's is 1.4.
        'arguments': {'width': 1.0, 'levels': [3, 5, 7]},
        'channels': [256, 256, 256],
    },
    'alexnet': {
        'backbone': 'alexnet',
        # torchvision's widths, not pysot's.
        'arguments': {'widths': [64, 192, 384, 256, 256], 'levels': [5]},
        'channels': None,
        'weighted': False,
    },
    'cropped-resnet': {**CROPPED, 'channels': [96, 96, 96]},
}

# A level alone (SiamRPN++, Table 1); the light network joins all three.
LEVELS: Mapping[str, Mapping[str, Any]] = {
    f'level{number}': {'arguments': {'levels': [depth]}, 'channels': [96]}
    for number, depth in enumerate(DEEP, start=1)
}

# The first is the paper's network.
CASCADES: Mapping[str, Mapping[str, Any]] = {
    'alexnet': {
        'backbone': 'alexnet',
        # torchvision's widths.
        'arguments': {'widths': [64, 192, 384, 256, 256]},
    },
    'cropped-resnet': {**CROPPED, 'channels': [64, 64, 64], 'block': 'depthwise'},
}

# With the paper's blocks; and what its parts are worth, in Tables 4, 5 and 6.
PARTS: Mapping[str, Mapping[str, Any]] = {
    'up-channel': {'block': 'up_channel'},
    'one-stage': {'stages': 1, 'channels': [64]},
    'two-stages': {'stages': 2, 'channels': [64, 64]},
    'unfiltered': {'theta': 1.0},
    'last-layer': {'fusion': LAST, 'channels': [64]},
    'fused-results': {'fusion': RESULTS},
}

# A quarter of SiamFC's 2.3 M parameters.
SIAMFC: Mapping[str, Any] = {'widths': [48, 128, 192, 192, 192], 'groups': 2}

# What the parts of the semantic branch are worth (SA-Siam, Table 1): ML and Att. left out.
LAST_LAYER: Mapping[str, Any] = {'levels': [5], 'channels': [256]}
BRANCHES: Mapping[str, Mapping[str, Any]] = {
    'last-layer': LAST_LAYER,
    'unweighted': {'attention': False},
    'basic': {**LAST_LAYER, 'attention': False},
}

# The classifier of the paper: torchvision's widths.
IMAGENET: Mapping[str, Any] = {
    'backbone': 'alexnet',
    'arguments': {'widths': [64, 192, 384, 256, 256]},
}
