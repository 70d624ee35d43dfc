# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import json
import math
import mmap

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import cost
from siam_tracker_ros.evaluation.cost import MEASURES, measure_costs
from siam_tracker_ros.evaluation.cost_process import resident_mib
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.stages import STAGES

TIMES = {'fps', 'p50', 'p95', 'p99', 'start', 'start_up', 'memory'}


@pytest.mark.slow
def test_ours_and_a_peer_are_measured_once(benchmark, small_weights, tmp_path):
    ours, peer = parse_entrants([f'siamfc={small_weights}', 'mil'])
    costs = measure_costs([ours, peer], benchmark, tmp_path, threads=1, progress=False)
    split = {'upload', 'crop', 'network', 'post-processing'}
    assert set(costs[ours.label]) == TIMES | split
    assert set(costs['mil']) == TIMES
    assert {name for row in costs.values() for name in row} <= {m.name for m in MEASURES}
    for row in costs.values():
        assert all(math.isfinite(value) and value > 0 for value in row.values())
        assert row['p50'] <= row['p95'] <= row['p99']
        assert row['fps'] == pytest.approx(1000 / row['p50'])
    # Torch alone is more than this; the peer needs none of it.
    assert costs[ours.label]['memory'] > 50
    assert costs[ours.label]['start_up'] > costs['mil']['start_up']
    again = measure_costs([ours, peer], benchmark, tmp_path, threads=1, progress=False)
    assert again == costs


@pytest.fixture
def measured(monkeypatch):
    """What would be measured: the entrants, the sequences and the numbers of images."""
    asked = []

    def measure(entrant, sequence, count):
        asked.append((entrant, sequence.name, count))
        return {'fps': float(len(asked))}

    monkeypatch.setattr(cost, '_measure', measure)
    return asked


def test_what_is_stored_counts_only_for_the_same(measured, benchmark, tmp_path):
    mil = parse_entrants(['mil'])
    plain = {'threads': 1, 'progress': False}

    def fps(sequences=benchmark, **changed):
        return measure_costs(mil, sequences, tmp_path, **{**plain, **changed})['mil']['fps']

    assert [fps(), fps()] == [1, 1]
    assert measured[0][1:] == ('long', 6)
    assert [fps(threads=2), fps(threads=2)] == [2, 2]
    assert fps(threads=2, frames=3) == 3
    assert measured[-1][1:] == ('long', 3)
    assert fps(sequences=benchmark[1:]) == 4
    assert fps(sequences=benchmark[1:], fresh=True) == 5
    [file] = tmp_path.rglob('mil.json')
    for text in ('', '[]', '{"made_with": 1}'):
        file.write_text(text)
        count = len(measured)
        assert fps() == count + 1


def test_without_a_folder_nothing_is_stored(measured, benchmark):
    mil = parse_entrants(['mil'])
    costs = [measure_costs(mil, benchmark, progress=False)['mil']['fps'] for _ in range(2)]
    assert costs == [1, 2]


def test_the_machine_belongs_to_the_figures(measured, benchmark, tmp_path):
    measure_costs(parse_entrants(['mil']), benchmark, tmp_path, progress=False)
    made_with = json.loads((tmp_path / 'cost' / 'mil.json').read_text())['made_with']
    assert {'cpu', 'gpu', 'torch', 'opencv'} <= set(made_with['machine'])


def test_one_image_is_too_few(benchmark):
    one = replace(benchmark[0], images=benchmark[0].images[:1], boxes=benchmark[0].boxes[:1])
    with pytest.raises(UserError, match='measured over 1 image'):
        measure_costs(parse_entrants(['mil']), [one], progress=False)


@pytest.mark.slow
def test_a_tracker_that_does_not_run_is_one_sentence(benchmark, tmp_path):
    image = tmp_path / 'image.png'
    image.write_bytes(b'')
    bad = replace(benchmark[0], images=(image, *benchmark[0].images[1:]))
    with pytest.raises(UserError) as caught:
        measure_costs(parse_entrants(['mil']), [bad], progress=False)
    assert str(caught.value).startswith('the cost of mil cannot be measured: image')
    assert 'is not a readable image' in str(caught.value)


def test_one_that_cannot_be_measured_does_not_stop_the_others(benchmark, monkeypatch, tmp_path):
    def measure(entrant, sequence, count):
        if entrant.label == 'kcf':
            raise UserError('the cost of kcf cannot be measured: no luck')
        return {'fps': 1.0}

    monkeypatch.setattr(cost, '_measure', measure)
    failures = {}
    costs = measure_costs(
        parse_entrants(['kcf', 'mil']), benchmark, tmp_path, progress=False, failures=failures
    )
    assert costs == {'mil': {'fps': 1.0}}
    assert failures == {'kcf': 'the cost of kcf cannot be measured: no luck'}


@pytest.mark.slow
def test_what_lies_in_the_folder_of_the_command_is_not_imported(benchmark, monkeypatch, tmp_path):
    (tmp_path / 'tqdm.py').write_text('raise RuntimeError("mine")')
    monkeypatch.chdir(tmp_path)
    costs = measure_costs(parse_entrants(['mil']), benchmark, threads=1, progress=False)
    assert costs['mil']['fps'] > 0


def test_memory_is_that_of_this_process():
    peak, now = resident_mib('VmHWM'), resident_mib('VmRSS')
    assert peak >= now > 10
    # New pages: a large object may lie where an older one was, which stays resident.
    grown = mmap.mmap(-1, 64 << 20)
    for page in range(0, len(grown), mmap.PAGESIZE):
        grown[page] = 1
    assert resident_mib('VmRSS') > now + 50


def test_every_stage_has_a_measure():
    assert set(STAGES) <= {measure.name for measure in MEASURES}
