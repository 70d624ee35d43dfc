# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import time

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.labels import check_flags, read_boxes, read_integers, read_rows


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / 'labels.txt'
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


@pytest.mark.parametrize(
    'text',
    ['1,2\n3,4\n', '1 2\n3\t4', '1, 2\r\n\r\n3 ,4\r\n', '\ufeff1,2\n3,4', '1,2,\n3,4,\n'],
)
def test_separators_line_ends_and_marks(file, text):
    np.testing.assert_array_equal(read_rows(file(text), 'x', (2,)), [[1, 2], [3, 4]])


def test_shorter_rows_are_filled_up(file):
    rows = read_rows(file('0\n1,2,3\n4,nan,6'), 'x', (1, 3))
    np.testing.assert_array_equal(rows, [[0, np.nan, np.nan], [1, 2, 3], [4, np.nan, 6]])


def test_a_file_without_rows(file):
    assert read_rows(file('\n\n')).shape == (0, 4)


@pytest.mark.parametrize('row', ['1,2,3', '1,2,3,4,5', '1,2,x,4', '1,2,inf,4', '1;2;3;4'])
def test_the_first_malformed_line_is_named(file, row):
    with pytest.raises(UserError, match=r'labels\.txt line 4 is .*: expected four numbers'):
        read_rows(file(f'1,2,3,4\n\n1,2,3,4\n{row}\nx\n'))


def test_a_row_without_a_box_is_nan_as_a_whole(file):
    boxes = read_boxes(file('1,2,3,4\n1,2,nan,4\n1,2,0,4\n1,2,3,-1\n'))
    assert np.isnan(boxes).sum(axis=1).tolist() == [0, 4, 4, 4]


def test_integers_in_any_arrangement(file):
    assert read_integers(file('1,0\n1\n')).tolist() == [1, 0, 1]
    assert read_integers(file('')).tolist() == []


@pytest.mark.parametrize('text', ['1,x', '0.5', 'nan', 'inf'])
def test_what_is_no_integer_is_refused(file, text):
    with pytest.raises(UserError, match='no whole number'):
        read_integers(file(text))


def test_flags_are_counted(file):
    path = file('1,0,1')
    assert check_flags(path, read_integers(path), 3).tolist() == [1, 0, 1]
    with pytest.raises(UserError, match='has 3 numbers: expected 2, one per image'):
        check_flags(path, read_integers(path), 2)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(UserError, match=r'cannot be read \(Is a directory\)'):
        read_rows(tmp_path)


def test_ten_thousand_rows_take_no_time(file):
    path = file('123.45,67.89,10,20\n' * 10_000)
    start = time.perf_counter()
    assert read_boxes(path).shape == (10_000, 4)
    assert time.perf_counter() - start < 1
