# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.subjects import Answer
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import require_cv2, write_image
from siam_tracker_ros.sequences import Sequence, read_sequences
from siam_tracker_ros.trackers.base import State


@pytest.fixture(scope='session')
def sequence(tmp_path_factory):
    """A patch of noise that moves 3 px a frame over a smooth ground."""
    cv2 = require_cv2()
    noise = np.random.default_rng(0)
    ground = cv2.GaussianBlur(noise.integers(0, 255, (160, 200, 3), np.uint8), (0, 0), 6)
    patch = noise.integers(0, 255, (32, 40, 3), np.uint8)
    folder = tmp_path_factory.mktemp('sequence')
    files, boxes = [], []
    for index in range(6):
        left = 60 + 3 * index
        image = ground.copy()
        image[50:82, left : left + 40] = patch
        files.append(write_image(folder / f'{index}.png', image))
        boxes.append([left, 50.0, 40.0, 32.0])
    return Sequence('moving', tuple(files), np.array(boxes))


class Recorder:
    """Says a box that tells which image it has seen."""

    name = 'recorder'

    def __init__(self):
        self.starts = []
        self.count = 0

    def start(self, image, box):
        self.starts.append((image, box))
        self.count = 0

    def step(self, image):
        self.count += 1
        return Answer(Box.from_ltwh(self.count, 0, 10, 10), self.count / 10, State.TRACKING)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture(scope='session')
def benchmark_folder(sequence, tmp_path_factory):
    """Two sequences on disk as a user has them, ``long`` of 6 and ``short`` of 4 images."""
    folder = tmp_path_factory.mktemp('benchmark')
    for name, count in (('long', 6), ('short', 4)):
        (folder / name).mkdir()
        for path in sequence.images[:count]:
            (folder / name / path.name).symlink_to(path)
        rows = [','.join(map(str, row)) for row in sequence.boxes[:count].tolist()]
        (folder / name / 'groundtruth.txt').write_text('\n'.join(rows) + '\n')
    return folder


@pytest.fixture(scope='session')
def benchmark(benchmark_folder):
    """The same, read."""
    return read_sequences(benchmark_folder)
