# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Camera, node and listener in processes of their own, over each middleware and on a GPU."""

import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest
import torch

from siam_tracker_ros.node.demo_processes import Child

pytest.importorskip('rclpy', reason='rclpy is not installed')
pytestmark = [pytest.mark.slow]

BENCHMARKS = Path(__file__).parents[2] / 'benchmarks'
# In a process of its own, because a process has one middleware.
MEASURE = """
import json, sys
import node_overhead as script
args = script.parse_arguments(sys.argv[1:])
row = script.measure(script.Condition(*args.sizes[0], profile=False, debug=False), args)
print(json.dumps([script.middleware(), row]))
"""


def measured(*words, middleware=None):
    """A row of the table of ``benchmarks/node_overhead.py``."""
    variables = {**os.environ, **({'RMW_IMPLEMENTATION': middleware} if middleware else {})}
    command = [sys.executable, '-c', MEASURE, *words]
    done = subprocess.run(
        command, env=variables, cwd=BENCHMARKS, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    used, row = json.loads(done.stdout.splitlines()[-1])
    assert used == (middleware or used)
    return row


@pytest.fixture
def middleware(request, tmp_path):
    """A middleware that this machine has, ready for use."""
    from rclpy.utilities import get_available_rmw_implementations

    name = request.param
    if name not in get_available_rmw_implementations():
        pytest.skip(f'{name} is not installed')
    if name != 'rmw_zenoh_cpp':
        yield name
        return
    # Its nodes find each other through a router.
    if shutil.which('ros2') is None:
        pytest.skip("ros2, which starts Zenoh's router, is not installed")
    with Child('router', ['ros2', 'run', name, 'rmw_zenohd'], tmp_path):
        yield name


# Up to three runs of some ten seconds each.
@pytest.mark.timeout(300)
@pytest.mark.parametrize('offered', ['reliable', 'best effort'])
@pytest.mark.parametrize(
    'middleware', ['rmw_fastrtps_cpp', 'rmw_cyclonedds_cpp', 'rmw_zenoh_cpp'], indirect=True
)
def test_p6_nearly_all_images_of_a_camera_are_answered(middleware, offered):
    words = ['--tracker', 'siamfc', '--size', '320x240', '--rate', '5', '--seconds', '4']
    words += ['--best-effort'] if offered == 'best effort' else []
    # A machine that is busy with other tests may hold up one run, but not three.
    assert any(measured(*words, middleware=middleware)['share'] >= 0.95 for _ in range(3))


@pytest.mark.gpu
def test_p4_results_are_young_on_a_gpu():
    if not torch.cuda.is_available():
        pytest.skip('no CUDA device here')
    row = measured('--tracker', 'csn', '--device', 'cuda', '--size', '1280x720', '--rate', '30')
    assert row['latency_p50'] <= 20
    assert row['latency_p95'] <= 33
    assert row['rest_p95'] <= 5
    assert row['share'] >= 0.95
