# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets

NAN = [np.nan] * 4


@pytest.fixture
def test_set(tree):
    for name in ('b_0', 'a_1'):
        tree.images(f'TEST/frames/{name}', [f'{number}.jpg' for number in range(12)])
        tree.text(f'TEST/anno/{name}.txt', '169.6,131.3,52.4,199.5')
    return tree


@pytest.mark.parametrize('below', ['', 'TEST'])
def test_only_the_first_image_is_labelled(test_set, below):
    found = datasets.read('trackingnet', test_set.root / below)
    assert [s.name for s in found] == ['a_1', 'b_0']
    assert found[0].boxes[0].tolist() == [169.6, 131.3, 52.4, 199.5]
    assert found[0].labelled.tolist() == [True] + [False] * 11
    assert np.isnan(found[0].boxes[1:]).all()


def test_images_are_in_the_order_of_their_numbers(test_set):
    sequence = datasets.read('trackingnet', test_set.root)[0]
    assert [int(path.stem) for path in sequence.images] == list(range(12))


def test_a_missing_image_of_the_test_set_is_told(test_set):
    test_set.text('TEST/frames/a_1/._0.jpg', '')  # of macOS, no image
    assert len(datasets.read('trackingnet', test_set.root)[0].images) == 12
    (test_set.root / 'TEST/frames/a_1/5.jpg').unlink()
    with pytest.raises(UserError, match='holds 10 of the 11 images with the numbers 0 to 10'):
        datasets.read('trackingnet', test_set.root)


def test_a_part_of_the_training_set_has_all_labels(tree):
    tree.numbered('frames/x', 0, 2, '{}.jpg')
    tree.rows('anno/x.txt', 3)
    (sequence,) = datasets.read('trackingnet', tree.root)
    assert sequence.labelled is None
    assert sequence.boxes[2].tolist() == [3, 6, 10, 20]
    tree.rows('anno/x.txt', 2)
    with pytest.raises(UserError, match='sequence x has 3 images and 2 lines'):
        datasets.read('trackingnet', tree.root)
