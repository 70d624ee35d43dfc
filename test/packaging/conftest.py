# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clean copies of the sources and clean virtual environments."""

from collections.abc import Callable
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / 'constraints.txt'
ROS_WHEELS = ('ros-rclpy[fastrtps]', 'ros-sensor-msgs', 'ros-diagnostic-msgs', 'ros-std-srvs')
# What a Python of the ROS wheels, a sourced ROS or an activated environment leaves behind.
INHERITED = ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'COLCON_PREFIX_PATH', 'LD_LIBRARY_PATH',
             'PYTHONPATH', 'VIRTUAL_ENV', '_ROS_WHEELS_BOOTSTRAP_COMPLETE', 'PIP_CONSTRAINT')


def run_clean(*command: object, cwd: Path, **environment: object) -> str:
    """Run a command as from a fresh shell; return its output, or fail with it."""
    clean = {key: value for key, value in os.environ.items() if key not in INHERITED}
    clean |= {key: str(value) for key, value in environment.items()}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f'{command} exited with {done.returncode}:\n{done.stdout[-6000:]}'
    return done.stdout


@pytest.fixture(name='run_clean', scope='session')
def run_clean_fixture() -> Callable[..., str]:
    return run_clean


@pytest.fixture(scope='session')
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout as git would clone it, with what is not committed yet."""
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip('not a git checkout')
    target = tmp_path_factory.mktemp('sources')
    for name in filter(None, listed.stdout.split('\0')):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope='session')
def package_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where pip reaches no package index."""
    done = subprocess.run(
        [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir',
         '-c', CONSTRAINTS, 'ros-std-srvs'],
        cwd=tmp_path_factory.mktemp('download'), capture_output=True, check=False)
    if done.returncode:
        pytest.skip('pip reaches no package index')


@pytest.fixture(scope='module')
def make_venv(
    package_index: None, tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Path]:
    """Make a virtual environment with some packages in it and return its folder."""
    def make(*packages: str) -> Path:
        venv = tmp_path_factory.mktemp('venv')
        run_clean(sys.executable, '-m', 'venv', venv, cwd=venv)
        if packages:
            run_clean(venv / 'bin/python', '-m', 'pip', 'install', '--quiet', '-c', CONSTRAINTS,
                      *packages, cwd=venv)
        return venv
    return make


@pytest.fixture(scope='module')
def ros_venv(make_venv: Callable[..., Path]) -> Path:
    """A virtual environment with the ROS wheels and nothing of ours."""
    return make_venv(*ROS_WHEELS)
