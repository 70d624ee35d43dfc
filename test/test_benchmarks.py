# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every script of `benchmarks/` finds what it imports; few tests run those that take long."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / 'benchmarks').glob('*.py'))


@pytest.mark.parametrize('path', SCRIPTS, ids=lambda path: path.stem)
def test_a_script_finds_what_it_imports(path):
    try:
        # The tests' configuration says where the scripts are.
        importlib.import_module(path.stem)
    except ModuleNotFoundError as error:
        # An extra that is not installed; of ours, every module is there.
        name = error.name or ''
        if name.startswith('siam_tracker_ros') or (path.parent / f'{name}.py').is_file():
            raise
        pytest.skip(f'{name} is not installed')
