# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What was read in a benchmark's convention is written in it: border to border."""

import numpy as np
import pytest

from siam_tracker_ros.evaluation import datasets, submissions

ROWS = '11,21,30,40\n12.25,22,31,41\n13,23,32.5,42\n'
NUMBERS = [[11, 21, 30, 40], [12.25, 22, 31, 41], [13, 23, 32.5, 42]]

LAYOUTS = {
    'got10k-val': ('val/GOT-10k_Val_000001', 'val/GOT-10k_Val_000001/groundtruth.txt'),
    'otb100': ('Bolt/img', 'Bolt/groundtruth_rect.txt'),
    'lasot': ('lion/lion-5/img', 'lion/lion-5/groundtruth.txt'),
    'trackingnet': ('frames/x', 'anno/x.txt'),
    'tc128': ('Ball_ce1/img', 'Ball_ce1/Ball_ce1_gt.txt'),
    'vot': ('bag/color', 'bag/groundtruth.txt'),
    'vot-lt': ('bag/color', 'bag/groundtruth.txt'),
}
# The first pixel in each convention is where a continuous corner of 0 goes.
ORIGIN = {'otb100': 1, 'lasot': 1, 'tc128': 1}


def read(name, root):
    images, labels = LAYOUTS[name]
    first = 0 if name == 'trackingnet' else 1
    for number in range(first, first + 3):
        file = root / images / f'{number:08d}.jpg'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (root / labels).parent.mkdir(parents=True, exist_ok=True)
    (root / labels).write_text(ROWS)
    only = {'otb100': ['Bolt'], 'lasot': ['lion-5']}.get(name)
    (sequence,) = datasets.read(name, root, only=only)
    return sequence


@pytest.mark.parametrize('name', LAYOUTS)
def test_a_perfect_tracker_hands_in_the_labels(name, tmp_path, perfect):
    sequence = read(name, tmp_path / 'data')
    np.testing.assert_allclose(
        sequence.boxes, np.array(NUMBERS) - np.array([1, 1, 0, 0]) * ORIGIN.get(name, 0)
    )
    kind = datasets.get(name).submission
    submissions.write(
        kind, tmp_path / 'out', 'best', [sequence], {sequence.name: [perfect(sequence)]}
    )
    (file,) = (
        path
        for path in (tmp_path / 'out').rglob(f'{sequence.name}*.txt')
        if 'time' not in path.name
    )
    lines = file.read_text().splitlines()
    first = 1 if name.startswith('vot') else 0
    if first:
        assert lines[0] == '1'
    written = [[float(word) for word in line.split(',')] for line in lines[first:]]
    np.testing.assert_array_equal(written, NUMBERS[first:])


def test_every_dataset_with_a_submission_has_its_format():
    wanted = {datasets.get(name).submission for name in datasets.names()} - {None}
    assert wanted <= set(submissions.formats())


def test_uav123_starts_at_one(tmp_path, perfect):
    root = tmp_path / 'data'
    (root / 'data_seq/UAV123_10fps/uav6').mkdir(parents=True)
    for number in range(1, 38):
        (root / f'data_seq/UAV123_10fps/uav6/{number:06d}.jpg').touch()
    (root / 'anno/UAV123_10fps').mkdir(parents=True)
    (root / 'anno/UAV123_10fps/uav6.txt').write_text('11,21,30,40\n' * 37)
    (sequence,) = datasets.read('uav123-10fps', root, only=['uav6'])
    assert sequence.boxes[0].tolist() == [10, 20, 30, 40]
    folder = submissions.write(
        'uav123', tmp_path / 'out', 'best', [sequence], {'uav6': [perfect(sequence)]}
    )
    assert set((folder / 'uav6.txt').read_text().split()) == {'11.0000,21.0000,30.0000,40.0000'}
