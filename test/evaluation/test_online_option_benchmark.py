# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The script that says what a borrowed classifier is worth, as a user runs it."""

import json

import pytest


@pytest.fixture
def script():
    # Beside the tests' configuration, which says where the scripts are.
    import online_option

    return online_option


def test_each_tracker_follows_without_the_classifier_and_with_it(
    script, benchmark_folder, tmp_path, capsys
):
    table = tmp_path / 'online_option.json'
    words = [
        str(benchmark_folder), '--out', str(tmp_path / 'out'), '--trackers', 'dsiam', '--jobs',
        '1', '--table', str(table),
    ]  # fmt: skip
    assert script.main(words) == 0, capsys.readouterr().err
    found = json.loads(table.read_text())
    assert found['sequences'] == {'long': 6, 'short': 4}
    printed = capsys.readouterr().out
    for word, row in found['trackers']['dsiam'].items():
        assert 0 < row['auc'] <= 1
        assert f'| dsiam | {word} | {row["auc"]:.3f} |' in printed
    manifests = {path.parent.name: path for path in (tmp_path / 'out').rglob('manifest.json')}
    settings = {
        name: json.loads(path.read_text())['made_with']['settings']
        for name, path in manifests.items()
    }
    assert settings == {'dsiam': {'online': False}, 'dsiam online': {'online': True}}


@pytest.mark.parametrize('name', ['siamfc', 'csn', 'nothing'])
def test_a_tracker_without_the_option_is_one_sentence(
    script, benchmark_folder, tmp_path, capsys, name
):
    words = [str(benchmark_folder), '--out', str(tmp_path / 'out'), '--trackers', name]
    assert script.main([*words, '--table', str(tmp_path / 't.json')]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f'online_option: {name} has no setting online: give some of ')
    assert error.count('\n') == 1
