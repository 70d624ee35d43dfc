# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from joint_bench import CPU, SIZE, moving, still
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers.crops import exemplar_crop
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.training.clip_material import ClipMaterial, ClipScenes, ClipSettings
from siam_tracker_ros.training.pairs import View
from siam_tracker_ros.training.sources import discover

EXACT = ClipScenes(shift=0.0, log_scale=0.0)


def material(scenes=EXACT, **values):
    settings = ClipSettings.from_dict({'frames': 4, 'search_size': SIZE, **values})
    return ClipMaterial(settings, scenes, 0.5, 127, CPU)


def make(clips, scenes=EXACT, seed=0):
    return material(scenes).make(clips, np.random.default_rng(seed))


def test_the_first_exemplar_is_the_middle_of_the_first_crop(texture):
    clip = moving(texture, 4)
    batch = make([clip, clip], ClipScenes())
    frame = Frame.from_numpy(texture(240, 320)[..., ::-1].copy())
    expected, _ = exemplar_crop(frame, clip[0].box, DSiamSettings(), torch.float32)
    rim = (SIZE - 127) // 2
    for crops, places in zip(*batch.tensors):
        middle = crops[0, :, rim : rim + 127, rim : rim + 127]
        torch.testing.assert_close(middle, expected[0], rtol=0.0, atol=0.6)
        assert places[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize('scenes', [EXACT, ClipScenes(shift=20.0, log_scale=0.1)])
def test_the_target_is_where_it_is_said_to_be(scenes):
    # A white spot on black, of which the middle can be measured.
    def view(x, y):
        image = torch.zeros(240, 320, 3, dtype=torch.uint8)
        image[y - 3 : y + 4, x - 3 : x + 4] = 255
        return View(image, Box(x + 0.5, y + 0.5, 40.0, 40.0))

    batch = make([[view(150, 120), view(158, 120), view(158, 109)]], scenes)
    at = torch.arange(SIZE) - (SIZE - 1) / 2
    for crop, place in zip(batch.searches[0], batch.places[0]):
        light = crop.mean(dim=0)
        x, y = (light.sum(dim=0) * at).sum(), (light.sum(dim=1) * at).sum()
        torch.testing.assert_close(torch.stack([x, y]) / light.sum(), place, atol=0.2, rtol=0.0)
    if scenes is EXACT:
        # 80 px of the image, the object's sides and twice the context, are 127 px of the crop.
        scale = 127 / 80
        expected = torch.tensor([[0.0, 0.0], [8 * scale, 0.0], [0.0, -11 * scale]])
        torch.testing.assert_close(batch.places[0], expected)


def test_the_error_of_a_tracker_is_drawn_anew_and_bounded(texture):
    scenes = ClipScenes(shift=20.0, log_scale=0.0)
    places = make([still(texture, 6)] * 3, scenes).places
    assert (places.abs() <= 20.0).all()
    assert len({tuple(p) for p in places[:, 1:].flatten(0, 1).tolist()}) == 15
    torch.testing.assert_close(make([still(texture, 6)] * 3, scenes).places, places)
    assert not torch.equal(make([still(texture, 6)] * 3, scenes, seed=1).places, places)


def test_one_light_for_all_images_of_a_clip(texture):
    batch = make([still(texture, 3), still(texture, 3)])
    varied = material().varied(batch)
    assert varied.places is batch.places
    one, other = varied.searches
    assert torch.equal(one[0], one[2])
    assert not torch.equal(one[0], batch.searches[0, 0])
    assert not torch.equal(one[0], other[0])


def test_only_sequences_that_are_long_enough_are_used(sequence, stills):
    # It is absent in the image 5 of 12: five images before and six after.
    shots = discover([sequence, stills]).shots
    assert len(shots) == 9
    assert [shot.kind for shot in material(frames=6).usable(shots)] == ['car']
    with pytest.raises(UserError, match=r'in 7 images in a row \(the longest run has 6\): give'):
        material(frames=7).usable(shots)
