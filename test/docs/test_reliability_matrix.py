# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the quality declaration promises, and the tests that it names."""

from __future__ import annotations

from pathlib import Path
import re

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def matrix(update_docs):
    """The table of what the node promises under faults."""
    return update_docs.reliability_matrix


def test_tests_are_found_by_the_rows_in_their_names(matrix, tmp_path):
    folder = tmp_path / 'test'
    folder.mkdir()
    (folder / 'test_a.py').write_text(
        'def test_l3_one(): ...\ndef test_g1_g2_two(): ...\ndef test_losses_l1_three(): ...\n'
        'def test_l3_four(): ...\ndef helper_l4_(): ...\n')
    assert matrix.files_by_row(folder) == {
        'L3': {'test/test_a.py': 2}, 'G1': {'test/test_a.py': 1}, 'G2': {'test/test_a.py': 1},
    }  # fmt: skip


def test_a_row_without_a_test_has_a_reason(matrix, monkeypatch):
    for row in matrix.rows():
        assert matrix.files_by_row().get(row.id) or row.not_run, row.id
    monkeypatch.setattr(matrix, 'files_by_row', lambda: {'L3': {'test_a.py': 1}})
    with pytest.raises(ValueError, match='row L1 has neither a test nor a reason'):
        matrix.matrix()
    monkeypatch.setattr(matrix, 'files_by_row', lambda: {'L0': {'test_a.py': 1}})
    with pytest.raises(ValueError, match=r"rows that do not exist: \['L0'\]"):
        matrix.matrix()


def test_the_numbers_of_cases_are_those_of_the_fuzzing():
    page = ' '.join((ROOT / 'docs/quality_declaration.md').read_text().split())
    counts = {
        path.stem: sum(map(int, re.findall(r'max_examples=([\d_]+)', path.read_text())))
        for path in (ROOT / 'test').rglob('test_*.py')
    }
    for name, words in (
        ('test_codec', '{} images'), ('test_compressed', '{} damaged files of images'),
        ('test_roi', '{} boxes'), ('test_timeline', '{} series of stamps'),
        ('test_any_stream', '{} streams'), ('test_any_settings', '{} values of settings'),
        ('test_any_file', '{} damaged files of weights'),
    ):
        assert words.format(f'{counts[name]:,}') in page, (name, counts[name])
