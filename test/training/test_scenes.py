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
from siam_tracker_ros.training.pairs import Pair, View
from siam_tracker_ros.training.scenes import (
    SceneMaker,
    SceneSettings,
    bounds,
    place,
    soft_mask,
)

CPU = torch.device('cpu')
PLAIN = {'foreign': 0.0, 'foreign_exemplar': 0.0, 'distractors': 0.0, 'occluders': 0.0}

boxes = st.builds(
    Box, st.floats(20, 300), st.floats(20, 200), st.floats(8, 100), st.floats(8, 100)
)
at = st.tuples(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
angles, aspects = st.floats(-math.pi, math.pi), st.floats(-0.5, 0.5)


def maker(**values):
    return SceneMaker(SceneSettings.from_dict({**PLAIN, **values}), 127, 239, 0.5, CPU)


def colour_pair(shot, colour, kind='thing'):
    """A pair whose image has one colour, so that its pixels can be told in any crop."""
    image = torch.tensor(colour, dtype=torch.uint8).expand(160, 200, 3).contiguous()
    view = View(image, Box(100.0, 80.0, 40.0, 40.0))
    return Pair(view, view, shot, kind)


@given(boxes, st.floats(20, 400), at, angles, aspects)
def test_the_box_lies_at_the_asked_place(box, side, where, angle, log_aspect):
    affine = place(box, side, where, angle, log_aspect)
    centre = affine @ torch.tensor([*where, 1.0])
    assert centre.tolist() == pytest.approx([box.cx, box.cy], abs=1e-3)
    # Rotation and stretch keep the area of the window.
    assert abs(float(torch.det(affine[:, :2]))) == pytest.approx(side**2, rel=1e-4)


@given(boxes, st.floats(20, 400), at, angles, aspects)
def test_bounds_enclose_the_window(box, side, where, angle, log_aspect):
    affine = place(box, side, where, angle, log_aspect)
    left, top, right, bottom = bounds(affine)
    for x in (-0.5, 0.0, 0.5):
        for y in (-0.5, 0.5):
            px, py = (affine @ torch.tensor([x, y, 1.0])).tolist()
            assert left - 1e-3 <= px <= right + 1e-3
            assert top - 1e-3 <= py <= bottom + 1e-3


def test_a_window_without_rotation_is_the_trackers(texture):
    frame = Frame.from_numpy(texture())
    affine = place(Box(100.0, 90.0, 40.0, 30.0), 120.0, (0.0, 0.0), 0.0, 0.0)
    crop = frame.sample(affine.unsqueeze(0), 127, None, bounds(affine))
    torch.testing.assert_close(crop, frame.crop([SearchWindow(100.0, 90.0, 120.0)], 127))


@given(boxes, angles, aspects, st.floats(2.0, 6.0), st.floats(0.02, 0.12))
def test_the_mask_is_full_in_the_box_and_empty_outside(box, angle, aspect, power, softness):
    side = 4 * max(box.w, box.h)
    affine = place(box, side, (0.0, 0.0), angle, aspect)
    mask = soft_mask(affine, box, 65, power, softness, CPU)
    assert mask.shape == (1, 65, 65)
    assert float(mask[0, 32, 32]) > 0.99
    steps = (torch.arange(65) + 0.5) / 65 - 0.5
    y, x = torch.meshgrid(steps, steps, indexing='ij')
    points = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ affine.T
    # Twice the half sides away, wherever rotation has put it.
    far = ((points[..., 0] - box.cx).abs() > box.w) | ((points[..., 1] - box.cy).abs() > box.h)
    assert float(mask[0][far].max()) < 0.01


def test_a_softer_mask_falls_off_slower():
    box = Box(50.0, 50.0, 40.0, 40.0)
    affine = place(box, 160.0, (0.0, 0.0), 0.0, 0.0)
    hard, soft = (soft_mask(affine, box, 129, 4.0, s, CPU)[0, 64] for s in (0.02, 0.12))
    assert ((soft > 0.05) & (soft < 0.95)).sum() > ((hard > 0.05) & (hard < 0.95)).sum()


def test_centres_are_true():
    image = np.zeros((200, 240, 3), np.uint8)
    image[70:110, 100:140] = 255
    view = View(torch.from_numpy(image), Box.from_ltwh(100, 70, 40, 40))
    batch = maker(rotation=30.0, log_aspect=0.3, log_scale=0.3).make(
        [Pair(view, view, 0, 'square')] * 24, np.random.default_rng(0)
    )
    index = torch.arange(239) + 0.5 - 239 / 2
    # Outside the image lies the mean colour, which is not black.
    light = (batch.searches.mean(dim=1) - 60).clamp_min(0)
    x = (light.sum(dim=1) * index).sum(dim=1) / light.sum(dim=(1, 2))
    y = (light.sum(dim=2) * index).sum(dim=1) / light.sum(dim=(1, 2))
    torch.testing.assert_close(torch.stack([x, y], dim=1), batch.centres, rtol=0, atol=0.3)
    assert batch.centres.abs().max() <= 40.0
    assert batch.centres.std() > 10


def test_the_exemplar_is_centred_up_to_its_jitter():
    image = np.zeros((200, 240, 3), np.uint8)
    image[70:110, 100:140] = 255
    view = View(torch.from_numpy(image), Box.from_ltwh(100, 70, 40, 40))
    batch = maker(jitter=3.0).make([Pair(view, view, 0, 'square')] * 16, np.random.default_rng(0))
    index = torch.arange(127) + 0.5 - 127 / 2
    light = (batch.exemplars.mean(dim=1) - 60).clamp_min(0)
    x = (light.sum(dim=1) * index).sum(dim=1) / light.sum(dim=(1, 2))
    assert x.abs().max() <= 3.3
    # Half of the crop is the target (context 0.5).
    widths = (light[:, 63] > 60).sum(dim=1)
    assert ((widths > 58) & (widths < 70)).all()


def test_a_still_scene_without_any_change_is_the_trackers_crop(texture):
    image = torch.from_numpy(texture())
    view = View(image, Box(150.0, 110.0, 40.0, 40.0))
    same = maker(shift=0.0, log_scale=0.0, log_aspect=0.0, rotation=0.0, jitter=0.0)
    batch = same.make([Pair(view, view, 0, 'a')], np.random.default_rng(0))
    assert batch.centres.tolist() == [[0.0, 0.0]]
    assert batch.exemplars.shape == (1, 3, 127, 127)
    assert batch.searches.shape == (1, 3, 239, 239)
    assert not batch.foreign.any()


COLOURS = {0: (255, 0, 0), 1: (0, 255, 0), 2: (0, 0, 255)}


@pytest.mark.parametrize('layer', ['foreign', 'distractors', 'occluders'])
def test_whoever_is_seen_in_a_crop_is_not_foreign_to_it(layer):
    # Two pairs of each shot: what lends a layer lends it for its whole shot.
    pairs = [colour_pair(k % 3, COLOURS[k % 3]) for k in range(6)]
    batch = maker(**{layer: 1.0}).make(pairs, np.random.default_rng(1))
    seen_elsewhere = 0
    for i in range(6):
        for j in range(6):
            present = batch.searches[i, j % 3].max() > 100
            if present:
                assert not batch.foreign[i, j], (i, j)
                seen_elsewhere += i % 3 != j % 3
        assert not batch.foreign[i, i]
    assert seen_elsewhere >= 6
    assert batch.foreign.any()


def test_exemplars_of_other_shots_are_foreign():
    pairs = [colour_pair(k, COLOURS[k % 3]) for k in (0, 1, 2, 0)]
    batch = maker().make(pairs, np.random.default_rng(0))
    expected = [[pairs[i].shot != pairs[j].shot for j in range(4)] for i in range(4)]
    assert batch.foreign.tolist() == expected


def test_distractors_are_of_the_same_kind_where_there_are_any():
    pairs = [
        colour_pair(0, COLOURS[0], 'cat'),
        colour_pair(1, COLOURS[1], 'cat'),
        colour_pair(2, COLOURS[2], 'dog'),
    ]
    for seed in range(6):
        batch = maker(distractors=1.0).make(pairs, np.random.default_rng(seed))
        assert batch.searches[0, 1].max() > 100
        assert batch.searches[0, 2].max() < 50


def test_a_foreign_background_surrounds_the_object():
    pairs = [colour_pair(0, COLOURS[0]), colour_pair(1, COLOURS[1])]
    batch = maker(foreign=1.0, shift=0.0).make(pairs, np.random.default_rng(0))
    assert batch.searches[0, 0, 119, 119] > 200  # its own colour in the middle
    assert batch.searches[0, 1, 10, 10] > 200  # the other one in the corner


def test_the_same_seed_gives_the_same_batch(texture):
    view = View(torch.from_numpy(texture()), Box(150.0, 110.0, 40.0, 40.0))
    other = View(torch.from_numpy(texture(seed=1)), Box(90.0, 80.0, 60.0, 40.0))
    pairs = [Pair(view, view, 0, 'a'), Pair(other, other, 1, 'b')] * 2
    hard = SceneMaker(SceneSettings(), 127, 143, 0.5, CPU)
    one, again, other = (hard.make(pairs, np.random.default_rng(s)) for s in (5, 5, 6))
    for name in ('exemplars', 'searches', 'centres', 'foreign'):
        assert torch.equal(getattr(one, name), getattr(again, name))
    assert not torch.equal(one.searches, other.searches)
    assert -1e-3 <= float(one.searches.min()) <= float(one.searches.max()) <= 255 + 1e-3
