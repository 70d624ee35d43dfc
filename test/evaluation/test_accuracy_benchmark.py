# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark script as a user runs it, and the figures that it must land on."""

import json
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

from siam_tracker_ros.images import write_image

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / 'shared' / 'data'


def accuracy(*words):
    return subprocess.run(
        [sys.executable, str(ROOT / 'benchmarks' / 'accuracy.py'), *map(str, words)],
        capture_output=True, text=True, check=False,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Two sequences of one still image each."""
    image = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    for name in ('a', 'b'):
        sequence = tmp_path / 'sequences' / name
        sequence.mkdir(parents=True)
        for index in range(4):
            write_image(sequence / f'{index}.png', image)
        (sequence / 'groundtruth.txt').write_text('40,30,50,40\n' * 4)
    return tmp_path / 'sequences'


def test_table_and_json_hold_every_sequence_and_what_is_missing(folder, tmp_path):
    path = tmp_path / 'new' / 'figures.json'
    words = ('--trackers', 'mil,nanotrack,sift', '--peers', tmp_path, '--json', path)
    done = accuracy(folder, *words)
    assert done.returncode == 0, done.stderr
    assert 'nanotrack is not available: NanoTrack needs' in done.stdout
    assert "sift is not available: unknown tracker 'sift'" in done.stdout
    assert 'date ' in done.stdout
    assert 'opencv ' in done.stdout
    figures = json.loads(path.read_text())
    assert set(figures['missing']) == {'nanotrack', 'sift'}
    rows = figures['trackers']['mil']['sequences']
    assert set(rows) == {'a', 'b'}
    assert all(row['frames'] == 4 for row in rows.values())
    mean = np.mean([row['auc'] for row in rows.values()])
    assert figures['trackers']['mil']['mean']['auc'] == pytest.approx(mean)
    assert mean > 0.5
    assert '| **mean** | 8 | **' in done.stdout


def test_missing_folder_is_skipped_with_the_reason(tmp_path):
    done = accuracy(tmp_path / 'none')
    assert done.returncode == 0
    assert done.stdout.startswith('skipped: there are no sequences at')


def test_a_place_that_cannot_be_written_is_refused_before_the_work(folder):
    done = accuracy(folder, '--trackers', 'mil', '--json', folder)
    assert done.returncode == 2
    assert 'is a folder: give the name of a file in it' in done.stderr
    assert done.stdout == ''


def test_malformed_sequence_is_one_sentence(folder):
    (folder / 'a' / 'groundtruth.txt').write_text('1,2,3\n')
    done = accuracy(folder, '--trackers', 'mil')
    assert done.returncode == 2
    assert 'line 1 is' in done.stderr
    assert done.stderr.count('\n') == 1


@pytest.mark.skipif(not (SHARED / 'eval').is_dir(), reason='the evaluation data is not here')
def test_nanotrack_lands_on_its_stored_figures(tmp_path):
    chosen = {'davis_car-shadow': 0.863, 'otb_kitesurf': 0.770, 'davis_blackswan': 0.861}
    for name in chosen:
        (tmp_path / name).symlink_to(SHARED / 'eval' / name)
    path = tmp_path / 'figures.json'
    done = accuracy(tmp_path, '--trackers', 'nanotrack', '--json', path)
    assert done.returncode == 0, done.stderr
    rows = json.loads(path.read_text())['trackers']['nanotrack']['sequences']
    for name, stored in chosen.items():
        assert rows[name]['auc'] == pytest.approx(stored, abs=0.005)
