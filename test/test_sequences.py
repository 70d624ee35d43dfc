# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.sequences import (
    Sequence,
    image_size,
    read_sequence,
    read_sequences,
    write_ground_truth,
)


@pytest.fixture
def make(tmp_path):
    def make(text, name='one', images=3):
        folder = tmp_path / name
        folder.mkdir()
        for index in range(1, images + 1):
            write_image(folder / f'{index:08d}.png', np.zeros((4, 4, 3), np.uint8))
        (folder / 'groundtruth.txt').write_text(text)
        return folder

    return make


@pytest.mark.parametrize(
    'text', ['1,2,3,4\n5,6,7,8\n9,10,11,12\n', '1 2 3 4\n5\t6\t7\t8\n\n9, 10, 11, 12']
)
def test_rows_are_corner_and_size(make, text):
    sequence = read_sequence(make(text))
    np.testing.assert_array_equal(sequence.boxes, np.arange(1, 13).reshape(3, 4))
    assert sequence.name == 'one'
    assert [p.name for p in sequence.images] == [f'{i:08d}.png' for i in (1, 2, 3)]
    assert sequence.first_box == Box(2.5, 4.0, 3.0, 4.0)
    assert sequence.present.all()


def test_the_beginning_of_a_sequence_has_the_first_of_all_that_images_have(make):
    whole = replace(
        read_sequence(make('1,2,3,4\nnan,nan,nan,nan\n9,10,11,12\n')),
        polygons=np.arange(24.0).reshape(3, 4, 2),
        labelled=np.array([True, False, True]),
        frame_labels={'cover': np.array([8, 7, 6])},
        attributes=('occlusion',),
    )
    part = whole.beginning(2)
    assert part.images == whole.images[:2]
    for found, known in (
        (part.boxes, whole.boxes), (part.polygons, whole.polygons),
        (part.labelled, whole.labelled),
        (part.frame_labels['cover'], whole.frame_labels['cover']),
    ):  # fmt: skip
        np.testing.assert_array_equal(found, known[:2])
    assert (part.name, part.attributes) == (whole.name, whole.attributes)
    assert len(whole.beginning(9).images) == 3
    plain = read_sequence(whole.images[0].parent).beginning(1)
    assert (plain.polygons, plain.labelled, len(plain.boxes)) == (None, None, 1)


@pytest.mark.parametrize(
    'row', ['nan,nan,nan,nan', 'NaN,NaN,NaN,NaN', '1,2,nan,4', '1,2,0,4', '1,2,3,-4']
)
def test_absent_target_is_nan_as_a_whole(make, row):
    sequence = read_sequence(make(f'1,2,3,4\n{row}\n5,6,7,8\n'))
    assert sequence.present.tolist() == [True, False, True]
    assert np.isnan(sequence.boxes[1]).all()
    assert sequence.box(1) is None
    assert sequence.box(2) == Box(8.5, 10.0, 7.0, 8.0)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('1,2,3,4\n1,2,3\n1,2,3,4\n', "line 2 is '1,2,3': expected four numbers"),
        ('1,2,3,4\n1,2,3,x\n1,2,3,4\n', r"line 2 is '1,2,3,x'"),
        ('1,2,3,4\n1,2,,4\n1,2,3,4\n', r"line 2 is '1,2,,4'"),
        ('1,2,3,4\n1,2,3,4,5\n1,2,3,4\n', r"line 2 is '1,2,3,4,5'"),
        ('1,2,3,inf\n1,2,3,4\n1,2,3,4\n', 'line 1 is'),
        ('1,2,3,4\n1,2,3,4\n', 'has 3 images and 2 lines'),
        ('', 'has 3 images and 0 lines'),
        ('nan,nan,nan,nan\n1,2,3,4\n1,2,3,4\n', 'absent in the first image'),
    ],
)
def test_malformed_truth_is_refused(make, text, words):
    with pytest.raises(UserError, match=words):
        read_sequence(make(text))


def test_a_sequence_that_nobody_tracks_may_begin_without_its_target(make):
    folder = make('nan,nan,nan,nan\n1,2,3,4\n1,2,3,4\n')
    assert read_sequence(folder, first_visible=False).present.tolist() == [False, True, True]


def test_labels_that_are_not_text_are_refused(make):
    folder = make('')
    (folder / 'groundtruth.txt').write_bytes(b'\xff\xfe\x00\x80\n')
    with pytest.raises(UserError, match='line 1 is'):
        read_sequence(folder)


def test_line_ends_of_windows_and_empty_lines(make):
    folder = make('')
    (folder / 'groundtruth.txt').write_bytes(b'1,2,3,4\r\n\r\n5,6,7,8\r\n9,10,11,12\r\n')
    np.testing.assert_array_equal(read_sequence(folder).boxes[:, 0], [1, 5, 9])


def test_what_is_written_is_read(make):
    folder = make('')
    boxes = [Box.from_ltwh(1.25, 2.5, 3.75, 4), None, Box.from_ltwh(12345.67, -3, 20, 10)]
    write_ground_truth(folder, boxes)
    sequence = read_sequence(folder)
    assert [sequence.box(index) for index in range(3)] == boxes


def test_folder_without_truth_is_refused(make):
    folder = make('1,2,3,4\n' * 3)
    (folder / 'groundtruth.txt').unlink()
    with pytest.raises(UserError, match=r'has no groundtruth\.txt'):
        read_sequence(folder)


def test_the_folder_one_is_in_has_a_name(make, monkeypatch):
    folder = make('1,2,30,40\n' * 3)
    monkeypatch.chdir(folder)
    assert read_sequence('.').name == folder.name
    assert [sequence.name for sequence in datasets.read('folder', '.')] == [folder.name]


def test_all_sequences_of_a_folder_in_order(make, tmp_path):
    for name in ('b', 'a'):
        make('1,2,3,4\n' * 3, name)
    (tmp_path / 'notes').mkdir()
    assert [s.name for s in read_sequences(tmp_path)] == ['a', 'b']


def test_folder_without_sequences_is_refused(tmp_path):
    with pytest.raises(UserError, match='holds no sequences'):
        read_sequences(tmp_path)
    with pytest.raises(UserError, match='does not exist'):
        read_sequences(tmp_path / 'none')


def test_unlabelled_is_neither_present_nor_absent():
    boxes = np.array([[1.0, 2, 3, 4], [np.nan] * 4, [np.nan] * 4])
    images = (Path('a'), Path('b'), Path('c'))
    looked = np.array([True, True, False])
    sequence = Sequence('one', images, boxes, labelled=looked)
    assert sequence.present.tolist() == [True, False, False]
    assert sequence.absent.tolist() == [False, True, False]
    assert Sequence('one', images, boxes).absent.tolist() == [False, True, True]


def test_a_box_without_area_is_not_present():
    boxes = np.array([[1.0, 2, 3, 4], [1.0, 2, 0, 4], [1.0, 2, 3, -1]])
    sequence = Sequence('one', (Path('a'), Path('b'), Path('c')), boxes)
    assert sequence.present.tolist() == [True, False, False]


def test_size_of_the_images(tmp_path):
    path = write_image(tmp_path / 'a.png', np.zeros((4, 7, 3), np.uint8))
    boxes = np.ones((1, 4))
    assert image_size(Sequence('one', (path,), boxes)) == (7, 4)
    assert image_size(Sequence('one', (path,), boxes, resolution=(70, 40))) == (70, 40)
    assert image_size(Sequence('one', (tmp_path / 'b.png',), boxes)) is None
