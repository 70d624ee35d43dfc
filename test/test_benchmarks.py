# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every script of `benchmarks/` finds what it imports; few tests run those that take long."""

import importlib
import os
from pathlib import Path
import signal
import time

from common import guarded
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


def test_a_script_that_is_told_to_end_stops_as_with_ctrl_c(capsys):
    ended = []

    def work():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        finally:
            ended.append('children')
        return 0

    before = signal.getsignal(signal.SIGTERM)
    assert guarded('benchmarks/soak.py', work) == 130
    assert ended == ['children']
    assert capsys.readouterr().err == 'soak: stopped\n'
    assert signal.getsignal(signal.SIGTERM) is before
