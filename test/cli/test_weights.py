# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json

import pytest

from siam_tracker_ros.cli import main
from siam_tracker_ros.weights import registry


@pytest.fixture
def shipped(tmp_path, monkeypatch, checkpoint):
    """A registry of one entry, whose file may be damaged afterwards."""
    file = tmp_path / 'small.safetensors'
    file.write_bytes(checkpoint.read_bytes())
    entry = {
        'tracker': 'siamfc',
        'file': file.name,
        'sha256': hashlib.sha256(file.read_bytes()).hexdigest(),
        'licence': 'CC0-1.0',
        'data': 'noise',
        'recipe': 'siam-tracker train siamfc',
        'scores': {'auc': 0.125},
    }
    (tmp_path / 'registry.json').write_text(json.dumps([entry]))
    monkeypatch.setattr(registry, 'FOLDER', tmp_path)
    return file


def test_list_verifies_and_prints_the_card(shipped, capsys):
    assert main(['weights']) == 0
    out = capsys.readouterr().out
    assert 'siamfc  small.safetensors' in out
    assert 'verified' in out
    facts = ('licence: CC0-1.0', 'data: noise', 'train siamfc', 'auc: 0.125', 'also for: dsiam')
    for fact in facts:
        assert fact in out


def test_damaged_file_is_reported(shipped, capsys):
    shipped.write_bytes(shipped.read_bytes() + b'x')
    assert main(['weights', 'list']) == 2
    captured = capsys.readouterr()
    assert 'verified' not in captured.out
    assert 'are damaged (sha256' in captured.err
    assert captured.err.count('\n') == 1


def test_empty_registry_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / 'registry.json').write_text('[]')
    monkeypatch.setattr(registry, 'FOLDER', tmp_path)
    assert main(['weights']) == 0
    assert capsys.readouterr().out == 'no weights ship with this package\n'


def test_show_prints_what_a_file_says_about_itself(checkpoint, capsys):
    assert main(['weights', 'show', str(checkpoint)]) == 0
    out = capsys.readouterr().out
    assert 'tracker: siamfc' in out
    assert 'confidence_bias: 20.0' in out
    assert 'licence: none' in out
    assert hashlib.sha256(checkpoint.read_bytes()).hexdigest() in out


def test_settings_lists_the_whole_table(capsys):
    from siam_tracker_ros.settings import describe
    from siam_tracker_ros.trackers import settings_class

    assert main(['settings', 'siamfc']) == 0
    lines = capsys.readouterr().out.splitlines()
    table = describe(settings_class('siamfc'))
    assert len(lines) == len(table)
    for line, info in zip(lines, table):
        assert line.startswith(f'{info.name}=')
        assert info.help in line
