# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every launch file, run by the real launch system: it starts, is active, and ends with 0.

launch is not on PyPI: these tests run where a ROS distribution or PYTHONPATH has it.
"""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from siam_tracker_ros.images import write_image

pytest.importorskip('rclpy', reason='rclpy is not installed')

pytestmark = [pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

given = [tuple(word.split(':=', 1)) for word in sys.argv[2:]]
source = PythonLaunchDescriptionSource(sys.argv[1])
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=given)]))
sys.exit(service.run())
"""
ACTIVE = 'active: waiting for a region'
IDLE = 'unconfigured: use'


@pytest.fixture(scope='module')
def environment(tmp_path_factory):
    """That of a shell in which this checkout is installed."""
    prefix = tmp_path_factory.mktemp('prefix')
    index = prefix / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    (index / 'siam_tracker_ros').touch()
    share, programs = prefix / 'share/siam_tracker_ros', prefix / 'lib/siam_tracker_ros'
    share.mkdir()
    programs.mkdir(parents=True)
    for name in ('config', 'launch'):
        (share / name).symlink_to(ROOT / name)
    for script in (ROOT / 'scripts/tracker_node', ROOT / 'scripts/video_source',
                   ROOT / 'examples/follow_yaw.py'):
        # The interpreter of the tests, whichever is the first in PATH.
        (programs / script.name).write_text(
            f'#!{sys.executable}\nimport runpy, sys\nsys.argv[0] = {str(script)!r}\n'
            f'runpy.run_path({str(script)!r}, run_name="__main__")\n')
        (programs / script.name).chmod(0o755)
    paths = [str(prefix), *filter(None, [os.environ.get('AMENT_PREFIX_PATH')])]
    environment = {
        **os.environ, 'AMENT_PREFIX_PATH': os.pathsep.join(paths), 'ROS_LOG_DIR': str(prefix),
        'PYTHONUNBUFFERED': '1',
    }  # fmt: skip
    known = subprocess.run(
        [sys.executable, '-c', 'import launch_ros.actions, launch.actions'],
        cwd=prefix, env=environment, capture_output=True, check=False)
    if known.returncode:
        pytest.skip('launch_ros is not installed')
    return environment


def run(environment, folder, file, arguments, wanted):
    """Launch a file, wait for the texts, interrupt it; return its code and what it printed."""
    path = folder / 'log'
    with path.open('wb') as log:
        process = subprocess.Popen(
            [sys.executable, '-c', RUN, str(ROOT / file), *arguments], cwd=folder,
            env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 60
        while not all(path.read_text().count(text) == n for text, n in wanted.items()):
            assert time.monotonic() < end, path.read_text()
            assert process.poll() is None, path.read_text()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        return process.wait(20.0), path.read_text()
    finally:
        process.kill()


@pytest.mark.parametrize(
    ('file', 'arguments', 'wanted'),
    [
        ('launch/tracker.launch.py', (), {ACTIVE: 1}),
        ('launch/tracker.launch.py', ('autostart:=false',), {IDLE: 1}),
        ('launch/tracker.launch.py',
         ('namespace:=front', 'image:=/front/image_raw', 'camera_info:=/front/camera_info',
          'use_sim_time:=true', 'large_images:=true'),
         {ACTIVE: 1}),
        ('launch/tracker.launch.py',
         (f'params_file:={ROOT}/config/siamfc.yaml', 'log_level:=debug'), {ACTIVE: 1}),
        ('launch/tracker.launch.py', ('respawn:=true',), {ACTIVE: 1}),
        ('launch/video_demo.launch.py', ('source:=.', 'loop:=true', 'fps:=5.0'), {ACTIVE: 1}),
        ('launch/follow.launch.py', (), {ACTIVE: 1, 'following: zero': 1}),
        ('launch/follow.launch.py',
         ('namespace:=uav', 'stamped:=true', 'gain:=1.0', 'camera_pitch:=0.3',
          'cmd_vel:=/uav/cmd_vel', 'timeout:=0.4', 'frame_id:=uav', 'use_sim_time:=true'),
         {ACTIVE: 1, 'following: zero': 1}),
        ('launch/two_cameras.launch.py', (), {ACTIVE: 2}),
    ],
)  # fmt: skip
def test_b5_it_starts_is_active_and_ends_with_0(environment, tmp_path, file, arguments, wanted):
    write_image(tmp_path / '0.png', np.zeros((48, 64, 3), np.uint8))
    code, log = run(environment, tmp_path, file, arguments, wanted)
    assert code == 0, log
    assert 'Traceback' not in log
    assert 'process has died' not in log, log
    assert log.count('process started with pid') == log.count('process has finished cleanly')
