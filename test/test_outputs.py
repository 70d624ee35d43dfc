# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.outputs import check_output_file, check_output_folder, prepare_output_file


def test_new_and_existing_files_may_be_written(tmp_path):
    (tmp_path / 'old.csv').write_text('x')
    for name in ('old.csv', 'new.csv'):
        assert check_output_file(str(tmp_path / name), 'CSV') == tmp_path / name
    assert (tmp_path / 'old.csv').read_text() == 'x'


def test_relative_name_is_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(check_output_file('new.csv', 'CSV')) == 'new.csv'


def test_existing_folder_is_not_overwritten(tmp_path):
    assert check_output_folder(tmp_path / 'bag', 'bag') == tmp_path / 'bag'
    (tmp_path / 'bag').mkdir()
    with pytest.raises(UserError, match='bag exists already'):
        check_output_folder(tmp_path / 'bag', 'bag')


@pytest.mark.parametrize('check', [check_output_file, check_output_folder])
def test_missing_parent_is_refused(tmp_path, check):
    with pytest.raises(UserError, match=r'there is no folder .*; make it first'):
        check(tmp_path / 'no' / 'thing', 'it')


def test_a_missing_parent_is_made_where_one_asks_for_it(tmp_path):
    path = tmp_path / 'new' / 'deep' / 'a.csv'
    assert prepare_output_file(str(path), 'CSV') == path
    assert path.parent.is_dir()
    assert not path.exists()
    path.write_text('x')
    with pytest.raises(UserError, match=r'CSV .* folder .*a\.csv cannot be made \('):
        prepare_output_file(path / 'b.csv', 'CSV')
    with pytest.raises(UserError, match='is a folder'):
        prepare_output_file(path.parent, 'CSV')


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_read_only_parent_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match='is read-only'):
        check_output_file(tmp_path / 'a.csv', 'CSV')
