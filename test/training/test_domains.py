# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.training.domains import Domains, DomainSettings
from siam_tracker_ros.training.sources import discover


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
