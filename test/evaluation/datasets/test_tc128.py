# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets


@pytest.fixture
def airport(tree):
    tree.numbered('Airport_ce/img', 1, 10)
    tree.rows('Airport_ce/Airport_ce_gt.txt', 4)
    tree.text('Airport_ce/Airport_ce_frames.txt', '3,6')
    tree.text('Airport_ce/Airport_ce_att.txt', 'IV OCC\nBC')
    return tree


def test_range_corners_and_attributes(airport):
    (sequence,) = datasets.read('tc128', airport.root)
    assert sequence.name == 'Airport_ce'
    assert [path.name for path in sequence.images] == ['0003.jpg', '0004.jpg', '0005.jpg',
                                                       '0006.jpg']
    assert sequence.boxes[0].tolist() == [0, 1, 10, 20]
    assert sequence.attributes == ('IV', 'OCC', 'BC')


def test_without_range_all_images_count(airport):
    (airport.root / 'Airport_ce/Airport_ce_frames.txt').unlink()
    (airport.root / 'Airport_ce/Airport_ce_att.txt').unlink()
    with pytest.raises(UserError, match='has 10 images and 4 lines'):
        datasets.read('tc128', airport.root)
    airport.rows('Airport_ce/Airport_ce_gt.txt', 10)
    (sequence,) = datasets.read('tc128', airport.root)
    assert len(sequence.images) == 10
    assert sequence.attributes == ()


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('3', 'holds 3: expected two numbers'),
        ('1,2\n3,4\n', 'holds 1,2,3,4: expected two numbers'),
        ('6,3', 'holds 6,3: expected two numbers'),
        ('nan,4', 'no whole number'),
    ],
)
def test_a_malformed_range_is_refused(airport, text, words):
    airport.text('Airport_ce/Airport_ce_frames.txt', text)
    with pytest.raises(UserError, match=words):
        datasets.read('tc128', airport.root)
