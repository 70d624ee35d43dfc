# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import FOREGROUND, PATCH_SIZE
from siam_tracker_ros.training.domains import Domains, DomainSettings, PatchMaker, Visit
from siam_tracker_ros.training.pairs import View
from siam_tracker_ros.training.sources import discover

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


def test_all_domains_are_visited_before_any_is_visited_again(stills):
    domains = Domains(discover([stills]).shots, 0, 2)
    assert len(domains) == 8
    cycles = [[domains[8 * c + i].domain for i in range(8)] for c in range(3)]
    assert [sorted(cycle) for cycle in cycles] == [list(range(8))] * 3
    assert cycles[0] != cycles[1]


def test_a_still_keeps_its_object(stills):
    domains = Domains(discover([stills]).shots, 0, 3)
    boxes = {}
    for index in range(24):
        found = domains[index]
        assert len({view.box for view in found.views}) == 1
        boxes.setdefault(found.domain, set()).add(found.views[0].box)
    assert all(len(found) == 1 for found in boxes.values())
    assert len(set.union(*boxes.values())) == 8


def test_a_sequence_gives_different_images_of_its_object(sequence, stills):
    shots = discover([sequence, stills]).shots
    domains = Domains(shots, 0, 8)
    number = next(i for i, shot in enumerate(shots) if len(shot.images) > 1)
    found = next(v for v in (domains[i] for i in range(9)) if v.domain == number)
    assert len({view.box.cx for view in found.views}) == 8


def test_a_short_sequence_repeats_its_images(sequence, stills):
    shots = discover([sequence, stills]).shots
    domains = Domains(shots, 0, 30)
    number = next(i for i, shot in enumerate(shots) if len(shot.images) > 1)
    found = next(v for v in (domains[i] for i in range(9)) if v.domain == number)
    assert len(found.views) == 30
    assert len({view.box.cx for view in found.views}) == 11


def test_the_backdrop_is_another_domains(stills):
    shots = discover([stills]).shots
    domains = Domains(shots, 0, 1)
    for index in range(16):
        found = domains[index]
        assert not torch.equal(found.backdrop, found.views[0].image)


@pytest.mark.parametrize('scene', ['', 'one clip'])
def test_no_domain_is_lent_its_own_object(sequence, stills, scene):
    (shot,) = discover([sequence]).shots
    # Given several times, so that it is visited more often; or two objects of one clip.
    shots = [replace(shot, scene=scene)] * 4 + discover([stills]).shots[:2]
    domains = Domains(shots, seed=0, views=2, distractors=2)
    own = [domains.cache.read(image)[0] for image in shot.images]
    for index in range(40):
        visit = domains[index]
        if visit.domain < 4:
            lent = [visit.backdrop, *(other.image for other in visit.others)]
            assert not any(torch.equal(a, b) for a in lent for b in own if a.shape == b.shape)


def test_one_domain_is_refused(stills):
    with pytest.raises(UserError, match='only 1 images or scenes: expected at least 2'):
        Domains(discover([stills]).shots[:1], 0, 2)


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'positives': 30}, r'positives is 30: expected a multiple of views \(8\)'),
        ({'negatives': 97}, r'negatives is 97: expected a multiple of views \(8\)'),
        (
            {'negative_overlap': 0.8},
            r'negative_overlap is 0\.8: expected at most positive_overlap',
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        DomainSettings(**values)
