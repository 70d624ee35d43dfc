# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets

NAN = [np.nan] * 4
# A square that stands on a corner, and one that lies.
DIAMOND = '50,10,90,50,50,90,10,50'
SQUARE = '10,10,30,10,30,30,10,30'


@pytest.fixture
def bag(tree):
    tree.text('list.txt', 'bag\n')
    tree.numbered('bag/color', 1, 3, '{:08d}.jpg')
    tree.text('bag/groundtruth.txt', f'{DIAMOND}\n{SQUARE}\n{DIAMOND}\n')
    return tree


def test_boxes_are_the_bounds_of_polygons(bag):
    (sequence,) = datasets.read('vot', bag.root)
    np.testing.assert_array_equal(
        sequence.boxes, [[10, 10, 80, 80], [10, 10, 20, 20], [10, 10, 80, 80]]
    )
    assert sequence.polygons.shape == (3, 4, 2)
    np.testing.assert_array_equal(sequence.polygons[0], [[50, 10], [90, 50], [50, 90], [10, 50]])


def test_rectangles_have_no_polygons(bag):
    bag.text('bag/groundtruth.txt', '1,2,3,4\n1.5,2,3,4\n1,2,3,4\n')
    (sequence,) = datasets.read('vot', bag.root)
    assert sequence.polygons is None
    assert sequence.boxes[1].tolist() == [1.5, 2, 3, 4]


def test_rectangles_among_polygons_get_corners(bag):
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n1,2,3,4\n{DIAMOND}\n')
    (sequence,) = datasets.read('vot', bag.root)
    assert sequence.boxes[1].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(sequence.polygons[1], [[1, 2], [4, 2], [4, 6], [1, 6]])


def test_nan_and_the_special_region_are_absent(bag):
    bag.text('bag/groundtruth.txt', '1,2,3,4\nnan,nan,nan,nan\n0\n')
    (sequence,) = datasets.read('vot-lt', bag.root)
    assert sequence.absent.tolist() == [False, True, True]
    np.testing.assert_array_equal(sequence.boxes, [[1, 2, 3, 4], NAN, NAN])


def test_absent_among_polygons(bag):
    lost = ','.join(['nan'] * 8)
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n{lost}\n0\n')
    (sequence,) = datasets.read('vot', bag.root)
    assert sequence.absent.tolist() == [False, True, True]
    assert np.isnan(sequence.polygons[1:]).all()


def test_a_polygon_without_area_is_absent(bag):
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n5,5,5,9,5,9,5,5\n{SQUARE}\n')
    (sequence,) = datasets.read('vot', bag.root)
    assert sequence.absent.tolist() == [False, True, False]
    assert np.isnan(sequence.boxes[1]).all()
    assert np.isnan(sequence.polygons[1]).all()


def test_images_behind_the_last_row_are_not_labelled(bag):
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n')
    (sequence,) = datasets.read('vot', bag.root)
    assert sequence.labelled.tolist() == [True, False, False]
    assert sequence.polygons.shape == (3, 4, 2)
    assert not sequence.absent.any()


def test_more_rows_than_images_are_refused(bag):
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n' * 4)
    with pytest.raises(UserError, match='sequence bag has 3 images and 4 lines'):
        datasets.read('vot', bag.root)


def test_an_empty_row_among_others_is_refused(bag):
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n\n{SQUARE}\n\n')
    with pytest.raises(UserError, match=r'groundtruth.txt line 2 is empty: expected a rectangle'):
        datasets.read('vot', bag.root)
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n{SQUARE}\n\n')
    assert datasets.read('vot', bag.root)[0].labelled.tolist() == [True, True, False]


def test_a_missing_image_is_told(bag):
    (bag.root / 'bag/color/00000001.jpg').unlink()
    with pytest.raises(UserError, match='holds 1 of the 2 images with the numbers 1 to 2'):
        datasets.read('vot', bag.root)


def test_folders_of_others_are_refused(tree):
    tree.numbered('GOT-10k_Val_000001', 1, 2)
    tree.rows('GOT-10k_Val_000001/groundtruth.txt', 2)
    with pytest.raises(UserError, match=r'is a part of GOT-10k.* read it as got10k-train'):
        datasets.read('vot', tree.root)


def test_several_objects_are_refused(bag):
    (bag.root / 'bag/groundtruth.txt').rename(bag.root / 'bag/groundtruth_cow.txt')
    with pytest.raises(UserError, match=r'bag has several objects .*: use a set with one object'):
        datasets.read('vot', bag.root)


def test_masks_are_refused(bag):
    bag.text('bag/groundtruth.txt', 'm0,0,4,4,1,2\n' * 3)
    with pytest.raises(UserError, match='holds masks, which are not read: use a set'):
        datasets.read('vot', bag.root)


@pytest.mark.parametrize('row', ['1,2,3', '1,2,3,4,5', '1,2,3,4,5,6', 'x'])
def test_other_rows_are_refused(bag, row):
    bag.text('bag/groundtruth.txt', f'{DIAMOND}\n{row}\n{DIAMOND}\n')
    with pytest.raises(UserError, match=r'line 2 is .*expected a rectangle of four numbers'):
        datasets.read('vot', bag.root)


def test_images_beside_the_labels(tree):
    tree.numbered('ball', 1, 2, '{:08d}.jpg')
    tree.rows('ball/groundtruth.txt', 2)
    (sequence,) = datasets.read('vot', tree.root)
    assert sequence.images[1].name == '00000002.jpg'


@pytest.mark.parametrize('pattern', ['frames/%08d.jpg', 'frames/', 'frames\\%08d.jpg'])
def test_the_file_sequence_tells_channel_and_size(tree, pattern):
    tree.numbered('ball/frames', 1, 2, '{:08d}.jpg')
    tree.numbered('ball/color', 1, 7, '{:08d}.jpg')
    tree.rows('ball/groundtruth.txt', 2)
    tree.text('ball/sequence', f'channels.color={pattern}\nfps=30\nwidth=640\nheight=480\n')
    (sequence,) = datasets.read('vot', tree.root)
    assert len(sequence.images) == 2
    assert sequence.resolution == (640, 480)


def test_the_file_sequence_tells_ending_and_length(tree):
    tree.numbered('ball/color', 1, 5, '{:08d}.jpg')
    tree.numbered('ball/color', 1, 5, '{:08d}.png')
    tree.rows('ball/groundtruth.txt', 3)
    tree.text('ball/sequence', 'channels.color=color/%08d.png\nlength=4\n')
    (sequence,) = datasets.read('vot', tree.root)
    assert [path.name for path in sequence.images] == [f'{n:08d}.png' for n in (1, 2, 3, 4)]
    tree.text('ball/sequence', 'channels.color=color/%08d.bmp\n')
    with pytest.raises(UserError, match=r'color holds no image that ends in .bmp'):
        datasets.read('vot', tree.root)


@pytest.mark.parametrize(
    ('channels', 'folder'),
    [('channels.ir=ir/%04d.jpg\n', 'ir'), ('channels.ir=ir/\nchannels.color=color/\n', 'color')],
)
def test_colour_comes_before_other_channels(tree, channels, folder):
    tree.numbered('ball/ir', 1, 2)
    tree.numbered('ball/color', 1, 2)
    tree.rows('ball/groundtruth.txt', 2)
    tree.text('ball/sequence', channels)
    (sequence,) = datasets.read('vot', tree.root)
    assert sequence.images[0].parent.name == folder


def test_tags_are_flags_of_images(bag):
    # An empty line is the flag of an image, too.
    bag.text('bag/camera_motion.tag', '\n1\n')
    bag.text('bag/occlusion.label', '0\n0.5\n0\n')
    (sequence,) = datasets.read('vot', bag.root)
    assert sequence.frame_labels['camera_motion'].tolist() == [False, True, False]
    assert not sequence.frame_labels['occlusion'].any()
    assert sequence.attributes == ('camera_motion',)


def test_a_workspace_of_the_toolkit_is_a_dataset(bag, tree):
    (bag.root / 'sequences').mkdir()
    for name in ('bag', 'list.txt'):
        (bag.root / name).rename(bag.root / 'sequences' / name)
    assert [s.name for s in datasets.read('vot', tree.root)] == ['bag']
