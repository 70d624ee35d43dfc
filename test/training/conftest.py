# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data for the training tests: a few generated files."""

from dataclasses import replace
from pathlib import Path
import sys

import pytest

from siam_tracker_ros.images import write_image
from siam_tracker_ros.training.sources import discover
from siam_tracker_ros.training.tracks import TrackSettings, write_tracks
from siam_tracker_ros.video import VideoWriter

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))


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


@pytest.fixture
def footage(tmp_path, texture):
    """A folder with a short video of a scene that stands still."""
    folder = tmp_path / 'footage'
    folder.mkdir()
    with VideoWriter(folder / 'yard.mp4', 10.0) as writer:
        for _ in range(6):
            writer.write(texture(120, 160, 3))
    return folder


@pytest.fixture
def light(monkeypatch):
    """SiamRPN++ and C-RPN as they are trained, but with few channels."""
    from siam_tracker_ros.training.recipes import RECIPES

    arguments = {'widths': [8, 8, 16], 'depths': [1, 2]}
    network = {'backbone': 'cropped_resnet', 'arguments': arguments, 'channels': [8, 8]}
    for name, more in ('siamrpnpp', {}), ('crpn', {'stages': 2}):
        monkeypatch.setitem(RECIPES, name, replace(RECIPES[name], light={**network, **more}))
    return network
