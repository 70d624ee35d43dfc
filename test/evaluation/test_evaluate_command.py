# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker evaluate`` as a user runs it."""

import contextlib
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from siam_tracker_ros.cli import main
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.cost import FOLDER as COST
from siam_tracker_ros.evaluation.machine import usable_cores
from siam_tracker_ros.evaluation.traces import read_trace

QUICK = ('--no-cost', '--no-report')


@pytest.fixture
def words(benchmark_folder, tmp_path):
    """The command up to its options."""
    return ('evaluate', str(benchmark_folder), '--out', str(tmp_path / 'out'))


def table(text):
    return [line for line in text.splitlines() if line.startswith('|')]


def test_the_same_command_again_prints_the_same_table(words, small_weights, tmp_path, capsys):
    more = ('--trackers', f'siamfc={small_weights},mil', '--set', 'scales=1', '--repeat', '2')
    assert main([*words, *more, *QUICK]) == 0
    first = capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').rglob('*.csv')}
    assert main([*words, *more, *QUICK]) == 0
    assert table(capsys.readouterr().out) == table(first)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / 'out').rglob('*.csv')} == before
    assert len(before) == 2 + 4
    assert table(first)[0] == '| tracker | AUC | P20 | AO | AUROC | fps | p99 (ms) |'
    assert first.startswith(f'dataset {Path(words[1]).name}, date ')
    assert 'opencv ' in first
    found = json.loads((tmp_path / 'out' / 'results.json').read_text())
    assert found['dataset'] == Path(words[1]).name
    assert found['sequences'] == {'long': 6, 'short': 4}
    auc = found['experiments']['ope']['trackers']['mil']['success']['overall']['auc']
    assert f'| mil | {auc:.3f} ± ' in first


def test_a_part_that_is_missing_is_told_and_is_no_success(words, tmp_path, capsys):
    more = ('--trackers', 'nanotrack,mil', '--peers', str(tmp_path), '--sequences', 'short')
    assert main([*words, *more, *QUICK]) == 1
    out = capsys.readouterr().out
    assert 'nanotrack is not or not wholly in the table: nanotrack needs' in out
    assert [line.split()[1] for line in table(out)[2:]] == ['mil']
    assert [path.parent.name for path in (tmp_path / 'out').rglob('*.csv')] == ['short']


@pytest.mark.slow
def test_cost_submission_and_report(words, tmp_path, capsys):
    pytest.importorskip('matplotlib', reason='reports need matplotlib')
    pytest.importorskip('jinja2', reason='reports need jinja2')
    assert main([*words, '--trackers', 'mil', '--submit', 'got10k']) == 0
    out = capsys.readouterr().out
    folder = tmp_path / 'out'
    assert json.loads((folder / COST / 'mil.json').read_text())['figures']['fps'] > 0
    assert f'mil for got10k: {folder / "submissions" / "got10k" / "mil.zip"}' in out
    assert (folder / 'submissions' / 'got10k' / 'mil.zip').is_file()
    assert 'the server of got10k wants all sequences of got10k-test: it will not take these' in out
    assert f'report: {folder / "report" / "index.html"}' in out
    assert 'mil' in (folder / 'report' / 'index.html').read_text()


@pytest.mark.parametrize(
    ('more', 'sentence'),
    [
        (('--trackers', 'sift'), "unknown tracker 'sift'"),
        (('--trackers', ','), '--trackers names nothing'),
        (('--experiments', ','), '--experiments names nothing'),
        (('--sequences', ','), '--sequences names nothing'),
        (('--ray', 'local', '--device', 'cuda:1'), 'expected cuda'),
        (('--ray', 'auto', '--jobs', '2'), '--jobs is the number of processes of --ray local'),
        (('--device', 'abacus', '--ray', 'local'), "'abacus'"),
        (('--trackers', 'siamfc=no.safetensors'), 'there is no such file'),
        (('--trackers', 'nanotrack'), 'no tracker could be evaluated; nanotrack: nanotrack needs'),
        (('--dataset', 'mine'), "unknown dataset 'mine'"),
        (('--dataset', 'otb50'), 'expected'),
        (('--sequences', 'none'), "has no sequence 'none': expected some of long, short"),
        (('--experiments', 'opa'), "unknown experiment 'opa'"),
        (('--jobs', '0'), 'jobs is 0: expected at least 1'),
        (('--jobs', '4096'), '4096 processes of 1 thread(s) are more than'),
        (('--threads', '0'), '--threads is 0: expected at least 1'),
        (('--repeat', '0'), 'repeat is 0: expected at least 1'),
        (('--seed', 'x'), "invalid int value: 'x'"),
        (('--device', 'tpu'), "unknown device 'tpu'"),
        (('--device', 'cuda:99'), "device 'cuda:99' is not here"),
        (('--precision', 'float16', '--device', 'cpu'), 'float16 needs a CUDA device'),
        (('--set', 'scales=99', '--trackers', 'siamfc'), 'scales is 99: expected'),
        (('--set', 'scales=1'), "'scales=1' is a setting of our own trackers"),
        (('--submit', 'zip'), "unknown format 'zip'"),
        (('--submit', 'vot'), 'takes results of experiment vot or vot2015'),
        (('--videos',), '--videos are for the report: leave out --no-report'),
    ],
)
def test_mistakes_are_one_sentence(words, more, sentence, capsys):
    assert main([*words, *QUICK, '--trackers', 'mil', *more]) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err.startswith('siam-tracker: ')
    assert captured.err.count('\n') == 1
    assert sentence in captured.err


def test_results_of_other_settings_are_not_mixed_in(words, tmp_path, capsys):
    assert main([*words, *QUICK, '--trackers', 'mil']) == 0
    assert main([*words, *QUICK, '--trackers', 'mil', '--seed', '1']) == 2
    assert 'were made with seed 0, this run has 1' in capsys.readouterr().err
    assert main([*words, *QUICK, '--trackers', 'mil', '--seed', '1', '--fresh']) == 0


def test_a_report_that_cannot_be_made_is_told_at_once(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        'siam_tracker_ros.evaluation.reporting.util.find_spec',
        lambda name: name != 'jinja2' or None,
    )
    assert main([*words, '--trackers', 'mil']) == 2
    assert 'the report needs jinja2' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def started(words, *more):
    """The command in a process of its own."""
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        [sys.executable, '-m', 'siam_tracker_ros.cli', *words, *more, *QUICK],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def wait_for_traces(folder, count, process):
    """Wait until so many passes are stored."""
    while len(list(folder.rglob('*.csv'))) < count:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)


def wait_for_the_end(group, seconds=30):
    """Wait until no process of a group runs any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        states = []
        for file in Path('/proc').glob('[0-9]*/stat'):
            # One may end while it is looked at.
            with contextlib.suppress(OSError):
                state, _, its_group, *_ = file.read_text().rpartition(')')[2].split()
                states += [state] if int(its_group) == group else []
        if set(states) <= {'Z'}:
            return
        time.sleep(0.1)
    raise AssertionError(f'processes are left over: {states}')


MANY = ('--trackers', 'mil', '--repeat', '12')
PASSES = 24
TWO_CORES = pytest.mark.skipif(usable_cores() < 2, reason='two processes need two cores')
JOBS = pytest.mark.parametrize('jobs', ['1', pytest.param('2', marks=TWO_CORES)])


@pytest.mark.slow
@pytest.mark.timeout(300)
@JOBS
def test_a_killed_run_goes_on_with_nothing_lost_or_counted_twice(words, tmp_path, jobs, capsys):
    whole = [*words[:-1], str(tmp_path / 'whole'), *MANY, *QUICK]
    assert main(whole) == 0
    expected = table(capsys.readouterr().out)
    process = started(words, *MANY, '--jobs', jobs)
    wait_for_traces(tmp_path / 'out', 4, process)
    process.kill()
    process.wait()
    # Those that worked for it find that it is gone.
    wait_for_the_end(process.pid)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').rglob('*.csv')}
    assert 4 <= len(kept) < PASSES
    assert main([*words, *MANY, *QUICK]) == 0
    # The rest of the columns are times.
    found = [row.split('|')[:6] for row in table(capsys.readouterr().out)]
    assert found == [row.split('|')[:6] for row in expected]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    files, others = (
        sorted(path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob('*.csv'))
        for name in ('whole', 'out')
    )
    assert files == others
    assert len(files) == PASSES
    for file in files:
        one, other = (read_trace(tmp_path / name / file) for name in ('whole', 'out'))
        np.testing.assert_array_equal(one.boxes, other.boxes)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_end_of_a_job_leaves_nobody_behind(words, tmp_path):
    process = started(words, *MANY)
    wait_for_traces(tmp_path / 'out', 3, process)
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, '')
    assert err.endswith('the same command goes on from there\n')
    wait_for_the_end(process.pid)


def test_a_cost_that_cannot_be_measured_is_told_below_the_table(words, monkeypatch, capsys):
    def fail(entrant, sequence, count):
        raise UserError('the cost of mil cannot be measured: no luck')

    monkeypatch.setattr('siam_tracker_ros.evaluation.cost._measure', fail)
    assert main([*words, '--trackers', 'mil', '--no-report']) == 1
    out = capsys.readouterr().out
    assert '| mil |' in out
    assert 'mil is not or not wholly in the table: the cost of mil cannot be measured' in out


@pytest.mark.slow
@pytest.mark.timeout(300)
@JOBS
def test_ctrl_c_says_how_to_go_on(words, tmp_path, jobs):
    process = started(words, *MANY, '--jobs', jobs)
    wait_for_traces(tmp_path / 'out', 3, process)
    # As a terminal does: to the command and to all that it has started.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ''
    assert err.startswith('stopped: ')
    assert err.endswith('the same command goes on from there\n')
    assert err.count('\n') == 1
    stored = len(list((tmp_path / 'out').rglob('*.csv')))
    assert f'{stored} of {PASSES} passes are stored' in err
