# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import zipfile

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import submissions
from siam_tracker_ros.evaluation.traces import FAILURE, INIT, SKIPPED, TRACKED

FROM_ONE = np.array([1, 1, 0, 0])


@pytest.fixture
def sequences(make_sequence):
    return [make_sequence('b', 3), make_sequence('a', 4)]


@pytest.fixture
def passes(sequences, perfect):
    return {s.name: [perfect(s)] for s in sequences}


def numbers(path):
    return np.loadtxt(path, delimiter=',', ndmin=2)


def test_formats_of_the_issue_are_there():
    assert submissions.formats() == [
        'got10k', 'trackingnet', 'otb', 'uav123', 'tc128', 'lasot', 'vot', 'vot-realtime', 'vot-lt'
    ]  # fmt: skip


def test_got10k_has_a_file_for_each_repetition(tmp_path, sequences, passes, perfect):
    passes['a'].append(perfect(sequences[1], seconds=0.5))
    file = submissions.write('got10k', tmp_path, 'siamfc', sequences, passes)
    assert file == tmp_path / 'siamfc.zip'
    with zipfile.ZipFile(file) as packed:
        assert packed.namelist() == [
            'a/a_001.txt', 'a/a_002.txt', 'a/a_time.txt', 'b/b_001.txt', 'b/b_time.txt'
        ]  # fmt: skip
        assert packed.read('a/a_001.txt') == (tmp_path / 'siamfc/a/a_001.txt').read_bytes()
    np.testing.assert_array_equal(numbers(tmp_path / 'siamfc/a/a_002.txt'), sequences[1].boxes)
    times = numbers(tmp_path / 'siamfc/a/a_time.txt')
    np.testing.assert_array_equal(times, [[0.025, 0.5]] * 4)


def test_numbers_keep_four_decimals(tmp_path, make_sequence, perfect):
    sequence = make_sequence('a', 1)
    trace = perfect(sequence)
    trace.boxes[0] = [1 / 3, 2.00004, 10, 20.5]
    submissions.write('got10k', tmp_path, 'x', [sequence], {'a': [trace]})
    assert (tmp_path / 'x/a/a_001.txt').read_text() == '0.3333,2.0000,10.0000,20.5000\n'


def test_trackingnet_is_flat(tmp_path, sequences, passes):
    file = submissions.write('trackingnet', tmp_path, 'siamfc', sequences, passes)
    with zipfile.ZipFile(file) as packed:
        assert packed.namelist() == ['a.txt', 'b.txt']
        with packed.open('a.txt') as text:
            np.testing.assert_array_equal(numbers(text), sequences[1].boxes)


def test_archives_of_equal_results_are_equal(tmp_path, sequences, passes):
    first, second = (
        submissions.write('got10k', tmp_path / name, 'x', sequences, passes).read_bytes()
        for name in ('one', 'two')
    )
    assert first == second
    assert not list(tmp_path.rglob('*.partial'))


@pytest.mark.parametrize('name', ['otb', 'uav123', 'tc128'])
def test_one_file_per_sequence_counts_pixels_from_one(tmp_path, sequences, passes, name):
    folder = submissions.write(name, tmp_path, 'siamfc', sequences, passes)
    assert folder == tmp_path / 'siamfc'
    np.testing.assert_array_equal(numbers(folder / 'b.txt'), sequences[0].boxes + FROM_ONE)
    np.testing.assert_array_equal(numbers(folder / 'times/b_time.txt').ravel(), [0.025] * 3)


def test_lasot_wants_an_ending(tmp_path, sequences, passes):
    folder = submissions.write('lasot', tmp_path, 'siamfc', sequences, passes)
    assert folder == tmp_path / 'siamfc_tracking_result'
    np.testing.assert_array_equal(numbers(folder / 'a.txt'), sequences[1].boxes + FROM_ONE)


@pytest.fixture
def restarted(make_sequence, perfect):
    """Failed in the third image, started anew in the fifth."""
    sequence = make_sequence('bag', 6)
    trace = perfect(sequence)
    trace.events[:] = [INIT, TRACKED, FAILURE, SKIPPED, INIT, TRACKED]
    trace.boxes[3] = np.nan
    trace.seconds[3] = np.nan
    return sequence, trace


@pytest.mark.parametrize(
    ('name', 'experiment'), [('vot', 'baseline'), ('vot-realtime', 'realtime')]
)
def test_vot_writes_regions(tmp_path, restarted, name, experiment):
    sequence, trace = restarted
    folder = submissions.write(name, tmp_path, 'siamfc', [sequence], {'bag': [trace, trace]})
    assert folder == tmp_path / 'siamfc' / experiment
    for number in (1, 2):
        assert (folder / f'bag/bag_00{number}.txt').read_text().splitlines() == [
            '1', '5.0000,6.0000,7.0000,8.0000', '2', '0', '1', '21.0000,22.0000,23.0000,24.0000'
        ]  # fmt: skip
    values = (folder / 'bag/bag_001_time.value').read_text().split('\n')
    assert values == ['0.025', '0.025', '0.025', '', '0.025', '0.025', '']
    table = numbers(folder / 'bag/bag_time.txt')
    assert table.shape == (6, 2)
    assert np.isnan(table[3]).all()
    assert not list(folder.rglob('*confidence*'))


def test_long_term_has_confidences(tmp_path, make_sequence, perfect):
    sequence = make_sequence('car', 3)
    folder = submissions.write('vot-lt', tmp_path, 'x', [sequence], {'car': [perfect(sequence)]})
    assert folder == tmp_path / 'x/longterm'
    assert (folder / 'car/car_001.txt').read_text().splitlines()[0] == '1'
    assert (folder / 'car/car_001_confidence.value').read_text() == '\n0.5\n0.75\n'


def test_repetitions_of_an_earlier_run_go(tmp_path, restarted):
    sequence, trace = restarted
    for name in ('vot', 'vot-lt'):
        submissions.write(name, tmp_path, 'x', [sequence], {'bag': [trace, trace]})
    submissions.write('vot', tmp_path, 'x', [sequence], {'bag': [trace]})
    assert not (tmp_path / 'x/baseline/bag/bag_002.txt').exists()
    assert (tmp_path / 'x/longterm/bag/bag_002.txt').exists()


def test_a_restarted_run_is_no_one_pass_result(tmp_path, restarted):
    sequence, trace = restarted
    for name in ('got10k', 'trackingnet', 'otb'):
        with pytest.raises(UserError, match='takes one-pass results, those of experiment ope'):
            submissions.write(name, tmp_path, 'x', [sequence], {'bag': [trace]})


def test_the_box_before_stands_in_for_a_missing_one(tmp_path, make_sequence, perfect):
    """As after a start that the tracker refused: a server takes all sequences or nothing."""
    sequence = make_sequence('a', 5)
    trace = perfect(sequence)
    trace.boxes[1, 2] = np.nan
    trace.boxes[3:, 1] = np.inf
    submissions.write('got10k', tmp_path, 'x', [sequence], {'a': [trace]})
    written = numbers(tmp_path / 'x/a/a_001.txt')
    np.testing.assert_array_equal(written, sequence.boxes[[0, 0, 2, 2, 2]])


@pytest.mark.parametrize(('name', 'experiment'), [('vot', 'baseline'), ('vot-lt', 'longterm')])
def test_vot_knows_an_image_without_a_box(tmp_path, make_sequence, perfect, name, experiment):
    sequence = make_sequence('a', 3)
    trace = perfect(sequence)
    trace.boxes[1] = np.nan
    folder = submissions.write(name, tmp_path, 'x', [sequence], {'a': [trace]})
    assert (folder / 'a/a_001.txt').read_text().splitlines()[1] == '0'


def test_missing_and_foreign_results_are_refused(tmp_path, sequences, passes):
    with pytest.raises(UserError, match='no results for sequence b: evaluate it first'):
        submissions.write('otb', tmp_path, 'x', sequences, {'a': passes['a']})
    with pytest.raises(UserError, match='results of b have 4 rows and the sequence 3 images'):
        submissions.write('otb', tmp_path, 'x', sequences, {**passes, 'b': passes['a']})


def test_an_unknown_format_is_refused(tmp_path, sequences, passes):
    with pytest.raises(UserError, match="unknown format 'nope': expected one of got10k, "):
        submissions.write('nope', tmp_path, 'x', sequences, passes)


def test_a_place_that_cannot_be_written_is_told(tmp_path, sequences, passes):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match=r'results cannot be written to .*: choose another folder'):
        submissions.write('otb', tmp_path / 'file', 'x', sequences, passes)


def test_names_of_trackers_are_made_fit(tmp_path, sequences, passes):
    folder = submissions.write('otb', tmp_path, 'siamrpnpp/mobile net', sequences, passes)
    assert folder.name == 'siamrpnpp-mobile-net'
