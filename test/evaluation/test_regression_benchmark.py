# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark script as a user runs it, and the figures that it must land on."""

import importlib.util
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import require_cv2, write_image

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / 'shared' / 'data'
SCRIPT = ROOT / 'benchmarks' / 'regression.py'


@pytest.fixture
def folder(tmp_path):
    """Two sequences of a patch of noise that moves over a smooth ground."""
    cv2 = require_cv2()
    noise = np.random.default_rng(0)
    ground = cv2.GaussianBlur(noise.integers(0, 255, (120, 160, 3), np.uint8), (0, 0), 6)
    patch = noise.integers(0, 255, (30, 40, 3), np.uint8)
    for name, speed in (('a', 0), ('b', 2)):
        sequence = tmp_path / 'sequences' / name
        sequence.mkdir(parents=True)
        lefts = [40 + speed * index for index in range(4)]
        for index, left in enumerate(lefts):
            image = ground.copy()
            image[30:60, left : left + 40] = patch
            write_image(sequence / f'{index}.png', image)
        rows = [f'{left},30,40,30\n' for left in lefts]
        (sequence / 'groundtruth.txt').write_text(''.join(rows))
    return tmp_path / 'sequences'


@pytest.fixture(scope='module')
def script():
    spec = importlib.util.spec_from_file_location('regression', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def regression(script, tmp_path, capsys):
    """Runs the script with its results and its table in a folder of their own."""

    def run(folder, *words, table='table.json'):
        places = ('--out', tmp_path / 'out', '--table', tmp_path / table, '--jobs', 1)
        code = script.main([str(word) for word in (folder, *places, *words)])
        return Done(code, *capsys.readouterr())

    return run


@pytest.mark.slow
def test_the_table_is_stored_compared_and_defended(folder, regression, tmp_path):
    words = ('--trackers', 'siamfc,mil,nanotrack', '--peers', tmp_path)
    done = regression(folder, *words, '--store')
    assert done.returncode == 0, done.stderr
    assert f'There is no stored table at {tmp_path / "table.json"} yet.' in done.stdout
    assert 'nanotrack is not available: nanotrack needs' in done.stdout
    assert '| tracker | AUC | P20 | AUROC | false boxes | recovery | fps | p99 ms |' in done.stdout
    assert 'mil draws random numbers: mean of 5 runs' in done.stdout

    page = tmp_path / 'out' / 'report' / 'index.html'
    assert f'report: {page}' in done.stdout
    assert 'siamfc' in page.read_text(encoding='utf-8')

    table = json.loads((tmp_path / 'table.json').read_text())
    assert set(table['missing']) == {'nanotrack'}
    assert {'date', 'cpu', 'torch', 'opencv'} <= set(table['run'])
    assert table['sequences'] == {'a': 4, 'b': 4}
    ours, peer = table['trackers']['siamfc'], table['trackers']['mil']
    assert (ours['ours'], ours['runs'], ours['auc_spread']) == (True, 1, None)
    assert (peer['ours'], peer['runs']) == (False, 5)
    assert peer['auc_spread'] >= 0
    for row in (ours, peer):
        assert row['mean']['auc'] > 0.5
        for name in ('auc', 'precision'):
            mean = np.mean([figures[name] for figures in row['sequences'].values()])
            assert row['mean'][name] == pytest.approx(mean)
        # Neither ever fails here: there is nothing to tell apart.
        assert row['mean']['auroc'] is None
        for name in ('false_boxes', 'lost_missed', 'recovery'):
            assert row['mean'][name] is None
        assert row['mean']['fps'] > 0
        assert row['mean']['p99'] >= 1000 / row['mean']['fps'] * 0.99
    traces = sorted((tmp_path / 'out').rglob('*.csv'))
    made = {path: path.stat().st_mtime_ns for path in traces}
    assert len(traces) == 2 * (1 + 5)

    # Again: the same accuracy, from the same traces.
    done = regression(folder, *words)
    assert done.returncode == 0, done.stdout
    assert 'No tracker differs by more than 0.005 AUC from the stored table.' in done.stdout
    assert {path: path.stat().st_mtime_ns for path in traces} == made

    # A table that was better: a failure that names tracker and sequences.
    now = ours['mean']['auc']
    ours['mean']['auc'] += 0.006
    ours['sequences']['b']['auc'] += 0.012
    peer['mean']['auc'] += 0.1
    (tmp_path / 'table.json').write_text(json.dumps(table))
    done = regression(folder, *words)
    assert done.returncode == 1
    assert f'siamfc fell by 0.006 AUC, from {now + 0.006:.3f} to {now:.3f}; most on b (' in (
        done.stdout
    )
    assert 'mil fell by 0.100 AUC' in done.stdout
    assert '--store keeps the new table.' in done.stdout

    # A row alone: the other one stays as it is, and says of what run it is.
    done = regression(folder, '--trackers', 'siamfc', '--store')
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / 'table.json').read_text())
    assert kept['trackers']['siamfc']['mean']['auc'] == now
    assert kept['trackers']['mil'] == {'run': table['run'], **table['trackers']['mil']}
    assert 'run' not in kept['trackers']['siamfc']


def test_a_folder_that_is_not_there_is_skipped_with_the_reason(tmp_path):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / 'none')],
        capture_output=True, text=True, check=False,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith('skipped: there are no sequences at')


def test_a_place_that_cannot_be_written_is_refused_before_the_work(folder, regression):
    done = regression(folder, '--trackers', 'mil', '--store', table='.')
    assert done.returncode == 2
    assert 'is a folder: give the name of a file in it' in done.stderr
    assert done.stdout == ''


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ('1,2,3\n', 'line 1 is'),
        ('40,30,50,40\n' + 'nan,nan,nan,nan\n' * 3, 'sequence a shows its target once only'),
    ],
)
def test_a_sequence_that_is_no_use_is_one_sentence(folder, regression, rows, message):
    (folder / 'a' / 'groundtruth.txt').write_text(rows)
    done = regression(folder, '--trackers', 'mil')
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count('\n') == 1


def test_another_file_is_no_table(folder, regression, tmp_path):
    for text in ('{"sequences": {}}', '{"sequences": {}, "trackers": {"x": {}}}', '[]', 'x'):
        (tmp_path / 'table.json').write_text(text)
        done = regression(folder, '--trackers', 'mil')
        assert done.returncode == 2
        assert 'is not a table of this benchmark (' in done.stderr
        assert done.stdout == ''


def test_results_that_cannot_be_written_are_one_sentence(folder, script, tmp_path, capsys):
    places = ('--out', '/proc/none', '--table', str(tmp_path / 'table.json'))
    assert script.main([str(folder), *places, '--trackers', 'mil']) == 2
    assert '/proc/none cannot be written to' in capsys.readouterr().err


def make_table(ours=True, **aucs):
    """One tracker with an AUC for each sequence."""
    row = {
        'ours': ours,
        'mean': {'auc': float(np.mean(list(aucs.values())))},
        'sequences': {name: {'auc': value} for name, value in aucs.items()},
    }
    sequences = dict.fromkeys(aucs, 10)
    return {'run': {}, 'sequences': sequences, 'missing': {}, 'trackers': {'x': row}}


def test_a_row_that_stays_keeps_its_own_run(script):
    before = {**make_table(a=0.5), 'run': {'date': 'second'}}
    before['trackers']['old'] = {**before['trackers']['x'], 'run': {'date': 'first'}}
    before['trackers']['y'] = before['trackers']['x']
    now = {**make_table(a=0.6), 'run': {'date': 'third'}}
    kept = script.joined(before, now)
    runs = {name: row.get('run', kept['run'])['date'] for name, row in kept['trackers'].items()}
    assert runs == {'x': 'third', 'y': 'second', 'old': 'first'}
    with pytest.raises(UserError, match='is of other sequences: store a whole one'):
        script.joined(before, make_table(b=0.5))


def test_what_would_lose_a_row_is_not_stored(script):
    before, now = make_table(a=0.5), {**make_table(a=0.5), 'trackers': {}}
    with pytest.raises(UserError, match=r'has x, which this run lacks \(x was not asked for\)'):
        script.check_complete(before, now)


def test_a_drop_names_where_it_is_largest(script):
    before = make_table(a=0.5, b=0.6, c=0.7, d=0.8, e=0.5)
    now = make_table(a=0.5, b=0.5, c=0.3, d=0.9, e=0.48)
    drops, news = script.compare(before, now, None)
    assert drops == [
        'x fell by 0.084 AUC, from 0.620 to 0.536; most on c (0.700 to 0.300), '
        'b (0.600 to 0.500), e (0.500 to 0.480).'
    ]
    assert news == []


@pytest.mark.parametrize(('auc', 'drops', 'news'), [(0.495, 0, 0), (0.494, 1, 0), (0.506, 0, 1)])
def test_only_more_than_the_tolerance_counts(script, auc, drops, news):
    found = script.compare(make_table(a=0.5), make_table(a=auc), None)
    assert (len(found[0]), len(found[1])) == (drops, news)
    found = script.compare(make_table(a=0.5, ours=False), make_table(a=auc), None)
    assert (len(found[0]), len(found[1])) == (0, drops + news)


def test_a_rise_is_news_that_names_where(script):
    drops, news = script.compare(make_table(a=0.5, b=0.5), make_table(a=0.5, b=0.6), None)
    assert drops == []
    assert news[0].startswith('x rose by 0.050 AUC, from 0.500 to 0.550; most on b (0.500 to')


def test_a_tracker_that_is_gone_fails_and_a_new_one_does_not(script):
    table, none = make_table(a=0.5), {**make_table(a=0.5), 'trackers': {}}
    lost = 'x has no figures any more, its AUC was 0.500.'
    assert script.compare(table, none, None) == ([lost], [])
    assert script.compare(none, table, None) == ([], ['x is not in the stored table.'])
    # Nobody asked for it.
    assert script.compare(table, none, 'y') == ([], [])


def test_other_weights_stand_against_the_stored_ones(script):
    table = make_table(a=0.5)
    candidate = {**make_table(a=0.4), 'trackers': {'x=new': make_table(a=0.4)['trackers']['x']}}
    drops, news = script.compare(table, candidate, 'x=new')
    assert drops == ['x=new fell by 0.100 AUC, from 0.500 to 0.400; most on a (0.500 to 0.400).']
    assert news == []


def test_a_table_of_other_sequences_is_not_compared(folder, regression, tmp_path):
    (tmp_path / 'table.json').write_text(json.dumps(make_table(a=0.5)))
    done = regression(folder, '--trackers', 'mil')
    assert done.returncode == 2
    assert 'is of other sequences: give the folder that it is of, or keep' in done.stderr
    assert done.stdout == ''


@pytest.mark.skipif(not (SHARED / 'eval').is_dir(), reason='the evaluation data is not here')
def test_nanotrack_lands_on_its_stored_figures(tmp_path, regression):
    chosen = {'davis_car-shadow': 0.863, 'otb_kitesurf': 0.770, 'davis_blackswan': 0.861}
    (tmp_path / 'eval').mkdir()
    for name in chosen:
        (tmp_path / 'eval' / name).symlink_to(SHARED / 'eval' / name)
    done = regression(tmp_path / 'eval', '--trackers', 'nanotrack', '--store')
    assert done.returncode == 0, done.stderr
    table = json.loads((tmp_path / 'table.json').read_text())
    for name, stored in chosen.items():
        found = table['trackers']['nanotrack']['sequences'][name]['auc']
        assert found == pytest.approx(stored, abs=0.005)
