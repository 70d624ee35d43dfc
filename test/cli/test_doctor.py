# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.cli.probes import probe
from siam_tracker_ros.cli.self_test import try_tracker

ROOT = Path(__file__).resolve().parents[2]


def doctor(fakes=None):
    path = os.pathsep.join([*([str(fakes)] if fakes else []), str(ROOT)])
    return subprocess.run(
        [sys.executable, '-m', 'siam_tracker_ros.cli', 'doctor'],
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def line_with(text, word):
    return next(line for line in text.splitlines() if word in line.split())


def test_report_agrees_with_the_exit_status():
    done = doctor()
    assert done.stderr == ''
    for name in ('numpy', 'torch', 'opencv', 'safetensors', 'cpu'):
        assert line_with(done.stdout, name).split()[0] == 'ok'
    works = bool(weights.entries())
    assert done.returncode == (0 if works else 1)
    assert done.stdout.endswith('tracking works\n') == works
    for entry in weights.entries():
        for name in trackers.served(entry):
            assert f'{name} tracks with it' in done.stdout


def test_broken_libraries_are_reported_and_nothing_dies(tmp_path):
    (tmp_path / 'cv2.py').write_text("raise ImportError('libGL.so.1: cannot open shared object')")
    # What a library for another processor does: no exception, the process is gone.
    (tmp_path / 'torch.py').write_text('import os, signal; os.kill(os.getpid(), signal.SIGILL)')
    (tmp_path / 'rclpy.py').write_text("raise ModuleNotFoundError('no rclpy')")
    done = doctor(tmp_path)
    assert done.returncode == 1
    assert done.stderr == ''
    assert line_with(done.stdout, 'opencv').startswith('  MISSING opencv  ImportError: libGL.so.1')
    assert 'died of SIGILL' in line_with(done.stdout, 'torch')
    assert line_with(done.stdout, 'numpy').split()[0] == 'ok'
    assert 'opencv for tracking: pip uninstall' in done.stdout
    assert "rclpy for the node: source ROS 2, or `pip install '.[ros]'`" in done.stdout
    assert 'tracking does not work' in done.stdout


def test_probe_returns_facts_or_the_reason():
    assert probe('print("noise"); print(\'{"a": 1}\')').facts == {'a': 1}
    failed = probe('raise ValueError("why")')
    assert not failed.works
    assert failed.reason == 'ValueError: why'
    assert probe('import sys; sys.exit(7)').reason == 'exit status 7'


def test_probe_gives_up(monkeypatch):
    monkeypatch.setattr('siam_tracker_ros.cli.probes.TIMEOUT_SECONDS', 0.2)
    assert probe('import time; time.sleep(30)').reason == 'no answer within 0.2 s'


@pytest.fixture
def entry(checkpoint, tmp_path, monkeypatch):
    (tmp_path / 'a.safetensors').write_bytes(checkpoint.read_bytes())
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    monkeypatch.setattr('siam_tracker_ros.weights.registry.FOLDER', tmp_path)
    return weights.Entry('siamfc', 'a.safetensors', digest, 'none', 'none', 'none')


def test_self_test_tracks_what_stands_still(entry):
    trial = try_tracker(entry, 'siamfc')
    assert trial.reason == ''
    assert trial.milliseconds > 0
    assert trial.device in ('cpu', 'cuda')


def test_self_test_names_the_tracker_that_it_tried(entry):
    # Whether a random network loses the object is chance.
    trial = try_tracker(entry, 'dsiam')
    assert (trial.tracker, trial.file) == ('dsiam', entry.file)


def test_self_test_reports_damaged_weights(entry):
    entry.path.write_bytes(b'damaged')
    assert 'are damaged (sha256' in try_tracker(entry, 'siamfc').reason


def test_self_test_output_is_what_the_doctor_reads(capsys):
    from siam_tracker_ros.cli import self_test

    self_test.main()
    trials = json.loads(capsys.readouterr().out)['trials']
    assert [(trial['file'], trial['tracker']) for trial in trials] == [
        (entry.file, name) for entry in weights.entries() for name in trackers.served(entry)
    ]
