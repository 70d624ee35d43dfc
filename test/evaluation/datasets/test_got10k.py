# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets

NAN = [np.nan] * 4


@pytest.fixture
def val(tree):
    """One sequence of four images; the target is hidden in the third, behind the label."""
    folder = 'val/GOT-10k_Val_000001'
    tree.text('val/list.txt', 'GOT-10k_Val_000001\n')
    tree.numbered(folder, 1, 4, '{:08d}.jpg')
    tree.text(f'{folder}/groundtruth.txt', '0.0000,1.0000,30.5000,40.0000\n' + '2,3,30,40\n' * 3)
    tree.text(f'{folder}/cover.label', '8\n5\n0\n1\n')
    tree.text(f'{folder}/absence.label', '0\n0\n0\n1\n')
    tree.text(f'{folder}/cut_by_image.label', '0\n1\n0\n0\n')
    tree.text(
        f'{folder}/meta_info.ini',
        '[METAINFO]\nurl: https://youtu.be/x\nobject_class: anteater\nresolution: (1920, 1080)\n',
    )
    return tree


def test_corners_stand_and_uncovered_images_are_absent(val):
    (sequence,) = datasets.read('got10k-val', val.root)
    assert sequence.name == 'GOT-10k_Val_000001'
    assert [p.name for p in sequence.images] == [f'{n:08d}.jpg' for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(
        sequence.boxes, [[0, 1, 30.5, 40], [2, 3, 30, 40], NAN, [2, 3, 30, 40]]
    )
    assert sequence.absent.tolist() == [False, False, True, False]
    assert sequence.labelled is None
    assert sequence.frame_labels['cover'].tolist() == [8, 5, 0, 1]
    assert sequence.frame_labels['absence'].tolist() == [0, 0, 0, 1]
    assert sequence.frame_labels['cut_by_image'].tolist() == [0, 1, 0, 0]
    assert sequence.resolution == (1920, 1080)


def test_a_missing_image_of_the_test_set_is_told(tree):
    tree.numbered('test/GOT-10k_Test_000001', 1, 4, '{:08d}.jpg')
    tree.rows('test/GOT-10k_Test_000001/groundtruth.txt', 1)
    tree.text('test/list.txt', 'GOT-10k_Test_000001\n')
    assert len(datasets.read('got10k-test', tree.root)[0].images) == 4
    (tree.root / 'test/GOT-10k_Test_000001/00000003.jpg').unlink()
    with pytest.raises(UserError, match='holds 2 of the 3 images with the numbers 1 to 3'):
        datasets.read('got10k-test', tree.root)


def test_absence_decides_where_nothing_tells_the_cover(val):
    (val.root / 'val/GOT-10k_Val_000001/cover.label').unlink()
    (sequence,) = datasets.read('got10k-val', val.root)
    assert sequence.absent.tolist() == [False, False, False, True]


def test_tracking_starts_on_the_first_box_even_where_it_is_covered(val):
    val.text('val/GOT-10k_Val_000001/cover.label', '0\n5\n5\n5\n')
    (sequence,) = datasets.read('got10k-val', val.root)
    assert sequence.boxes[0].tolist() == [0, 1, 30.5, 40]


def test_labels_of_images_are_optional(val):
    for file in (*val.root.rglob('*.label'), *val.root.rglob('*.ini')):
        file.unlink()
    (sequence,) = datasets.read('got10k-val', val.root)
    assert sequence.present.all()
    assert sequence.frame_labels == {}
    assert sequence.resolution is None


def test_either_folder_may_be_named(val):
    inner = datasets.read('got10k-val', val.root / 'val')
    assert [s.name for s in inner] == ['GOT-10k_Val_000001']


def test_order_is_that_of_the_list(val):
    for number in (3, 2):
        val.numbered(f'val/GOT-10k_Val_{number:06d}', 1, 2)
        val.rows(f'val/GOT-10k_Val_{number:06d}/groundtruth.txt', 2)
    val.text(
        'val/list.txt', 'GOT-10k_Val_000003\nGOT-10k_Val_000001\nGOT-10k_Val_000002\n'
    )
    found = [s.name[-1] for s in datasets.read('got10k-val', val.root)]
    assert found == ['3', '1', '2']
    (val.root / 'val/list.txt').unlink()
    assert [s.name[-1] for s in datasets.read('got10k-val', val.root)] == ['1', '2', '3']


def test_of_the_test_set_only_the_first_image_is_labelled(tree):
    folder = 'test/GOT-10k_Test_000001'
    tree.text('test/list.txt', 'GOT-10k_Test_000001')
    tree.numbered(folder, 1, 3, '{:08d}.jpg')
    tree.text(f'{folder}/groundtruth.txt', '5,6,7,8')
    (sequence,) = datasets.read('got10k-test', tree.root)
    np.testing.assert_array_equal(sequence.boxes, [[5, 6, 7, 8], NAN, NAN])
    assert sequence.labelled.tolist() == [True, False, False]
    assert not sequence.absent.any()


def test_one_label_where_there_should_be_all_is_refused(val):
    val.text('val/GOT-10k_Val_000001/groundtruth.txt', '5,6,7,8')
    with pytest.raises(UserError, match='as in the test set: read it as got10k-test'):
        datasets.read('got10k-val', val.root)


@pytest.mark.parametrize(
    ('file', 'text', 'words'),
    [
        ('groundtruth.txt', '1,2,3,4\n' * 3, r'has 4 images and 3 lines in .*groundtruth\.txt'),
        ('groundtruth.txt', '1,2,3,4\n1,2,3\n', r'groundtruth\.txt line 2 is .1,2,3.: expected'),
        ('cover.label', '8\n8\n', r'cover\.label has 2 numbers: expected 4, one per image'),
        ('cover.label', '8\n8\n8\nx\n', r'cover\.label holds something that is no whole number'),
        ('cover.label', '8\n8\n8\n0.5\n', 'no whole number'),
    ],
)
def test_malformed_labels_are_named(val, file, text, words):
    val.text(f'val/GOT-10k_Val_000001/{file}', text)
    with pytest.raises(UserError, match=words):
        datasets.read('got10k-val', val.root)
