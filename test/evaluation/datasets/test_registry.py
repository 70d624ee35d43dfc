# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import datasets
from siam_tracker_ros.evaluation.datasets import otb
from siam_tracker_ros.evaluation.experiments import EXPERIMENTS


def test_every_dataset_of_the_issue_is_there():
    wanted = {
        'folder', 'got10k-val', 'got10k-test', 'got10k-train', 'otb2013', 'otb50', 'otb100',
        'uav123', 'uav20l', 'uav123-10fps', 'lasot', 'trackingnet', 'vot', 'vot-lt', 'tld',
        'tc128',
    }  # fmt: skip
    assert set(datasets.names()) == wanted


@pytest.mark.parametrize('name', datasets.names())
def test_a_missing_folder_says_what_is_expected_where(name, tmp_path):
    folder = tmp_path / 'none'
    dataset = datasets.get(name)
    expected = f'none does not exist: expected the folder of {dataset.title}, with {folder}/'
    with pytest.raises(UserError, match=expected):
        datasets.read(name, folder)


def test_an_archive_is_no_folder(tree):
    file = tree.text('OTB.zip', '')
    with pytest.raises(UserError, match=r'OTB\.zip is a file: expected the folder of OTB-100'):
        datasets.read('otb100', file)


@pytest.mark.parametrize('name', datasets.names())
def test_a_wrong_folder_says_what_is_expected_where(name, tree):
    tree.text('wrong/notes.txt', '')
    with pytest.raises(UserError) as caught:
        datasets.read(name, tree.root / 'wrong')
    dataset = datasets.get(name)
    assert f'does not hold {dataset.title}' in str(caught.value)
    assert str(tree.root / 'wrong' / dataset.tree[0]) in str(caught.value)
    assert str(caught.value).endswith('give the folder that does')


@pytest.mark.parametrize('name', datasets.names())
def test_a_folder_too_high_or_too_low_is_put_right(name, tree):
    dataset = datasets.get(name)
    for file in dataset.tree:
        tree.text(f'above/root/{file}', '1,2,3,4\n')
    tree.text('above/root/below/notes.txt', '')
    for wrong in ('above', 'above/root/below'):
        with pytest.raises(UserError, match=f'give {tree.root / "above/root"}$'):
            datasets.read(name, tree.root / wrong)


def test_another_benchmark_is_recognised(tree):
    tree.numbered('Basketball/img', 1, 2)
    tree.rows('Basketball/groundtruth_rect.txt', 2)
    with pytest.raises(UserError, match=r'; name dataset otb2013 or otb50 or otb100$'):
        datasets.read('folder', tree.root)


def test_an_unknown_dataset_is_refused():
    for call in (datasets.get, datasets.default_experiments):
        with pytest.raises(UserError, match="unknown dataset 'nope': expected one of folder, "):
            call('nope')


def test_experiments_where_nobody_says():
    assert datasets.default_experiments('otb100') == ('ope',)
    assert datasets.default_experiments('lasot') == ('lasot',)
    assert datasets.default_experiments('vot') == ('vot', 'vot-realtime')
    assert datasets.default_experiments('vot-lt') == ('vot-lt',)


@pytest.mark.parametrize('name', datasets.names())
def test_what_is_run_by_default_exists(name):
    assert set(datasets.default_experiments(name)) <= set(EXPERIMENTS)


def test_an_incomplete_benchmark_is_refused(tree):
    for name in ('Basketball', 'Biker'):
        tree.numbered(f'{name}/img', 1, 2)
        tree.rows(f'{name}/groundtruth_rect.txt', 2)
    with pytest.raises(UserError) as caught:
        datasets.read('otb50', tree.root)
    text = str(caught.value)
    assert 'lacks 48 of 50 sequences (Bird1, BlurBody, BlurCar2, BlurFace, BlurOwl and 43' in text
    assert f'{tree.root / "Bird1/img"} is not there' in text
    found = datasets.read('otb50', tree.root, only=['Biker', 'Basketball'])
    assert [s.name for s in found] == ['Basketball', 'Biker']


def test_a_lost_file_of_labels_is_named(tree):
    tree.numbered('Biker/img', 1, 2)
    tree.rows('Bolt/groundtruth_rect.txt', 2)
    with pytest.raises(UserError, match=r'Biker/groundtruth_rect\.txt is not there'):
        datasets.read('otb50', tree.root, only=['Biker'])


def test_an_unknown_sequence_is_refused(tree):
    tree.rows('Bolt/groundtruth_rect.txt', 2)
    with pytest.raises(UserError, match="OTB-50 has no sequence 'Nope': expected some of Basket"):
        datasets.read('otb50', tree.root, only=['Biker', 'Nope'])


def test_an_empty_choice_is_refused(tree):
    tree.rows('Bolt/groundtruth_rect.txt', 2)
    with pytest.raises(UserError, match='no sequence of OTB-50 was found or named'):
        datasets.read('otb50', tree.root, only=[])


def test_a_target_that_is_absent_at_first_is_refused(tree):
    tree.numbered('01_david', 1, 2)
    tree.text('01_david/gt.txt', 'NaN,NaN,NaN,NaN\n1,2,3,4\n')
    with pytest.raises(UserError, match='sequence 01_david has no box for its first image'):
        datasets.read('tld', tree.root)


def test_a_locked_file_is_one_sentence(tree, monkeypatch):
    tree.rows('Bolt/groundtruth_rect.txt', 2)
    tree.numbered('Bolt/img', 1, 2)

    def locked(folder):
        raise PermissionError(13, 'Permission denied', str(folder))

    monkeypatch.setattr(otb, 'list_images', locked)
    with pytest.raises(UserError, match='Bolt/img may not be read: change its permissions'):
        datasets.read('otb50', tree.root, only=['Bolt'])


def test_one_folder_or_many(tree):
    for name in ('b', 'a'):
        tree.numbered(name, 1, 2)
        tree.rows(f'{name}/groundtruth.txt', 2)
    assert [s.name for s in datasets.read('folder', tree.root)] == ['a', 'b']
    (sequence,) = datasets.read('folder', tree.root / 'b')
    assert sequence.name == 'b'
    np.testing.assert_array_equal(sequence.boxes, [[1, 2, 10, 20], [2, 4, 10, 20]])
