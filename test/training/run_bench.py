# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Words of a short training run, as a user types them."""

from siam_tracker_ros.cli import main

QUICK = [
    '--steps',
    '2',
    '--batch',
    '4',
    '--search-size',
    '143',
    '--accelerator',
    'cpu',
    '--precision',
    '32-true',
]
# How far the map of a crop of 143 px reaches where nothing is padded.
REACH = ['--shift', '8']
MINING = ['--segments', '1', '--length', '4', '--skip', '1', '--objects', '3', '--travel', '0']


def train(data, out, *options, tracker='siamfc'):
    quick = [*QUICK, *(REACH if tracker in ('siamrpnpp', 'crpn') else [])]
    return main(['train', tracker, '--data', str(data), '--out', str(out), *quick, *options])
