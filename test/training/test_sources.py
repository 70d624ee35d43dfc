# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.training.sources import ImageCache, discover, read_ground_truth, split


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


@pytest.mark.parametrize('line', ['1,2,3', '1,2,3,4,5', 'a,b,c,d', '1 2 3 4', '1,2,,4'])
def test_a_malformed_line_is_named(sequence, line):
    path = sequence / 'groundtruth.txt'
    rows = path.read_text().splitlines()
    rows[3] = line
    path.write_text('\n'.join(rows))
    with pytest.raises(UserError, match=r'line 4: .* is not x,y,w,h in pixels') as caught:
        discover([sequence])
    assert str(path) in str(caught.value)


def test_labels_that_are_not_text_are_refused(sequence):
    (sequence / 'groundtruth.txt').write_bytes(b'\xff\xfe\x00\x80\n')
    with pytest.raises(UserError, match=r'line 1: .* is not x,y,w,h in pixels'):
        discover([sequence])


def test_labels_in_other_dress_are_read(tmp_path):
    path = tmp_path / 'groundtruth.txt'
    path.write_bytes(b'1.5,2,3,4\r\n\r\n5\t6\t7\t8\r\nNaN,NaN,NaN,NaN\r\n1,2,0,4\r\n1,2,inf,4\r\n')
    first, second, *absent = read_ground_truth(path)
    assert first == Box.from_ltwh(1.5, 2, 3, 4)
    assert second == Box.from_ltwh(5, 6, 7, 8)
    assert absent == [None, None, None]


def test_labels_that_do_not_fit_their_images(sequence):
    (sequence / '13.png').write_bytes((sequence / '1.png').read_bytes())
    with pytest.raises(UserError, match='has 12 boxes for 13 images: expected one line per image'):
        discover([sequence])


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
