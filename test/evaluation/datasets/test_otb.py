# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets
from siam_tracker_ros.evaluation.datasets import otb
from siam_tracker_ros.evaluation.datasets.tables import read_table

FACTS = [otb.Facts(*row) for row in read_table('otb')]


def add(tree, folder, images, rows, labels='groundtruth_rect.txt', first=1):
    tree.numbered(f'{folder}/img', first, first + images - 1)
    return tree.rows(f'{folder}/{labels}', rows)


@pytest.mark.parametrize(('version', 'count'), [('2013', 51), ('50', 50), ('100', 100)])
def test_lists_have_their_published_lengths(version, count):
    names = [fact.name for fact in FACTS if version in fact.lists.split(',')]
    assert len(set(names)) == len(names) == count


@pytest.mark.parametrize(
    ('version', 'counts'),
    [
        ('2013', [25, 28, 29, 19, 12, 17, 31, 39, 6, 21, 4]),
        ('50', [22, 38, 29, 23, 19, 25, 29, 32, 11, 20, 8]),
        ('100', [38, 64, 49, 44, 29, 39, 51, 63, 14, 31, 9]),
    ],
)
def test_attributes_have_the_counts_of_published_plots(version, counts):
    found = [fact.attributes.split(',') for fact in FACTS if version in fact.lists.split(',')]
    eleven = ['IV', 'SV', 'OCC', 'DEF', 'MB', 'FM', 'IPR', 'OPR', 'OV', 'BC', 'LR']
    assert {name for names in found for name in names} == set(eleven)
    assert [sum(name in names for names in found) for name in eleven] == counts


def test_corners_are_one_based(tree):
    add(tree, 'Basketball', 3, 3)
    (sequence,) = datasets.read('otb100', tree.root, only=['Basketball'])
    np.testing.assert_array_equal(
        sequence.boxes, [[0, 1, 10, 20], [1, 3, 10, 20], [2, 5, 10, 20]]
    )
    assert sequence.attributes == ('IV', 'OCC', 'DEF', 'OPR', 'BC')
    assert sequence.labelled is None


@pytest.mark.parametrize('separator', [',', '\t', ' ', ', '])
def test_numbers_may_be_separated_by_anything(tree, separator):
    add(tree, 'Bolt', 2, 2)
    tree.rows('Bolt/groundtruth_rect.txt', 2, separator=separator)
    (sequence,) = datasets.read('otb2013', tree.root, only=['Bolt'])
    assert sequence.boxes[1].tolist() == [1, 3, 10, 20]


def test_one_row_with_another_separator(tree):
    add(tree, 'BlurCar1', 2, 0, first=247)
    tree.text('BlurCar1/groundtruth_rect.txt', '1\t2\t3\t4\n5 6 7 8\n')
    (sequence,) = datasets.read('otb100', tree.root, only=['BlurCar1'])
    assert sequence.boxes[1].tolist() == [4, 5, 7, 8]
    assert [p.name for p in sequence.images] == ['0247.jpg', '0248.jpg']


@pytest.mark.parametrize(
    ('name', 'images', 'rows', 'first'),
    [
        ('David', 770, 471, 300),
        ('Diving', 231, 215, 1),
        ('Football1', 81, 74, 1),
        ('Freeman3', 474, 460, 1),
        ('Freeman4', 297, 283, 1),
    ],
)
def test_labels_belong_to_the_published_range_of_images(tree, name, images, rows, first):
    add(tree, name, images, rows)
    (sequence,) = datasets.read('otb100', tree.root, only=[name])
    assert len(sequence.images) == len(sequence.boxes) == rows
    assert sequence.images[0].name == f'{first:04d}.jpg'
    assert sequence.images[-1].name == f'{first + rows - 1:04d}.jpg'


@pytest.mark.parametrize('first', [300, 1])
def test_a_copy_that_was_cut_already_is_read(tree, first):
    add(tree, 'David', 471, 471, first=first)
    (sequence,) = datasets.read('otb2013', tree.root, only=['David'])
    assert sequence.images[0].name == f'{first:04d}.jpg'


def test_other_differences_are_refused(tree):
    add(tree, 'Bolt', 5, 4)
    with pytest.raises(UserError, match='sequence Bolt has 5 images and 4 lines'):
        datasets.read('otb100', tree.root, only=['Bolt'])
    add(tree, 'David', 400, 471)
    with pytest.raises(UserError, match='holds 101 of the 471 images with the numbers 300 to 770'):
        datasets.read('otb100', tree.root, only=['David'])


def test_two_targets_in_one_folder(tree):
    for name in ('Jogging', 'Skating2'):
        tree.numbered(f'{name}/img', 1, 2)
        tree.rows(f'{name}/groundtruth_rect.1.txt', 2, start=1)
        tree.rows(f'{name}/groundtruth_rect.2.txt', 2, start=51)
    names = ['Skating2-2', 'Jogging-1', 'Jogging-2', 'Skating2-1']
    found = datasets.read('otb100', tree.root, only=names)
    assert [s.name for s in found] == sorted(names)
    assert [s.boxes[0, 0] for s in found] == [0, 50, 0, 50]


def test_two_targets_in_two_folders(tree):
    add(tree, 'Jogging-1', 2, 2)
    add(tree, 'Jogging-2', 2, 2)
    tree.rows('Jogging-2/groundtruth_rect.txt', 2, start=51)
    found = datasets.read('otb2013', tree.root, only=['Jogging-1', 'Jogging-2'])
    assert [s.boxes[0, 0] for s in found] == [0, 50]
    tree.rows('Jogging-2/groundtruth_rect.2.txt', 2, start=91)
    (sequence,) = datasets.read('otb2013', tree.root, only=['Jogging-2'])
    assert sequence.boxes[0, 0] == 90


def test_of_human4_the_second_file_counts(tree):
    add(tree, 'Human4', 2, 2, 'groundtruth_rect.2.txt')
    tree.text('Human4/groundtruth_rect.1.txt', '')
    (sequence,) = datasets.read('otb50', tree.root, only=['Human4-2'])
    assert sequence.present.all()


def test_a_row_without_area_is_not_labelled(tree):
    add(tree, 'Board', 3, 0)
    tree.text('Board/groundtruth_rect.txt', '1,2,3,4\n1,2,3,4\n0,0,0,0\n')
    (sequence,) = datasets.read('otb100', tree.root, only=['Board'])
    assert sequence.labelled.tolist() == [True, True, False]
    assert not sequence.absent.any()
