# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0

import numpy as np
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import FOREGROUND, PATCH_SIZE
from siam_tracker_ros.training.domain_patches import PatchMaker
from siam_tracker_ros.training.domains import DomainSettings, Visit
from siam_tracker_ros.training.pairs import View

CPU = torch.device('cpu')
PLAIN = {'rotation': 0.0, 'log_stretch': 0.0, 'foreign': 0.0}
SMALL = {'views': 4, 'positives': 8, 'negatives': 24}


def rng(seed=0):
    return np.random.default_rng(seed)


def disc(value=255, height=240, width=320):
    """A bright square of 40 pixels on black, and the view of it."""
    image = torch.zeros(height, width, 3, dtype=torch.uint8)
    image[100:140, 140:180] = value
    return View(image, Box(160.0, 120.0, 40.0, 40.0))


def visit(view, backdrop=90, views=4):
    return Visit(0, [view] * views, torch.full((200, 260, 3), backdrop, dtype=torch.uint8))


def middle(images):
    """Mean of a patch's middle, where a positive's object is: (N,)."""
    return images[:, :, 45:62, 45:62].mean(dim=(1, 2, 3))


def test_a_visit_has_as_many_patches_as_mdnets():
    patches = PatchMaker(DomainSettings(), CPU).make([visit(disc(), views=8)], rng())
    assert patches.images.shape == (128, 3, PATCH_SIZE, PATCH_SIZE)
    assert int((patches.labels == FOREGROUND).sum()) == 32
    assert patches.labels.shape == patches.views.shape == (1, 128)
    # Each view gives 4 and 12.
    assert patches.views[0].bincount().tolist() == [16] * 8
    assert patches.views[patches.labels == FOREGROUND].bincount().tolist() == [4] * 8


@pytest.mark.parametrize('values', [PLAIN, {**PLAIN, 'rotation': 12.0, 'log_stretch': 0.12}])
def test_positives_show_the_object_and_negatives_do_not(values):
    maker = PatchMaker(DomainSettings(**SMALL, **values), CPU)
    patches = maker.make([visit(disc()), visit(disc())], rng())
    object_ = patches.labels.flatten() == FOREGROUND
    assert middle(patches.images)[object_].min() > 240
    # An overlap below one half leaves the most of a negative empty.
    inner = patches.images[:, :, 16:-16, 16:-16].mean(dim=(1, 2, 3)) / 255
    assert inner[object_].min() > 0.6
    assert inner[~object_].max() < 0.85
    assert inner[~object_].median() < 0.1


def test_an_object_may_lie_on_another_image():
    maker = PatchMaker(DomainSettings(**SMALL, **{**PLAIN, 'foreign': 1.0}), CPU)
    images = maker.make([visit(disc(), backdrop=90)], rng()).images
    object_ = maker.make([visit(disc())], rng()).labels.flatten() == FOREGROUND
    assert middle(images)[object_].min() > 200
    # The corner of a positive is beside the object: not black as in its own image.
    assert images[object_][:, :, :4, :4].mean(dim=(1, 2, 3)).min() > 60


def test_views_of_one_scene_are_not_rotated_apart(monkeypatch):
    # All patches of a view see one scene: a negative that overlaps the object sees it turned as
    # its positives do.
    maker = PatchMaker(DomainSettings(views=1, positives=2, negatives=2, foreign=0.0), CPU)
    boxes = torch.tensor([[160.0, 120, 40, 40]] * 4), [1, 1, 0, 0]
    monkeypatch.setattr(maker, '_boxes', lambda view, pasted, rng: boxes)
    images = maker.make([visit(disc(), views=1)], rng(3)).images
    assert torch.equal(images[0], images[3])


@pytest.mark.parametrize('foreign', [0.0, 1.0])
def test_the_same_seed_gives_the_same_patches(foreign):
    maker = PatchMaker(DomainSettings(**SMALL, foreign=foreign), CPU)
    one, same, other = (maker.make([visit(disc())], rng(s)).images for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
