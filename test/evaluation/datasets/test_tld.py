# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets


def test_first_and_last_pixels_become_a_corner_and_a_size(tree):
    tree.numbered('01_david', 1, 3, '{:05d}.jpg')
    tree.text('01_david/gt.txt', '165,93,216,147\nNaN,NaN,NaN,NaN\n164.72,93.659,215.6,147.53\n')
    (sequence,) = datasets.read('tld', tree.root)
    np.testing.assert_allclose(sequence.boxes[0], [164, 92, 52, 55])
    np.testing.assert_allclose(sequence.boxes[2], [163.72, 92.659, 51.88, 54.871])
    assert sequence.absent.tolist() == [False, True, False]


def test_images_in_a_folder_of_their_own(tree):
    tree.numbered('02_jumping/img', 0, 1, '{:05d}.jpg')
    tree.text('02_jumping/gt.txt', '1,2,3,4\n1,2,3,4\n')
    assert len(datasets.read('tld', tree.root)[0].images) == 2


def test_a_video_alone_is_told(tree):
    tree.text('02_jumping/jumping.mpg', '')
    tree.text('02_jumping/gt.txt', '1,2,3,4\n')
    with pytest.raises(UserError, match='holds no images'):
        datasets.read('tld', tree.root)


def test_rows_of_another_kind_are_refused(tree):
    tree.numbered('01_david', 1, 1)
    tree.text('01_david/gt.txt', '1,2,3\n')
    with pytest.raises(UserError, match='expected four numbers left,top,right,bottom'):
        datasets.read('tld', tree.root)
