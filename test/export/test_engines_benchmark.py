# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The script that compares a step of both backends, as a user runs it."""

import json

import pytest

from siam_tracker_ros import trackers


@pytest.fixture
def script():
    # Beside the tests' configuration, which says where the scripts are.
    import engines

    return engines


@pytest.fixture
def run(script, small, tmp_path, monkeypatch):
    _, checkpoint = small('siamfc')

    def create(name, device, backend):
        # Without ONNX Runtime: the other backend's part is torch's as well.
        return made[backend]

    made = {b: trackers.create('siamfc', checkpoint.source, 'cpu') for b in script.BACKENDS}
    monkeypatch.setattr(script.trackers, 'create', create)
    table = tmp_path / 'engines.json'
    words = ['--trackers', 'siamfc', '--frames', '4', '--threads', '1', '--table', str(table)]
    return made, table, lambda: script.main(words)


def test_both_are_timed_and_compared(run, capsys):
    _, table, main = run
    assert main() == 0
    row = json.loads(table.read_text())['trackers']['siamfc']
    assert row['apart'] == 0.0
    assert row['torch']['p95'] >= row['torch']['p50'] > 0
    assert row['ratio'] == pytest.approx(row['torch']['p50'] / row['onnxruntime']['p50'])
    assert '| siamfc |' in capsys.readouterr().out


def test_backends_that_disagree_are_not_timed(run, capsys):
    made, table, main = run
    made['onnxruntime'] = made['torch'].with_settings(
        made['torch'].settings.replaced(scale_rate=0.0, window_influence=0.9)
    )
    assert main() == 2
    assert 'the boxes of the two backends differ by' in capsys.readouterr().err
    assert not table.exists()
