# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import PATCH_SIZE, ClassificationNetwork
from siam_tracker_ros.online import patches
from siam_tracker_ros.online.patches import (
    CHUNK,
    PADDING,
    crop_patches,
    grid_boxes,
    grid_features,
    patch_features,
)
from siam_tracker_ros.online.sampling import box_row

INNER = PATCH_SIZE - 2 * PADDING


def rows(*boxes):
    return torch.stack([box_row(box) for box in boxes])


@pytest.fixture
def network():
    torch.manual_seed(3)
    return ClassificationNetwork((6, 8, 10), 8).eval()


def test_a_box_of_a_patchs_size_is_cut_out_with_its_margin(texture):
    frame = Frame.from_numpy(texture(), order='rgb')
    # 75 pixels: the window's edges lie on edges of pixels.
    patch = crop_patches(frame, rows(Box(100 + INNER / 2, 90 + INNER / 2, INNER, INNER)))[0]
    left, top = 100 - PADDING, 90 - PADDING
    expected = frame.pixels[top : top + PATCH_SIZE, left : left + PATCH_SIZE]
    torch.testing.assert_close(patch, expected.permute(2, 0, 1).float(), atol=0.02, rtol=0)


def test_a_box_is_warped_to_a_square():
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:100, 60:180] = 255
    patch = crop_patches(Frame.from_numpy(image), rows(Box(120, 90, 120, 20)))[0, 0]
    edge = PADDING + 2
    assert patch[edge:-edge, edge:-edge].min() > 255 - 1e-3
    assert patch[: PADDING - 2].max() < 1e-3
    assert patch[:, : PADDING - 2].max() < 1e-3


def test_outside_of_the_image_is_the_networks_zero(texture):
    frame = Frame.from_numpy(texture())
    patch = crop_patches(frame, rows(Box(-200, -200, 40, 40)))
    assert (patch == 128.0).all()


def test_patches_of_a_batch_equal_single_ones(texture, network):
    frame = Frame.from_numpy(texture())
    torch.manual_seed(0)
    boxes = torch.rand(CHUNK + 3, 4) * 100 + 20
    with torch.no_grad():
        together = patch_features(network, frame, boxes)
        for i in (0, CHUNK - 1, CHUNK, CHUNK + 2):
            alone = patch_features(network, frame, boxes[i : i + 1])[0]
            torch.testing.assert_close(together[i], alone, atol=1e-3, rtol=1e-4)


def test_a_grid_is_centred_on_its_box_and_steps_by_the_stride():
    box = Box(50.0, 40.0, 75.0, 150.0)
    grid = grid_boxes(rows(box), 3)[0]
    assert grid.shape == (9, 4)
    assert grid[4].tolist() == [50.0, 40.0, 75.0, 150.0]
    assert grid[5].tolist() == pytest.approx([66.0, 40.0, 75.0, 150.0])
    assert grid[7].tolist() == pytest.approx([50.0, 72.0, 75.0, 150.0])


@pytest.mark.parametrize('cells', [1, 5])
def test_a_grids_features_are_those_of_its_boxes(texture, network, cells):
    frame = Frame.from_numpy(texture())
    boxes = rows(Box(150, 120, 50, 30), Box(20, 200, 40, 40))
    with torch.no_grad():
        features = grid_features(network, frame, boxes, cells)
        assert features.shape == (2, cells * cells, network.dimension)
        for found, around in zip(features, grid_boxes(boxes, cells)):
            expected = patch_features(network, frame, around)
            torch.testing.assert_close(found, expected, atol=0.05, rtol=1e-3)


@pytest.mark.parametrize('cells', [1, 5])
def test_a_bounded_number_of_crops_is_run_at_once(texture, network, monkeypatch, cells):
    frame = Frame.from_numpy(texture())
    boxes = torch.tensor([[40.0 + 10 * k, 100.0, 30.0, 40.0] for k in range(7)])
    with torch.no_grad():
        whole = grid_features(network, frame, boxes, cells)
        true, pixels = network.maps, []
        monkeypatch.setattr(
            network, 'maps', lambda crops: pixels.append(crops[:, 0].numel()) or true(crops)
        )
        monkeypatch.setattr(patches, 'CHUNK', 5)
        split = grid_features(network, frame, boxes, cells)
    assert len(pixels) > 1
    assert max(pixels) <= 5 * PATCH_SIZE**2
    torch.testing.assert_close(split, whole, atol=1e-4, rtol=1e-5)
