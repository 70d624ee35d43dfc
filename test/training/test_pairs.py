# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from siam_tracker_ros.training.pairs import Pairs, Window, draw_box
from siam_tracker_ros.training.sources import discover


def same(a, b):
    return a.box == b.box and torch.equal(a.image, b.image)


def test_an_index_always_gives_the_same_pair(stills, sequence):
    shots = discover([stills, sequence]).shots
    one, other = Pairs(shots, 3), Pairs(shots, 3)
    for index in (0, 7, 10**9):
        a, b = one[index], other[index]
        assert (a.shot, a.kind) == (b.shot, b.kind)
        assert same(a.exemplar, b.exemplar)
        assert same(a.search, b.search)
    different = Pairs(shots, 4)
    assert any(one[k].exemplar.box != different[k].exemplar.box for k in range(4))


def test_boxes_lie_inside_their_images(stills, sequence):
    pairs = Pairs(discover([stills, sequence]).shots, 0)
    for k in range(60):
        for view in (pairs[k].exemplar, pairs[k].search):
            height, width = view.image.shape[:2]
            left, top, right, bottom = view.box.ltrb
            assert -1e-6 <= left < right <= width + 1e-6
            assert -1e-6 <= top < bottom <= height + 1e-6


@pytest.mark.parametrize('max_gap', [1, 3])
def test_the_gap_is_respected_and_absent_images_are_not_drawn(sequence, max_gap):
    pairs = Pairs(discover([sequence]).shots, 0, max_gap=max_gap)
    gaps = set()
    for k in range(80):
        a, b = (round(v.box.ltwh[0] - 20) for v in (pairs[k].exemplar, pairs[k].search))
        assert 5 not in (a, b)
        gaps.add(abs(a - b))
    assert max(gaps) == max_gap


def test_a_still_shows_its_object_twice(stills):
    pair = Pairs(discover([stills]).shots, 0)[0]
    assert same(pair.exemplar, pair.search)


@pytest.mark.parametrize(('share', 'low', 'high'), [(0.0, 0, 0), (1.0, 60, 60), (0.5, 15, 45)])
def test_the_share_of_sequences(stills, sequence, share, low, high):
    pairs = Pairs(discover([stills, sequence]).shots, 0, sequence_share=share)
    assert low <= sum(pairs[k].kind == 'car' for k in range(60)) <= high


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_one_sort_of_data_is_enough(stills, sequence, share):
    assert Pairs(discover([stills]).shots, 0, sequence_share=share)[0].kind != 'car'
    assert Pairs(discover([sequence]).shots, 0, sequence_share=share)[0].kind == 'car'


def test_given_boxes_follow_the_reduction(sequence, texture):
    pairs = Pairs(discover([sequence]).shots, 0)
    pairs.cache.max_side = 60
    view = pairs[0].exemplar
    assert view.image.shape == (45, 60, 3)
    assert (view.box.w, view.box.h) == (12.0, 9.0)


def test_structure_attracts_boxes():
    # Texture in the left half only; the right one is flat.
    rng = np.random.default_rng(0)
    image = torch.full((120, 240, 3), 100, dtype=torch.uint8)
    image[:, :120] = torch.from_numpy(rng.integers(0, 256, (120, 120, 3), np.uint8))
    boxes = [draw_box(image, np.random.default_rng(k)) for k in range(100)]
    assert sum(box.cx < 120 for box in boxes) > 70


@pytest.mark.parametrize('shape', [(1, 1), (1, 50), (7, 3)])
def test_tiny_images_have_boxes(shape):
    box = draw_box(torch.zeros(*shape, 3, dtype=torch.uint8), np.random.default_rng(0))
    assert box.is_valid


def test_ranks_divide_a_run_between_them():
    ranks = [list(Window(12, 40, rank, 4)) for rank in range(4)]
    assert sorted(index for rank in ranks for index in rank) == list(range(12, 40))
    assert all(len(Window(12, 40, rank, 4)) == len(ranks[rank]) == 7 for rank in range(4))
    assert len(Window(40, 40)) == 0


def test_copies_of_a_shot_have_one_number(sequence):
    (shot,) = discover([sequence]).shots
    pairs = Pairs([shot, shot, shot], 0)
    assert {pairs[i].shot for i in range(12)} == {0}


def test_shots_of_one_scene_have_one_number(sequence):
    shot = discover([sequence]).shots[0]
    shots = [
        replace(shot, kind='a', scene='street'),
        replace(shot, kind='b', scene='street'),
        replace(shot, kind='c'),
        # Of other images, or it would be a copy of the one before.
        replace(shot, kind='d', images=shot.images[1:], boxes=shot.boxes[1:]),
    ]
    pairs = Pairs(shots, seed=0)
    numbers = {pair.kind: pair.shot for pair in (pairs[i] for i in range(60))}
    assert numbers['a'] == numbers['b']
    assert len({numbers[kind] for kind in 'acd'}) == 3
