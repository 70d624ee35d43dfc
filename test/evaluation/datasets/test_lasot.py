# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets
from siam_tracker_ros.evaluation.datasets.tables import read_table

NAN = [np.nan] * 4


def add(tree, folder, count=4):
    tree.numbered(f'{folder}/img', 1, count, '{:08d}.jpg')
    tree.rows(f'{folder}/groundtruth.txt', count)


def test_the_test_set_has_four_sequences_of_each_of_seventy_classes():
    names = [name for name, _ in read_table('lasot')]
    classes = [name.rpartition('-')[0] for name in names]
    assert len(set(names)) == 280
    assert {classes.count(name) for name in classes} == {4}


@pytest.mark.parametrize('folder', ['airplane/airplane-1', 'airplane-1'])
def test_both_layouts(tree, folder):
    add(tree, folder)
    (sequence,) = datasets.read('lasot', tree.root, only=['airplane-1'])
    assert len(sequence.images) == 4
    assert sequence.boxes[0].tolist() == [0, 1, 10, 20]
    assert sequence.attributes == ('POC', 'ROT', 'SV', 'LR')
    assert sequence.frame_labels == {}
    assert sequence.present.all()


def test_a_flag_says_absent_though_there_is_a_box(tree):
    add(tree, 'airplane/airplane-1')
    tree.text('airplane/airplane-1/full_occlusion.txt', '1,0,0,0')
    tree.text('airplane/airplane-1/out_of_view.txt', '0\n0\n1\n0\n')
    (sequence,) = datasets.read('lasot', tree.root, only=['airplane-1'])
    # Tracking starts on the first box whatever the flags say.
    assert sequence.absent.tolist() == [False, False, True, False]
    assert np.isnan(sequence.boxes[2]).all()
    assert sequence.labelled is None
    assert sequence.frame_labels['full_occlusion'].tolist() == [1, 0, 0, 0]
    assert sequence.frame_labels['out_of_view'].tolist() == [0, 0, 1, 0]


def test_a_row_without_area_and_flag_is_not_labelled(tree):
    add(tree, 'lion/lion-5')
    tree.text('lion/lion-5/groundtruth.txt', '1,2,3,4\n1,1,-1,-1\n1,2,3,4\n1,1,0,0\n')
    tree.text('lion/lion-5/out_of_view.txt', '0,0,0,1')
    (sequence,) = datasets.read('lasot', tree.root, only=['lion-5'])
    assert sequence.labelled.tolist() == [True, False, True, True]
    assert sequence.absent.tolist() == [False, False, False, True]


def test_the_toolkit_uses_a_part_of_one_sequence(tree):
    add(tree, 'monkey/monkey-17', 2300)
    tree.text('monkey/monkey-17/out_of_view.txt', ','.join(['0'] * 2300))
    (sequence,) = datasets.read('lasot', tree.root, only=['monkey-17'])
    assert len(sequence.images) == len(sequence.boxes) == 2260


def test_flags_of_another_length_are_refused(tree):
    add(tree, 'airplane/airplane-1')
    tree.text('airplane/airplane-1/out_of_view.txt', '0,0')
    with pytest.raises(UserError, match=r'out_of_view\.txt has 2 numbers: expected 4'):
        datasets.read('lasot', tree.root, only=['airplane-1'])
