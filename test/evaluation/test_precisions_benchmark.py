# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The script that compares number formats, as a user runs it."""

import json

import numpy as np
import pytest

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.rendering import RenderedFrame


@pytest.fixture
def script(monkeypatch, texture):
    # Beside the tests' configuration, which says where the scripts are.
    import precisions

    ground = texture(240, 340)
    images = [np.ascontiguousarray(ground[:, 2 * k : 2 * k + 320]) for k in range(4)]
    clip = [RenderedFrame(image, Box(150, 100, 40, 30), 1) for image in images]
    monkeypatch.setattr(precisions, 'Clip', lambda count: clip[:count])
    return precisions


def test_both_formats_are_followed_with_and_timed(script, benchmark_folder, tmp_path, capsys):
    table = tmp_path / 'precisions.json'
    words = [
        str(benchmark_folder), '--out', str(tmp_path / 'out'), '--trackers', 'siamfc',
        '--frames', '4', '--threads', '1', '--jobs', '1', '--table', str(table),
    ]  # fmt: skip
    assert script.main(words) == 0, capsys.readouterr().err
    found = json.loads(table.read_text())
    assert found['sequences'] == {'long': 6, 'short': 4}
    row = found['trackers']['siamfc']
    assert row['ratio'] == pytest.approx(row['float32']['p50'] / row['bfloat16']['p50'])
    # The same weights follow the same targets, of the same scores but for rounding.
    assert 0 < row['float32']['auc'] <= 1
    assert row['bfloat16']['auc'] == pytest.approx(row['float32']['auc'], abs=0.1)
    assert len(list((tmp_path / 'out').rglob('*.csv'))) == 4
    assert f'| siamfc | {row["float32"]["auc"]:.3f} |' in capsys.readouterr().out


def test_a_folder_without_sequences_is_one_sentence(script, tmp_path, capsys):
    words = [str(tmp_path / 'none'), '--out', str(tmp_path), '--table', str(tmp_path / 't.json')]
    assert script.main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith('precisions: ')
    assert error.count('\n') == 1
