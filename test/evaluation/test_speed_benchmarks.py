# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The scripts that measure where the time of a frame goes, and what more targets cost."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.rendering import RenderedFrame
from siam_tracker_ros.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]
CPU = torch.device('cpu')


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / 'benchmarks' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=['speed', 'target_counts'])
def script(request, monkeypatch, small_weights, texture):
    """Each of them, with a small clip and a small siamfc."""
    script, ground, create = load(request.param), texture(480, 660), trackers.create
    if request.param == 'speed':
        little(script, monkeypatch)
    images = [np.ascontiguousarray(ground[:, 2 * k : 2 * k + 640]) for k in range(9)]
    clip = [RenderedFrame(image, Box(300, 200, 40, 30), 1) for image in images]
    monkeypatch.setattr(script, 'Clip', lambda count: clip[:count])

    def small(name, device, overrides=None):
        return create(name, str(small_weights), device, overrides=overrides)

    monkeypatch.setattr(script.trackers, 'create', small)
    return script


@pytest.fixture
def speed(monkeypatch):
    """The script that measures stages, with a small matrix and little memory."""
    script = load('speed')
    little(script, monkeypatch)
    return script


def little(script, monkeypatch):
    """Make what the machine has to do small."""
    monkeypatch.setattr(script, 'SIDE', 64)
    monkeypatch.setattr(script, 'COPIED', 1 << 12)


def words(script, tmp_path, *more):
    found = ['--table', str(tmp_path / 't.json'), '--trackers', 'siamfc', '--device', 'cpu']
    if script.__name__ == 'target_counts':
        found += ['--plot', str(tmp_path / 't.svg'), '--counts', '1', '2']
    return [*found, *more]


def test_figures_are_printed_and_kept(script, tmp_path, capsys):
    assert script.main(words(script, tmp_path, '--frames', '5')) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    table = json.loads((tmp_path / 't.json').read_text())
    assert (table['run']['device'], table['run']['frames']) == ('cpu', '5')
    rows = table['trackers']['siamfc']
    if script.__name__ == 'speed':
        rows = {'1': rows}
    for row in rows.values():
        assert 0 < row['p50'] <= row['p95']
        assert f'{row["p50"]:.1f}' in printed


@pytest.mark.parametrize('frames', ['1', '0'])
def test_too_few_frames_are_one_sentence(script, tmp_path, frames, capsys):
    assert script.main(words(script, tmp_path, '--frames', frames)) == 2
    error = capsys.readouterr().err
    assert f'--frames is {frames}: expected at least' in error
    assert error.count('\n') == 1


# Stages


class Multiplier:
    """A tracker whose step is one product of matrices."""

    device = CPU

    def __init__(self):
        self.network = torch.nn.Linear(8, 4, bias=False)

    def start(self, frame, box):
        return SimpleNamespace(box=box)

    def step(self, frame, targets):
        self.network(torch.ones(3, 8))
        return [SimpleNamespace(box=targets[0].box, score=1.0, state=None)]


def test_a_floor_counts_sums_and_weights(speed):
    clip = [RenderedFrame(np.zeros((8, 8, 3), np.uint8), Box(4, 4, 4, 4), 1)] * 4
    sums, weights = speed.work(Multiplier(), clip)
    # A multiplication and an addition for each weight and row.
    assert (sums, weights) == (2 * 3 * 8 * 4, 4 * 8 * 4)


def test_rates_are_those_of_the_fastest_call(speed, monkeypatch):
    clock = iter([0.0, 4.0, 10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr(speed.time, 'perf_counter', lambda: next(clock))
    monkeypatch.setattr(speed, 'REPEATS', 3)
    assert speed.matrix_rate(CPU) == 2 * 64**3 / 2.0


def test_stages_are_means_over_the_steps(speed, monkeypatch):
    # The one clock of the module `time`: both the script's and that of stages.
    clock = iter(range(100))
    monkeypatch.setattr(speed.time, 'perf_counter', lambda: float(next(clock)))
    clip = [RenderedFrame(np.zeros((8, 8, 3), np.uint8), Box(4, 4, 4, 4), 1)] * 5
    steps, stages = speed.both_times(Multiplier(), clip)
    assert steps == [1.0] * (4 - speed.WARM)
    assert set(stages) == set(STAGES)
    assert stages['upload'] == 1.0
    assert stages['network'] == 0.0


def test_a_ratio_is_that_of_the_median(speed):
    row = speed.figures([0.010, 0.012, 0.030], {'crop': 0.001}, 0.004)
    assert row['p50'] == pytest.approx(12.0)
    assert row['crop'] == pytest.approx(1.0)
    assert row['ratio'] == pytest.approx(3.0)


# Numbers of targets


@pytest.fixture(scope='module')
def counts():
    return load('target_counts')


@pytest.mark.parametrize('count', [1, 8, 9, 64])
def test_targets_lie_apart_and_in_the_image(counts, count):
    boxes = counts.places(count)
    assert len(boxes) == count
    image = Box.from_ltwh(0, 0, 640, 480)
    assert all(image.intersection(box) == pytest.approx(box.area) for box in boxes)
    assert all(a.intersection(b) == 0 for a in boxes for b in boxes if a is not b)


@pytest.mark.parametrize('numbers', [['2', '4'], ['1', '4', '2'], ['1', '1'], ['1', '65']])
def test_numbers_of_targets_that_cannot_be_compared_are_refused(
    counts, numbers, tmp_path, capsys
):
    given = words(counts, tmp_path, '--counts', *numbers)
    assert counts.main(given) == 2
    error = capsys.readouterr().err
    assert f'--counts is {" ".join(numbers)}: expected rising numbers from 1 to 64' in error


def test_all_numbers_of_targets_take_turns_from_where_they_were_placed(counts):
    calls = []

    class Counted:
        def start(self, frame, box):
            return SimpleNamespace(box=box)

        def step(self, frame, targets):
            calls.append((frame, len(targets), targets[0].box))
            # As a tracker that drifts.
            for target in targets:
                target.box = Box(1, 1, 4, 4)
            return []

    steps = {n: counts.Group(Counted(), None, n).step for n in (1, 2)}
    seconds = counts.in_turns(steps, list(range(8)))
    turns = [(1, 0), (2, 0), (2, 4), (1, 4)]
    expected = [(first + k, n) for n, first in turns for k in range(4)]
    assert [call[:2] for call in calls[-16:]] == expected
    assert all(box == counts.places(n)[0] for _, n, box in calls)
    assert {n: len(times) for n, times in seconds.items()} == {1: 8, 2: 8}


def test_costs_are_times_that_of_one_target(counts):
    found = counts.figures({'1': [0.02] * 3, '4': [0.05] * 3})
    assert found['1']['ratio'] == 1.0
    assert found['4']['ratio'] == pytest.approx(2.5)
    assert found['4']['p50'] == pytest.approx(50.0)
