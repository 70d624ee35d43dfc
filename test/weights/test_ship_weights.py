# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The script that puts a checkpoint into the package."""

import importlib.util
import json
from pathlib import Path

import pytest

from siam_tracker_ros.errors import UserError

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'ship_weights.py'
RUN = {'date': 'today', 'cpu': '2 x fast'}


@pytest.fixture
def script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location('ship_weights', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path / 'weights'
    folder.mkdir()
    monkeypatch.setattr(module, 'FOLDER', folder)
    return module


def table(tmp_path, **aucs):
    rows = {label.replace('_', '='): {'mean': {'auc': auc}} for label, auc in aucs.items()}
    file = tmp_path / 'table.json'
    file.write_text(json.dumps({'run': RUN, 'trackers': rows}))
    return file


def test_a_card_names_no_folder(script):
    card = {'backbone': 'siamfc', 'semantic': {'backbone': '/home/me/classes.pth', 'shots': 3}}
    assert script.portable(card) == {
        'backbone': 'siamfc', 'semantic': {'backbone': 'classes.pth', 'shots': 3},
    }  # fmt: skip


def test_a_row_that_was_kept_has_its_own_run(script, tmp_path):
    scores = table(tmp_path, siamfc=0.5)
    report = json.loads(scores.read_text())
    report['trackers']['siamfc']['run'] = {'date': 'yesterday'}
    scores.write_text(json.dumps(report))
    assert script._mean_scores('siamfc', scores) == {'auc': 0.5, 'date': 'yesterday'}


@pytest.mark.parametrize('label', ['siamfc', 'siamfc_new'])
def test_the_row_of_the_checkpoint_is_found(script, tmp_path, label):
    scores = table(tmp_path, mil=0.3, **{label: 0.5})
    assert script._mean_scores('siamfc', scores) == {'auc': 0.5, **RUN}


@pytest.mark.parametrize(
    ('aucs', 'sentence'),
    [
        ({'mil': 0.3}, 'has 0 rows of siamfc: expected one'),
        ({'siamfc': 0.5, 'siamfc_new': 0.6}, 'has 2 rows of siamfc: expected one'),
        (None, 'is no table of benchmarks/regression.py (KeyError)'),
    ],
)
def test_with_scores_of_another_one_nothing_is_written(
    script, tmp_path, small_weights, aucs, sentence
):
    scores = tmp_path / 'table.json'
    if aucs is None:
        scores.write_text('{}')
    else:
        table(tmp_path, **aucs)
    with pytest.raises(UserError) as caught:
        script.ship(small_weights, 'noise', 'none', None, scores)
    assert sentence in str(caught.value)
    assert list(script.FOLDER.iterdir()) == []
