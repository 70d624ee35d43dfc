# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, SearchWindow, context_side
from siam_tracker_ros.training import layers, scenes
from siam_tracker_ros.training.pairs import Pair, View
from siam_tracker_ros.training.scenes import SceneMaker, SceneSettings

CPU = torch.device('cpu')
PLAIN = {'foreign': 0.0, 'foreign_exemplar': 0.0, 'distractors': 0.0, 'occluders': 0.0}

def maker(**values):
    return SceneMaker(SceneSettings.from_dict({**PLAIN, **values}), 127, 239, 0.5, CPU)


def colour_pair(shot, colour, kind='thing'):
    """A pair whose image has one colour, so that its pixels can be told in any crop."""
    image = torch.tensor(colour, dtype=torch.uint8).expand(160, 200, 3).contiguous()
    view = View(image, Box(100.0, 80.0, 40.0, 40.0))
    return Pair(view, view, shot, kind)


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


def white_object(width, height):
    """A view of a white box of this size on black."""
    image = np.zeros((240, 280, 3), np.uint8)
    image[120 - height // 2 : 120 + height // 2, 140 - width // 2 : 140 + width // 2] = 255
    return View(torch.from_numpy(image), Box(140.0, 120.0, float(width), float(height)))


@pytest.mark.parametrize(('width', 'height'), [(40, 40), (30, 60), (64, 28)])
def test_boxes_are_true(width, height):
    view = white_object(width, height)
    batch = maker(rotation=0.0, log_aspect=0.4, log_scale=0.2).make(
        [Pair(view, view, 0, 'square')] * 16, np.random.default_rng(0)
    )
    light = batch.searches.mean(dim=1) / 255
    inside = (batch.boxes[:, :2] + 119.5).round().long()
    rows = torch.stack([image[y] for image, y in zip(light, inside[:, 1])])
    columns = torch.stack([image[:, x] for image, x in zip(light, inside[:, 0])])
    for light, sides in ((rows, batch.boxes[:, 2]), (columns, batch.boxes[:, 3])):
        torch.testing.assert_close((light > 0.5).sum(dim=1).float(), sides, rtol=0, atol=1.5)
    aspects = (batch.boxes[:, 2] / batch.boxes[:, 3] * height / width).log()
    assert 0.2 < float(aspects.abs().max()) <= 0.4
    sizes = batch.boxes[:, 2:].prod(dim=1).sqrt().log()
    assert 0.2 < float(sizes.max() - sizes.min()) <= 0.4


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


def test_surroundings_are_the_exemplars_at_its_scale(texture):
    # SA-Siam's z^s has z in its middle (section 3.1).
    settings = SceneSettings.from_dict(PLAIN)
    view = View(torch.from_numpy(texture()), Box(150.0, 110.0, 40.0, 40.0))
    pair = Pair(view, view, 0, 'a')
    around = SceneMaker(settings, 127, 239, 0.5, CPU, surroundings=128)
    (one,), (other,) = (
        made.make([pair], np.random.default_rng(3)).exemplars for made in (around, maker())
    )
    assert one.shape == (3, 255, 255)
    torch.testing.assert_close(one[:, 64:-64, 64:-64], other, rtol=0, atol=0.5)


def test_a_still_scene_without_any_change_is_the_trackers_crop(texture):
    image = torch.from_numpy(texture())
    view = View(image, Box(150.0, 110.0, 40.0, 40.0))
    same = maker(shift=0.0, log_scale=0.0, log_aspect=0.0, rotation=0.0, jitter=0.0)
    batch = same.make([Pair(view, view, 0, 'a')], np.random.default_rng(0))
    assert batch.boxes[0].tolist() == pytest.approx([0.0, 0.0, 63.5, 63.5])
    assert batch.centres.tolist() == [[0.0, 0.0]]
    assert batch.exemplars.shape == (1, 3, 127, 127)
    assert batch.searches.shape == (1, 3, 239, 239)
    assert not batch.foreign.any()
    side = context_side(40.0, 40.0, 0.5) * 239 / 127
    crop = Frame(image).crop([SearchWindow(150.0, 110.0, side)], 239)
    torch.testing.assert_close(batch.searches, crop, rtol=0, atol=0.02)


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


def test_only_the_search_crop_is_bent_and_around_the_target(texture):
    view = View(torch.from_numpy(texture()), Box(150.0, 110.0, 40.0, 40.0))
    plain, bent = (
        maker(bend=bend).make([Pair(view, view, 0, 'it')] * 4, np.random.default_rng(0))
        for bend in (0.0, 8.0)
    )
    assert torch.equal(bent.centres, plain.centres)
    torch.testing.assert_close(bent.exemplars, plain.exemplars)
    difference = (bent.searches - plain.searches).abs().mean(dim=1)
    for image, (x, y) in zip(difference, plain.centres.long() + 119):
        near = image[y - 2 : y + 3, x - 2 : x + 3].mean()
        assert near < 0.5 * image[60:-60, 60:-60].mean()


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
    for name in ('exemplars', 'searches', 'boxes', 'foreign'):
        assert torch.equal(getattr(one, name), getattr(again, name))
    assert not torch.equal(one.searches, other.searches)
    assert -1e-3 <= float(one.searches.min()) <= float(one.searches.max()) <= 255 + 1e-3


def test_each_image_is_brought_to_the_device_once(texture, monkeypatch):
    view = View(torch.from_numpy(texture()), Box(150.0, 110.0, 40.0, 40.0))
    other = View(torch.from_numpy(texture(seed=1)), Box(90.0, 80.0, 60.0, 40.0))
    uploaded = []

    def upload(images, crops, device):
        uploaded.extend(images)
        return layers.upload(images, crops, device)

    monkeypatch.setattr(scenes, 'upload', upload)
    pairs = [Pair(view, view, 0, 'a'), Pair(other, other, 1, 'b')] * 3
    maker(foreign=1.0, distractors=1.0).make(pairs, np.random.default_rng(0))
    assert sorted(map(id, uploaded)) == sorted([id(view.image), id(other.image)])
