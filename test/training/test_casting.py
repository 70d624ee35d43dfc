# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.training.casting import Cast, altered, cut_out, reduced
from siam_tracker_ros.training.pairs import View
from siam_tracker_ros.training.sources import discover


@pytest.fixture
def shots(stills):
    return discover([stills]).shots


def rng(seed=0):
    return np.random.default_rng(seed)


def test_what_lends_itself_to_nobody_is_refused(shots):
    with pytest.raises(UserError, match='only 1 images or scenes: expected at least 2'):
        Cast(shots[:1])


def test_kin_are_others_and_other_boxes_and_altered_copies(shots):
    cast = Cast(shots)
    view = cast.view(0, rng())
    found = [cast.kin(0, view, rng(k)) for k in range(60)]
    same_image = sum(kin.image is view.image for kin in found)
    same_box = sum(kin.box in (view.box, altered(view, rng()).box) for kin in found)
    assert 4 < same_image < 25
    assert same_box > 4
    for kin in found:
        if kin.image is view.image:
            assert kin.box.iou(view.box) < 0.5


def test_an_altered_copy_has_its_object_in_its_box():
    image = torch.zeros(50, 80, 3, dtype=torch.uint8)
    image[10:20, 5:25] = 120
    view = View(image, Box(15.0, 15.0, 20.0, 10.0))
    copies = [altered(view, rng(k)) for k in range(10)]
    assert len({copy.box.cx for copy in copies}) == 2
    for copy in copies:
        left, top, right, bottom = (int(side) for side in copy.box.ltrb)
        inside = copy.image[top:bottom, left:right]
        assert int(inside.min()) > 80
        assert not torch.equal(copy.image, image)
        assert int(copy.image.long().sum()) == int(inside.long().sum())


def test_what_is_cut_out_is_no_finer_than_it_is_shown(texture):
    image = torch.from_numpy(texture(200, 300))
    shown = np.array([[100.0, 80.0, 60.0, 40.0], [120.0, 90.0, 60.0, 40.0]])
    kept, moved = cut_out(image, shown, shown[:, 2:] / 2)
    # From 100 - 48 to 120 + 48, and from 80 - 32 to 90 + 32, at half the size.
    assert kept.shape == (37, 58, 3)
    assert moved[0].tolist() == pytest.approx([24.0, 16.0, 30.0, 20.0])
    assert moved[1].tolist() == pytest.approx([34.0, 21.0, 30.0, 20.0])
    kept, moved = cut_out(image, shown, shown[:, 2:] * 3)
    assert torch.equal(kept, image[48:122, 52:168])
    assert moved[0].tolist() == [48.0, 32.0, 60.0, 40.0]


def test_what_lies_at_the_border_stays_there(texture):
    image = torch.from_numpy(texture(60, 80))
    shown = np.array([[40.0, 30.0, 80.0, 60.0]])
    kept, moved = cut_out(image, shown, shown[:, 2:])
    assert torch.equal(kept, image)
    assert moved.tolist() == shown.tolist()


def test_reduced_images_say_by_how_much():
    image = torch.zeros(31, 50, 3, dtype=torch.uint8)
    small, factor = reduced(image, np.array([0.5, 0.01]))
    assert small.shape == (1, 25, 3)
    assert factor.tolist() == [0.5, 1 / 31]
    same, factor = reduced(image, np.array([3.0, 1.0]))
    assert same is image
    assert factor.tolist() == [1.0, 1.0]
