# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets
from siam_tracker_ros.evaluation.datasets import uav123


def add(tree, name, folder, first, last, version='UAV123', images=None):
    tree.numbered(f'data_seq/{images or version}/{folder}', first, last, '{:06d}.jpg')
    tree.rows(f'anno/{version}/{name}.txt', last - first + 1)


def test_a_cut_sequence_has_its_part_of_the_images(tree):
    tree.numbered('data_seq/UAV123/person8', 1, 1525, '{:06d}.jpg')
    tree.rows('anno/UAV123/person8_1.txt', 1075)
    tree.rows('anno/UAV123/person8_2.txt', 451)
    first, second = datasets.read('uav123', tree.root, only=['person8_1', 'person8_2'])
    assert (first.images[0].name, first.images[-1].name) == ('000001.jpg', '001075.jpg')
    assert (second.images[0].name, second.images[-1].name) == ('001075.jpg', '001525.jpg')
    assert second.boxes[0].tolist() == [0, 1, 10, 20]


@pytest.mark.parametrize(
    ('dataset', 'count', 'names'),
    [
        ('uav123', 123, ['bike1', 'person3_s']),
        ('uav20l', 20, ['bike1', 'uav1']),
        ('uav123-10fps', 123, ['bike1', 'person3_s']),
    ],
)
def test_lists_have_their_published_lengths(dataset, count, names, tmp_path):
    entries = datasets.get(dataset).entries(tmp_path)
    assert len({entry.name for entry in entries}) == len(entries) == count
    assert [entries[0].name, entries[-1].name] == names


@pytest.mark.parametrize(
    ('name', 'folder', 'first', 'last'),
    [('uav1_3', 'uav1', 825, 1157), ('bird1_2', 'bird1', 259, 493), ('car2_s', 'car2_s', 1, 107)],
)
def test_ten_frames_a_second_keep_every_third_image(tree, name, folder, first, last):
    add(tree, name, folder, first, last, 'UAV123_10fps')
    (sequence,) = datasets.read('uav123-10fps', tree.root, only=[name])
    assert len(sequence.images) == last - first + 1


def test_uav20l_shares_the_images_of_uav123(tree):
    add(tree, 'uav1', 'uav1', 1, 3469, 'UAV20L', 'UAV123')
    (sequence,) = datasets.read('uav20l', tree.root, only=['uav1'])
    assert sequence.images[-1].name == '003469.jpg'


def test_nan_is_absent(tree):
    add(tree, 'uav6', 'uav6', 1, 109)
    lines = ['2,3,4,5'] * 50 + ['NaN,NaN,NaN,NaN'] * 59
    tree.text('anno/UAV123/uav6.txt', '\n'.join(lines))
    (sequence,) = datasets.read('uav123', tree.root, only=['uav6'])
    np.testing.assert_array_equal(sequence.absent, np.arange(109) >= 50)
    assert sequence.boxes[0].tolist() == [1, 2, 4, 5]


def test_attributes_stand_in_the_order_of_the_benchmark(tree):
    add(tree, 'uav6', 'uav6', 1, 109)
    tree.text('anno/UAV123/att/uav6.txt', '1,1,0,1,0,0,0,0,1,1,1,1\n')
    (sequence,) = datasets.read('uav123', tree.root, only=['uav6'])
    assert sequence.attributes == ('SV', 'ARC', 'FM', 'IV', 'VC', 'CM', 'SOB')
    tree.text('anno/UAV123/att/uav6.txt', '1,1,0\n')
    with pytest.raises(UserError, match='has 3 numbers: expected 12, one per attribute'):
        datasets.read('uav123', tree.root, only=['uav6'])
    assert len(uav123.ATTRIBUTES) == 12


def test_a_missing_image_is_told(tree):
    add(tree, 'uav6', 'uav6', 1, 109)
    (tree.root / 'data_seq/UAV123/uav6/000050.jpg').unlink()
    with pytest.raises(UserError, match='holds 108 of the 109 images'):
        datasets.read('uav123', tree.root, only=['uav6'])
