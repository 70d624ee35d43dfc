# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.cascaded import CascadedSiamese
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.sasiam import SASiam
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.weights import Checkpoint, Meta, load, save

WIDTHS = {'widths': [4, 8, 8, 8, 8]}
ONE_LEVEL = {'backbone': 'siamfc_alexnet', 'arguments': {**WIDTHS, 'levels': [5]}}
NETWORKS = {
    'siamfc': (SiamFC, WIDTHS),
    'csn': (
        CascadedSiamese,
        {
            'matching': {'widths': [4, 8, 8]},
            'classification': {'widths': [4, 6, 8], 'hidden': 8},
        },
    ),
    'sasiam': (
        SASiam,
        {
            'appearance': WIDTHS,
            'semantic': {
                'backbone': 'siamfc_alexnet', 'arguments': WIDTHS, 'channels': [3, 5]
            },
        },
    ),
    'siamrpnpp': (SiamRPN, {**ONE_LEVEL, 'channels': [4]}),
    'crpn': (
        CRPN,
        {'backbone': 'siamfc_alexnet', 'arguments': WIDTHS, 'channels': [4, 4], 'stages': 2},
    ),
}  # fmt: skip


@pytest.fixture
def small(tmp_path):
    """A tiny random network of a tracker and its checkpoint, which is a file."""

    def make(name):
        kind, arguments = NETWORKS[name]
        torch.manual_seed(0)
        network = kind(**arguments).eval()
        file = save(
            tmp_path / f'{name}.safetensors',
            Checkpoint(network.state_dict(), Meta(name, arguments)),
        )
        return network, load(file)

    return make
