# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.training.sources import ImageCache, discover, split


def test_stills_are_shots_of_the_kind_of_their_folder(stills):
    found = discover([stills])
    assert len(found.shots) == 8
    assert {shot.kind for shot in found.shots} == {'cat', 'dog'}
    for shot in found.shots:
        assert len(shot.images) == 1
        assert shot.boxes == (None,)
        assert shot.visible == [0]
    assert found.videos == []


def test_the_order_is_fixed(stills):
    assert discover([stills]).shots == discover([stills]).shots


def test_a_sequence_is_read_in_the_order_of_its_numbers(sequence):
    (shot,) = discover([sequence.parent]).shots
    assert shot.kind == 'car'
    assert [image.stem for image in shot.images] == [str(k + 1) for k in range(12)]
    assert shot.boxes[0] == Box.from_ltwh(20, 30, 24, 18)
    assert shot.boxes[11] == Box.from_ltwh(31, 30, 24, 18)
    assert shot.boxes[5] is None
    assert 5 not in shot.visible
    assert len(shot.visible) == 11


def test_videos_are_found_and_other_files_are_not(stills):
    (stills / 'clip.MP4').write_bytes(b'')
    (stills / 'notes.txt').write_text('x')
    (stills / 'folder.jpg').mkdir()
    (stills / 'folder.mp4').mkdir()
    found = discover([stills])
    assert [v.name for v in found.videos] == ['clip.MP4']
    assert len(found.shots) == 8


def test_a_sequence_with_one_visible_image_teaches_nothing(sequence, stills):
    rows = ['nan,nan,nan,nan'] * 11 + ['1,1,20,20']
    (sequence / 'groundtruth.txt').write_text('\n'.join(rows))
    assert len(discover([stills.parent]).shots) == 8
    with pytest.raises(UserError, match=r'no groundtruth\.txt with two boxes below it'):
        discover([sequence])


def test_a_malformed_sequence_is_named(sequence):
    path = sequence / 'groundtruth.txt'
    path.write_text(path.read_text().replace('23,30,24,18', '23,30,24'))
    with pytest.raises(UserError, match=r"groundtruth\.txt line 4 is '23,30,24': expected four"):
        discover([sequence])


def test_a_sequence_may_begin_without_its_object(sequence):
    path = sequence / 'groundtruth.txt'
    path.write_text(path.read_text().replace('20,30,24,18', 'nan,nan,nan,nan'))
    (shot,) = discover([sequence]).shots
    assert shot.boxes[0] is None
    assert 0 not in shot.visible


def test_folders_without_data(tmp_path, stills):
    with pytest.raises(UserError, match=r'training data .*/none: there is no such folder'):
        discover([stills, tmp_path / 'none'])
    (tmp_path / 'empty' / 'deep').mkdir(parents=True)
    with pytest.raises(UserError, match=r'empty: no image \(.*\), no video'):
        discover([stills, tmp_path / 'empty'])


def test_split_is_fair_and_seeded(stills):
    shots = discover([stills]).shots
    train, held_out = split(shots, 0.25, 3)
    assert (len(train), len(held_out)) == (6, 2)
    assert {s.images for s in train} | {s.images for s in held_out} == {s.images for s in shots}
    assert split(shots, 0.25, 3) == (train, held_out)
    assert any(split(shots, 0.25, seed)[1] != held_out for seed in range(4, 8))
    assert split(shots, 0.0, 3)[1] == []


def test_large_images_are_reduced(tmp_path, texture):
    path = write_image(tmp_path / 'a.png', texture(200, 320, 0))
    image, factor = ImageCache(max_side=160).read(path)
    assert (tuple(image.shape), factor) == ((100, 160, 3), 0.5)
    image, factor = ImageCache(max_side=640).read(path)
    assert (tuple(image.shape), factor) == ((200, 320, 3), 1.0)


def test_images_are_rgb(tmp_path):
    blue = np.zeros((20, 20, 3), np.uint8)
    blue[:, :, 0] = 255  # OpenCV's order
    image, _ = ImageCache().read(write_image(tmp_path / 'a.png', blue))
    assert image[0, 0].tolist() == [0, 0, 255]


def test_the_cache_keeps_what_was_used_last(tmp_path, texture):
    paths = [write_image(tmp_path / f'{k}.png', texture(40, 40, k)) for k in range(3)]
    size = 40 * 40 * 3
    cache = ImageCache(max_bytes=2 * size)
    first, second = (cache.read(path)[0] for path in paths[:2])
    assert cache.read(paths[0])[0] is first
    cache.read(paths[2])
    assert cache.read(paths[0])[0] is first
    assert cache.read(paths[1])[0] is not second
    assert torch.equal(cache.read(paths[1])[0], second)


def test_an_image_larger_than_the_cache_is_read(tmp_path, texture):
    path = write_image(tmp_path / 'a.png', texture(40, 40, 0))
    assert ImageCache(max_bytes=1).read(path)[0].shape == (40, 40, 3)


def test_a_damaged_image_is_named(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(b'no')
    with pytest.raises(UserError, match=r'a\.png is not a readable image'):
        ImageCache().read(path)
