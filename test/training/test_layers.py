# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, SearchWindow
from siam_tracker_ros.training import layers
from siam_tracker_ros.training.layers import (
    Layer,
    Mask,
    bounds,
    place,
    render,
    seen_size,
    soft_mask,
    upload,
)

CPU = torch.device('cpu')

boxes = st.builds(
    Box, st.floats(20, 300), st.floats(20, 200), st.floats(8, 100), st.floats(8, 100)
)
at = st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
angles, aspects = st.floats(-math.pi, math.pi), st.floats(-0.5, 0.5)


def batched(*windows):
    return torch.from_numpy(np.stack(windows)).float()


def one_by_one(images, crop, size):
    """A crop rendered with `Frame.sample`, a layer at a time."""
    out = torch.zeros(3, size, size)
    for layer in crop:
        affine = batched(layer.window)
        pixels = Frame(images[layer.image]).sample(affine, size, None, bounds(layer.window))[0]
        mask = soft_mask(affine, [layer.mask], size)[0] if layer.mask else 1.0
        out = pixels * mask + out * (1.0 - mask)
    return out


@given(boxes, st.floats(20, 400), at, angles, aspects)
def test_the_box_lies_at_the_asked_place(box, side, where, angle, log_aspect):
    affine = place(box, side, where, angle, log_aspect)
    centre = affine @ [*where, 1.0]
    assert centre.tolist() == pytest.approx([box.cx, box.cy], abs=1e-3)
    # Rotation and stretch keep the area of the window.
    assert np.linalg.det(affine[:, :2]) == pytest.approx(side**2, rel=1e-4)


@given(boxes, st.floats(20, 400), at, aspects)
def test_an_upright_object_is_seen_in_its_own_size(box, side, where, log_aspect):
    width, height = seen_size(box, place(box, side, where, 0.0, log_aspect))
    stretch = math.exp(log_aspect / 2)
    assert width == pytest.approx(box.w / (side * stretch))
    assert height == pytest.approx(box.h * stretch / side)


@given(boxes, st.floats(20, 400), at, angles, aspects)
def test_a_rotated_object_is_seen_as_wide_as_the_ellipse_in_its_box(
    box, side, where, angle, log_aspect
):
    window = place(box, side, where, angle, log_aspect)
    turn = np.linspace(0, 2 * math.pi, 721)
    rim = np.stack([box.cx + box.w / 2 * np.cos(turn), box.cy + box.h / 2 * np.sin(turn)])
    seen = np.linalg.solve(window[:, :2], rim - window[:, 2:])
    sides = seen.max(axis=1) - seen.min(axis=1)
    assert seen_size(box, window) == pytest.approx(sides.tolist(), rel=1e-4)
    assert (seen.max(axis=1) + seen.min(axis=1)) / 2 == pytest.approx(where, abs=1e-3)


@given(boxes, st.floats(20, 400), at, angles, aspects)
def test_bounds_enclose_the_window(box, side, where, angle, log_aspect):
    affine = place(box, side, where, angle, log_aspect)
    left, top, right, bottom = bounds(affine)
    for x in (-0.5, 0.0, 0.5):
        for y in (-0.5, 0.5):
            px, py = affine @ [x, y, 1.0]
            assert left - 1e-3 <= px <= right + 1e-3
            assert top - 1e-3 <= py <= bottom + 1e-3


def test_a_window_without_rotation_is_the_trackers(texture):
    frame = Frame.from_numpy(texture())
    affine = place(Box(100.0, 90.0, 40.0, 30.0), 120.0, (0.0, 0.0), 0.0, 0.0)
    crop = frame.sample(batched(affine), 127, None, bounds(affine))
    torch.testing.assert_close(crop, frame.crop([SearchWindow(100.0, 90.0, 120.0)], 127))


@given(boxes, angles, aspects, st.floats(2.0, 6.0), st.floats(0.02, 0.12))
def test_the_mask_is_full_in_the_box_and_empty_outside(box, angle, aspect, power, softness):
    side = 4 * max(box.w, box.h)
    affine = place(box, side, (0.0, 0.0), angle, aspect)
    mask = soft_mask(batched(affine), [Mask(box, power, softness)], 65)[0]
    assert mask.shape == (1, 65, 65)
    assert float(mask[0, 32, 32]) > 0.99
    steps = (torch.arange(65) + 0.5) / 65 - 0.5
    y, x = torch.meshgrid(steps, steps, indexing='ij')
    points = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ batched(affine)[0].T
    # Twice the half sides away, wherever rotation has put it.
    far = ((points[..., 0] - box.cx).abs() > box.w) | ((points[..., 1] - box.cy).abs() > box.h)
    assert float(mask[0][far].max()) < 0.01


def test_a_softer_mask_falls_off_slower():
    box = Box(50.0, 50.0, 40.0, 40.0)
    affine = place(box, 160.0, (0.0, 0.0), 0.0, 0.0)
    masks = [Mask(box, 4.0, s) for s in (0.02, 0.12)]
    hard, soft = soft_mask(batched(affine, affine), masks, 129)[:, 0, 64]
    assert ((soft > 0.05) & (soft < 0.95)).sum() > ((hard > 0.05) & (hard < 0.95)).sum()


@pytest.mark.parametrize('budget', [1, 2**17, 2**27])
def test_crops_together_equal_crops_one_by_one(texture, monkeypatch, budget):
    monkeypatch.setattr(layers, 'CACHED', budget)
    rng = np.random.default_rng(3)
    images = [torch.from_numpy(texture(90 + 40 * k, 260 - 30 * k, k)) for k in range(5)]
    crops = []
    for k in range(7):
        crop = []
        for depth in range(1 + k % 4):
            box = Box(*rng.uniform(30, 120, 2).tolist(), *rng.uniform(20, 60, 2).tolist())
            # The last crop's windows reach far outside their images.
            side = 4 * box.w if k < 6 else 600.0
            window = place(box, side, (0.1, -0.2), rng.uniform(-1, 1), rng.uniform(-0.3, 0.3))
            mask = Mask(box, rng.uniform(2, 6), rng.uniform(0.02, 0.12)) if depth else None
            crop.append(Layer((k + depth) % 5, window, mask))
        crops.append(crop)
    together = render(upload(images, crops, CPU), crops, 61)
    single = torch.stack([one_by_one(images, crop, 61) for crop in crops])
    # A place is off by 1e-5 of a pixel, a colour by 255 times that.
    torch.testing.assert_close(together, single, rtol=0, atol=0.02)
