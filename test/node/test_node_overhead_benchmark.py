# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The script that measures what the node adds to the tracker; its processes it runs itself."""

import json
from types import SimpleNamespace

import pytest


@pytest.fixture
def script():
    # Beside the tests' configuration, which says where the scripts are.
    import node_overhead

    return node_overhead


def status(second, latency, step):
    header = SimpleNamespace(stamp=SimpleNamespace(sec=10, nanosec=round(1e9 * second)))
    return SimpleNamespace(header=header, latency_seconds=latency, step_seconds=step)


def test_the_rest_of_an_age_is_what_the_step_leaves(script):
    # Of four images of 30 Hz the third one was dropped.
    found = script.summarise(
        [status(0.0, 0.03, 0.02), status(1 / 30, 0.05, 0.02), status(0.1, 0.04, 0.02)], 30.0, 0.5
    )
    assert found['share'] == pytest.approx(3 / 4)
    assert found['latency_p50'] == pytest.approx(40)
    assert found['step_p50'] == pytest.approx(20)
    assert found['rest_p50'] == pytest.approx(20)
    assert found['rest_p95'] == pytest.approx(29)
    assert found['decode_p50'] == 0.5


def test_each_condition_is_measured_printed_and_kept(script, tmp_path, monkeypatch, capsys):
    seen = []

    def measured(condition, args):
        seen.append((condition, args.tracker, args.seconds))
        answers = [status(0.0, 0.03, 0.02), status(1 / args.rate, 0.03, 0.02)]
        return script.summarise(answers, args.rate, 0.5)

    monkeypatch.setattr(script, 'measure', measured)
    table = tmp_path / 't.json'
    assert script.main(['--tracker', 'siamfc', '--seconds', '2', '--table', str(table)]) == 0
    rows = json.loads(table.read_text())['rows']
    assert [(c.width, c.height, c.profile, c.debug) for c, _, _ in seen] == [
        (row['width'], row['height'], row['profile'], row['debug']) for row in rows
    ]
    assert {(tracker, seconds) for _, tracker, seconds in seen} == {('siamfc', 2.0)}
    assert {(row['width'], row['height']) for row in rows} == set(script.SIZES)
    printed = capsys.readouterr().out
    assert '| 1280 x 720, with the profile, debug images subscribed | 1.00 | 30.0 |' in printed


def test_the_box_lies_where_the_enlarged_image_has_it(script):
    box = script.first_box(script.Condition(640, 480, False, False))
    twice = script.first_box(script.Condition(1280, 960, False, False))
    assert twice == pytest.approx([2 * value for value in box])


@pytest.mark.parametrize('name', ['seconds', 'rate'])
def test_too_few_images_are_refused(script, tmp_path, capsys, name):
    assert script.main([f'--{name}', '0.5', '--table', str(tmp_path / 't.json')]) == 2
    assert capsys.readouterr().err == f'node_overhead: --{name} is 0.5: expected at least 1\n'


@pytest.mark.parametrize('word', ['640', '640x', 'x480', '640x480x3', 'wide', '80x480'])
def test_a_size_that_is_none_is_refused(script, capsys, word):
    with pytest.raises(SystemExit) as refusal:
        script.parse_arguments(['--size', word])
    assert refusal.value.code == 2
    assert f"argument --size: '{word}': expected width and height" in capsys.readouterr().err
