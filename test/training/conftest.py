# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data for the training tests: a few generated files."""

import pytest

from siam_tracker_ros.images import write_image
from siam_tracker_ros.training.sources import discover
from siam_tracker_ros.training.tracks import TrackSettings, write_tracks


@pytest.fixture
def stills(tmp_path, texture):
    """A folder of eight still images in two kinds."""
    for k in range(8):
        folder = tmp_path / 'stills' / ('cat' if k % 2 else 'dog')
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f'{k}.png', texture(120, 160, 10 + k))
    return tmp_path / 'stills'


@pytest.fixture
def sequence(tmp_path, texture):
    """A labelled sequence of twelve images: image k has its box k pixels further right."""
    folder = tmp_path / 'sequences' / 'car'
    folder.mkdir(parents=True)
    rows = []
    for k in range(12):
        # No leading zeros: the order of the names is not that of the numbers.
        write_image(folder / f'{k + 1}.png', texture(90, 120, 30))
        rows.append('nan,nan,nan,nan' if k == 5 else f'{20 + k},30,24,18')
    (folder / 'groundtruth.txt').write_text('\n'.join(rows) + '\n')
    return folder


@pytest.fixture
def tracks(tmp_path, texture):
    """Two short rendered sequences, in which a random network errs."""
    for k in range(3):
        (tmp_path / 'photographs').mkdir(exist_ok=True)
        write_image(tmp_path / 'photographs' / f'{k}.png', texture(120, 160, 10 + k))
    settings = TrackSettings(size=96, frames=24, leaving=0.0, min_side=0.3)
    folder = tmp_path / 'tracks'
    write_tracks(discover([tmp_path / 'photographs']).shots, folder, 2, settings, 0)
    return folder
