# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.training.bending import KNOTS, bend


def drawn(seed=0):
    return np.random.default_rng(seed)


def spots(centres, size=239):
    """Images with one soft spot each, x and y in pixels from the middle."""
    index = torch.arange(size) + 0.5 - size / 2
    dx = index[None, None, :] - centres[:, :1, None]
    dy = index[None, :, None] - centres[:, 1:, None]
    return (-(dx**2 + dy**2) / 8.0).exp()[:, None] * 200.0


def middle_of(images):
    index = torch.arange(images.shape[-1]) + 0.5 - images.shape[-1] / 2
    light = images[:, 0]
    total = light.sum(dim=(1, 2))
    x = (light.sum(dim=1) * index).sum(dim=1) / total
    y = (light.sum(dim=2) * index).sum(dim=1) / total
    return torch.stack([x, y], dim=1)


def test_what_is_at_the_centre_stays_there():
    centres = torch.tensor([[0.0, 0.0], [30.0, -20.0], [-41.5, 12.25]]).repeat(8, 1)
    out = bend(spots(centres), centres, 6.0, drawn())
    torch.testing.assert_close(middle_of(out), centres, rtol=0, atol=0.8)


def test_what_is_elsewhere_moves_and_each_image_by_another_amount():
    centres = torch.zeros(32, 2)
    elsewhere = centres + 35.0
    moved = (middle_of(bend(spots(elsewhere), centres, 6.0, drawn())) - elsewhere).norm(dim=1)
    assert moved.max() > 6.0
    assert moved.min() < 1.0


def test_nothing_changes_without_strength():
    images = torch.rand(2, 3, 119, 119) * 255
    out = bend(images, torch.zeros(2, 2), 0.0, drawn())
    torch.testing.assert_close(out, images, rtol=0, atol=0.01)


def test_an_image_without_structure_stays_and_nothing_leaves_the_range():
    flat = torch.full((2, 3, 64, 64), 77.0)
    torch.testing.assert_close(bend(flat, torch.zeros(2, 2), 10.0, drawn()), flat)
    noise = torch.rand(2, 3, 64, 64) * 255
    out = bend(noise, torch.zeros(2, 2), 10.0, drawn())
    assert out.min() >= 0
    assert out.max() <= 255


def test_the_distortion_is_smooth():
    ramp = torch.arange(119.0).expand(4, 1, 119, 119).contiguous()
    out = bend(ramp, torch.zeros(4, 2), 3.0, drawn())
    # Neighbours stay neighbours: between two knots it moves by a few times its spread at most.
    steps = out.diff(dim=3).abs()
    assert steps.max() < 1.0 + 8.0 * 3.0 / (119 / (KNOTS - 1))


@pytest.mark.parametrize('seed', [1, 2])
def test_the_same_seed_gives_the_same_distortion(seed):
    images = torch.rand(2, 3, 64, 64)
    first, second = (bend(images, torch.zeros(2, 2), 5.0, drawn(seed)) for _ in range(2))
    assert torch.equal(first, second)
    other = bend(images, torch.zeros(2, 2), 5.0, drawn(seed + 1))
    assert not torch.equal(first, other)
