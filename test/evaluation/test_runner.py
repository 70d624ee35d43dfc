# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import multiprocessing
import os
import shutil
import signal
import threading
import time

import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import pool, runner
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.evaluation.experiments import EXPERIMENTS
from siam_tracker_ros.evaluation.protocols.one_pass import OnePass
from siam_tracker_ros.evaluation.protocols.realtime import RealTime
from siam_tracker_ros.evaluation.runner import evaluate
from siam_tracker_ros.evaluation.traces import read_trace
from siam_tracker_ros.evaluation.units import Unit, attempt
from siam_tracker_ros.images import require_cv2
from siam_tracker_ros.weights import resolve


@pytest.fixture
def entrants(small_weights):
    return parse_entrants([f'siamfc={small_weights}', 'mil'])


def read_all(folder):
    return {
        str(path.relative_to(folder)): read_trace(path) for path in sorted(folder.rglob('*.csv'))
    }


def assert_equal(one, other):
    """All but the times."""
    assert list(one) == list(other)
    for name in one:
        for part in ('boxes', 'scores', 'states', 'events'):
            np.testing.assert_array_equal(getattr(one[name], part), getattr(other[name], part))


@pytest.fixture
def alone(benchmark, entrants, tmp_path):
    """What one process finds, and where it is stored."""
    results = evaluate(benchmark, entrants, ['ope'], tmp_path / 'alone', repeat=2, progress=False)
    return results, tmp_path / 'alone'


def test_results_hold_all_that_was_asked_for(alone, entrants, benchmark):
    results, folder = alone
    labels = [entrant.label for entrant in entrants]
    assert list(results.trackers) == labels
    assert results.missing == {}
    [section] = results.sections
    assert [len(section.passes[label]['long']) for label in labels] == [1, 2]
    assert set(section.spreads) == {'mil'}
    # Nothing else was done meanwhile.
    assert section.analyses[-1].name == 'speed'
    assert section.summaries['mil']['success'].overall['auc'] > 0.5
    assert len(read_all(folder)) == 2 * 1 + 2 * 2
    assert results.facts['seed'] == '0'


def test_repetitions_differ_by_their_seed_and_runs_by_theirs(alone, entrants, benchmark, tmp_path):
    _, folder = alone
    mil = folder / 'one-pass' / 'mil' / 'long'
    first, second = (read_trace(mil / f'0_{index}.csv').boxes for index in range(2))
    evaluate(benchmark, entrants[1:], ['ope'], tmp_path / 'a', seed=7, progress=False)
    other = read_trace(tmp_path / 'a' / 'one-pass' / 'mil' / 'long' / '0_0.csv').boxes
    assert not np.array_equal(first, second) or not np.array_equal(first, other)
    evaluate(benchmark[:1], entrants[1:], ['ope'], tmp_path / 'b', seed=7, progress=False)
    again = read_trace(tmp_path / 'b' / 'one-pass' / 'mil' / 'long' / '0_0.csv').boxes
    np.testing.assert_array_equal(again, other)


def test_the_spread_is_that_of_the_repetitions(alone, benchmark):
    results, _ = alone
    [section] = results.sections
    figures = [
        section.analyses[0].summarise(
            benchmark, {name: [traces[k]] for name, traces in section.passes['mil'].items()}
        ).overall['auc']
        for k in range(2)
    ]
    assert section.spreads['mil']['success']['auc'] == pytest.approx(
        abs(figures[0] - figures[1]) / 2**0.5
    )


def test_stored_passes_are_not_made_again(alone, entrants, benchmark, monkeypatch):
    results, folder = alone
    before = {path: path.stat().st_mtime_ns for path in folder.rglob('*.csv')}
    monkeypatch.setattr(runner, 'attempt', None)
    again = evaluate(benchmark, entrants, ['ope'], folder, repeat=2, progress=False)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob('*.csv')} == before
    for label in results.trackers:
        for name in ('success', 'lost', 'speed'):
            mine, theirs = (r.sections[0].summaries[label][name].overall for r in (results, again))
            assert mine == pytest.approx(theirs, nan_ok=True, rel=0)


def test_damaged_and_missing_passes_are_made_again(alone, entrants, benchmark):
    _, folder = alone
    before = read_all(folder)
    lost, damaged, *_ = sorted(folder.rglob('*.csv'))
    lost.unlink()
    damaged.write_text('frame,event\n')
    evaluate(benchmark, entrants, ['ope'], folder, repeat=2, progress=False)
    assert_equal(before, read_all(folder))


def test_experiments_with_the_same_protocol_share_traces(alone, entrants, benchmark, monkeypatch):
    _, folder = alone
    monkeypatch.setattr(runner, 'attempt', None)
    results = evaluate(benchmark, entrants, ['ope', 'vot-lt'], folder, repeat=2, progress=False)
    assert [section.name for section in results.sections] == ['ope', 'vot-lt']
    assert 'f' in results.sections[1].summaries['mil']['longterm'].overall


@pytest.mark.parametrize('name', list(EXPERIMENTS))
def test_every_experiment_gives_its_headline(name, benchmark, tmp_path):
    entrants = parse_entrants(['mil'])
    results = evaluate(benchmark[1:], entrants, [name], tmp_path, progress=False)
    assert results.missing == {}
    [section] = results.sections
    for word in EXPERIMENTS[name].headline:
        analysis, measure = word.split('.')
        assert measure in section.summaries['mil'][analysis].overall


def test_threads_of_the_caller_are_as_before(entrants, benchmark, tmp_path):
    torch.set_num_threads(2)
    try:
        evaluate(benchmark[1:], entrants[1:], ['ope'], tmp_path, progress=False)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_a_tracker_that_fails_is_named_and_the_others_go_on(benchmark, tmp_path, monkeypatch):
    cv2 = require_cv2()
    monkeypatch.delattr(cv2, 'TrackerCSRT_create', raising=False)
    monkeypatch.setattr(cv2, 'TrackerKCF_create', Broken, raising=False)
    entrants = parse_entrants(['csrt', 'kcf', 'nanotrack', 'mil'], peers=tmp_path)
    results = evaluate(benchmark, entrants, ['ope'], tmp_path / 'out', progress=False)
    assert results.trackers == ('mil',)
    assert list(results.missing) == ['csrt', 'kcf', 'nanotrack']
    assert results.missing['csrt'].startswith('CSRT is not in this build of OpenCV')
    assert results.missing['kcf'].startswith('RuntimeError: no luck (init, line')
    assert results.missing['nanotrack'].startswith('nanotrack needs')


class Broken:
    def init(self, image, box):
        raise RuntimeError('no\nluck')


def test_a_pass_that_fails_leaves_the_tracker_out_until_it_is_made(
    benchmark, entrants, tmp_path
):
    damaged = tmp_path / '0.png'
    damaged.write_bytes(b'')
    images = (damaged, *benchmark[0].images[1:])
    sequences = [replace(benchmark[0], images=images), benchmark[1]]
    results = evaluate(sequences, entrants[1:], ['ope'], tmp_path / 'out', progress=False)
    assert results.trackers == ()
    assert results.missing['mil'].startswith('1 of 2 passes failed, the first one because: image')
    assert results.sections[0].summaries == {}
    damaged.write_bytes(benchmark[0].images[0].read_bytes())
    results = evaluate(sequences, entrants[1:], ['ope'], tmp_path / 'out', progress=False)
    assert results.trackers == ('mil',)


@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        ({'sequences': []}, 'there is no sequence'),
        ({'entrants': []}, 'there is no tracker'),
        ({'experiments': []}, 'there is no experiment'),
        ({'experiments': ['opa']}, "unknown experiment 'opa': expected one of ope, sre"),
        ({'experiments': ['ope', 'ope']}, "experiment 'ope' comes twice"),
        ({'repeat': 0}, 'repeat is 0: expected at least 1'),
        ({'jobs': 0}, 'jobs is 0: expected at least 1'),
    ],
)
def test_mistakes_are_one_sentence(benchmark, entrants, tmp_path, changed, sentence):
    asked = {'sequences': benchmark, 'entrants': entrants, 'experiments': ['ope'], **changed}
    with pytest.raises(UserError, match=sentence):
        evaluate(out=tmp_path / 'out', progress=False, **asked)
    assert not (tmp_path / 'out').exists()


def test_two_protocols_of_one_name_are_refused(benchmark, entrants, tmp_path):
    slow, fast = (
        replace(EXPERIMENTS['vot-realtime'], name=str(fps), protocol=RealTime(fps=fps))
        for fps in (1.0, 100.0)
    )
    with pytest.raises(UserError, match="two protocols have the name 'realtime'"):
        evaluate(benchmark, entrants, [slow, fast], tmp_path / 'out', progress=False)


def test_other_weights_in_the_same_file_are_other_results(
    benchmark, small_weights, tmp_path, monkeypatch
):
    """As of a training run that is evaluated after each epoch."""
    file = tmp_path / 'last.safetensors'
    shutil.copy(small_weights, file)
    entrants = parse_entrants([f'siamfc={file}'])
    boxes = []
    for name in ('a', 'b'):
        evaluate(benchmark[:1], entrants, ['ope'], tmp_path / name, progress=False)
        boxes.append(next(iter(read_all(tmp_path / name).values())).boxes)
        shutil.copy(resolve('siamfc', 'auto'), file)
    assert not np.array_equal(*boxes)


def test_a_machine_that_has_something_else_says_so(benchmark, small_weights):
    [ours] = parse_entrants([f'siamfc={small_weights}'])
    fingerprint = {**ours.fingerprint(), 'opencv': '4.2.0'}
    unit = Unit(ours, OnePass(), benchmark[0], fingerprint=fingerprint)
    outcome = attempt(unit, 0, lambda frames: None)
    assert outcome.trace is None
    assert f'for {ours.label}, the machine that gave the command 4.2.0' in outcome.reason


@pytest.mark.parametrize(('fresh', 'again'), [(False, ''), (True, ' without --fresh')])
def test_a_stop_says_how_much_is_stored(
    benchmark, entrants, tmp_path, monkeypatch, fresh, again
):
    made = []

    def stopped(*arguments):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(real(*arguments))
        return made[-1]

    real = runner.attempt
    monkeypatch.setattr(runner, 'attempt', stopped)
    sentence = rf'2 of 4 passes are stored in .*; the same command{again} goes on from there$'
    with pytest.raises(KeyboardInterrupt, match=sentence):
        evaluate(benchmark, entrants, ['ope'], tmp_path, fresh=fresh, progress=False)
    assert len(read_all(tmp_path)) == 2


def test_work_that_never_began_leaves_the_times_worth_a_summary(benchmark, tmp_path, monkeypatch):
    def refused(units, seed, bar, jobs):
        raise UserError('no cluster')

    monkeypatch.setattr(runner, 'work_in_processes', refused)
    entrants = parse_entrants(['mil'])
    with pytest.raises(UserError, match='no cluster'):
        evaluate(benchmark, entrants, ['ope'], tmp_path, jobs=2, progress=False)
    results = evaluate(benchmark, entrants, ['ope'], tmp_path, progress=False)
    assert results.sections[0].analyses[-1].name == 'speed'


class Greedy:
    def init(self, image, box):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate 20.00 MiB')


def test_memory_that_runs_out_is_one_sentence(benchmark, tmp_path, monkeypatch):
    monkeypatch.setattr(require_cv2(), 'TrackerKCF_create', Greedy, raising=False)
    entrants = parse_entrants(['kcf'], device='cuda')
    results = evaluate(benchmark, entrants, ['ope'], tmp_path, progress=False)
    assert results.missing['kcf'].startswith('the memory of device cpu is too small')


def test_what_depends_on_times_is_made_after_the_rest_by_one_process(
    benchmark, entrants, tmp_path, monkeypatch
):
    calls = []

    def crew(units, seed, bar, jobs):
        calls.append(({unit.protocol.name for unit in units}, jobs))
        return runner.work_alone(units, seed, bar)

    monkeypatch.setattr(runner, 'work_in_processes', crew)
    results = evaluate(
        benchmark[1:], entrants[1:], ['vot-realtime', 'ope'], tmp_path, jobs=3, progress=False
    )
    assert calls == [({'one-pass'}, 3)]
    speeds = [section.analyses[-1].name == 'speed' for section in results.sections]
    assert speeds == [True, False]


def test_the_longest_sequences_of_a_tracker_come_first(benchmark, entrants):
    unsigned = {entrant: {} for entrant in entrants}
    units = runner._plan(benchmark[::-1], unsigned, [EXPERIMENTS['tre']], 2)
    keys = [unit.key for unit in units]
    assert len(set(keys)) == len(keys)
    assert [key.tracker for key in keys] == sorted(
        (key.tracker for key in keys), key=[e.label for e in entrants].index
    )
    for entrant in entrants:
        mine = [unit.frames for unit in units if unit.entrant is entrant]
        assert mine == sorted(mine, reverse=True)


@pytest.mark.slow
def test_two_processes_find_what_one_does(alone, benchmark, entrants, tmp_path):
    _, folder = alone
    results = evaluate(
        benchmark, entrants, ['ope'], tmp_path / 'two', repeat=2, jobs=2, progress=False
    )
    assert_equal(read_all(folder), read_all(tmp_path / 'two'))
    # Their times are worth nothing, now and when they are read again.
    assert 'speed' not in [analysis.name for analysis in results.sections[0].analyses]
    again = evaluate(benchmark, entrants, ['ope'], tmp_path / 'two', repeat=2, progress=False)
    assert 'speed' not in [analysis.name for analysis in again.sections[0].analyses]


class Ear:
    """Stands in for the bar."""

    def __init__(self):
        self.notes = []

    def hear(self, unit, frames):
        assert 0 < frames <= unit.frames

    def note(self, text):
        self.notes.append(text)


def killer(count):
    """Kill so many workers, one after the other, as soon as each is there."""
    killed = set()

    def work():
        while len(killed) < count:
            for process in multiprocessing.active_children():
                if process.pid not in killed and len(killed) < count:
                    killed.add(process.pid)
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_time(benchmark):
    [mil] = parse_entrants(['mil'])
    units = [Unit(mil, OnePass(), sequence) for sequence in benchmark]
    ear = Ear()
    thread = killer(1)
    found = {u.key: outcome for u, outcome in pool.work_in_processes(units, 0, ear, 1)}
    thread.join()
    assert [outcome.reason for outcome in found.values()] == ['', '']
    assert [len(found[unit.key].trace) for unit in units] == [6, 4]
    [note] = ear.notes
    assert 'mil on long' in note
    assert note.endswith('its process died (killed, as the system does where the memory is full); '
                         'trying once more')  # fmt: skip


@pytest.mark.slow
def test_a_unit_that_kills_its_workers_is_given_up_and_the_rest_goes_on(benchmark):
    [mil] = parse_entrants(['mil'])
    units = [Unit(mil, OnePass(), sequence) for sequence in benchmark]
    thread = killer(2)
    found = [(u.key, o) for u, o in pool.work_in_processes(units, 0, Ear(), 1)]
    thread.join()
    (first, lost), (second, kept) = found
    assert (first, second) == (units[0].key, units[1].key)
    assert lost.trace is None
    assert lost.reason.startswith('mil on long')
    assert lost.reason.endswith('memory is full) 2 times')
    assert len(kept.trace) == 4
    assert multiprocessing.active_children() == []
