# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros import weights
from siam_tracker_ros.images import require_cv2, write_image
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.video import VideoWriter

BOX = (60.0, 50.0, 40.0, 32.0)
FRAMES = 6
SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 1}


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory):
    """A small SiamFC with random weights: enough to run, whatever it finds."""
    torch.manual_seed(0)
    network = SiamFC(**SMALL)
    path = tmp_path_factory.mktemp('weights') / 'small.safetensors'
    meta = weights.Meta(
        'siamfc', SMALL, {'confidence_bias': 20.0}, {'licence': 'none', 'seed': 0}
    )
    return weights.save(path, weights.Checkpoint(network.state_dict(), meta))


@pytest.fixture(scope='session')
def pictures():
    """A patch of noise that moves 2 px a frame over a smooth ground."""
    cv2 = require_cv2()
    noise = np.random.default_rng(0)
    ground = cv2.GaussianBlur(noise.integers(0, 255, (160, 200, 3), np.uint8), (0, 0), 6)
    patch = noise.integers(0, 255, (32, 40, 3), np.uint8)
    images = []
    for index in range(FRAMES):
        image = ground.copy()
        image[50:82, 60 + 2 * index : 100 + 2 * index] = patch
        images.append(image)
    return images


@pytest.fixture(scope='session')
def folder(tmp_path_factory, pictures):
    path = tmp_path_factory.mktemp('images')
    for index, image in enumerate(pictures, 1):
        write_image(path / f'{index:08d}.png', image)
    return path


@pytest.fixture(scope='session')
def video(tmp_path_factory, pictures):
    path = tmp_path_factory.mktemp('video') / 'clip.mp4'
    with VideoWriter(path, 25.0) as writer:
        for image in pictures:
            writer.write(image)
    return path
