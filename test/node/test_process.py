# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes as processes: signals, wrong parameters, and a video through both."""

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

from node_signals import remaining, shared_memory

SCRIPTS = Path(__file__).resolve().parents[2] / 'scripts'


class Process:
    """A node's process; its output goes to a file, so that a full pipe never blocks it."""

    def __init__(self, folder, name, *parameters):
        command = [sys.executable, '-u', str(SCRIPTS / name), '--ros-args']
        for parameter in parameters:
            command += ['-p', parameter]
        self.path = folder / f'{Path(name).name}.log'
        with self.path.open('wb') as file:
            self.process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT,
                env={**os.environ, 'ROS_LOG_DIR': str(folder)},
            )

    @property
    def log(self):
        return self.path.read_text()

    def wait_for(self, text, seconds=60.0):
        end = time.monotonic() + seconds
        while text not in self.log:
            assert time.monotonic() < end, f'{text!r} is not in: {self.log}'
            assert self.process.poll() is None, self.log
            time.sleep(0.02)

    def end(self, number=signal.SIGTERM):
        """Send a signal; return the exit code and the seconds until the end."""
        begin = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(20.0)
        return code, time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait(10.0)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_l7_a_signal_ends_the_waiting_node_with_0(tmp_path, number):
    with Process(tmp_path, 'tracker_node') as node:
        node.wait_for('unconfigured: use')
        code, seconds = node.end(number)
    assert code == 0, node.log
    assert seconds < 2.0
    assert 'Traceback' not in node.log


@pytest.mark.parametrize(
    ('name', 'word'), [('tracker_node', 'unconfigured: use'), ('video_source', 'goes to')]
)
def test_l7_nothing_stays_in_shared_memory(tmp_path, name, word):
    from rclpy.utilities import get_rmw_implementation_identifier

    if not get_rmw_implementation_identifier().startswith('rmw_fastrtps'):
        pytest.skip('only Fast DDS locks its files in shared memory')
    write_image(tmp_path / '0.png', np.zeros((24, 32, 3), np.uint8))
    given = [f'source:={tmp_path}'] if name == 'video_source' else []
    with Process(tmp_path, name, *given) as node:
        node.wait_for(word)
        locks = shared_memory(node.process.pid)
        assert node.end()[0] == 0
    assert locks
    assert remaining(locks) == []


def test_l7_a_signal_ends_a_node_that_is_still_starting(tmp_path):
    with Process(tmp_path, 'tracker_node') as node:
        end = time.monotonic() + 30
        while not handles_sigterm(node.process.pid) and time.monotonic() < end:
            time.sleep(0.002)
        code, seconds = node.end()
    assert code == 0, node.log
    assert seconds < 2.0
    assert 'Traceback' not in node.log


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_l7_a_signal_ends_the_active_node_with_0(tmp_path, random_weights, number):
    with Process(tmp_path, 'tracker_node', *started_with(random_weights)) as node:
        node.wait_for('active')
        code, seconds = node.end(number)
    assert code == 0, node.log
    assert seconds < 2.0
    assert 'Traceback' not in node.log


def started_with(weights):
    return 'tracker:=siamfc', f'weights:={weights}', 'autostart:=true', 'device:=cpu'


def handles_sigterm(pid):
    """Whether a process has installed its handler already."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    caught = next(line for line in lines if line.startswith('SigCgt:'))
    return bool(int(caught.split()[1], 16) & (1 << (signal.SIGTERM - 1)))


@pytest.mark.parametrize(
    ('parameter', 'words'),
    [
        ('max_targets:=many', "max_targets is 'many' (str): expected a whole number"),
        ('weights:=/no/such.safetensors', '/no/such.safetensors'),
    ],
)
def test_g3_a_wrong_parameter_is_one_sentence_and_exit_code_2(tmp_path, parameter, words):
    with Process(tmp_path, 'tracker_node', parameter, 'autostart:=true') as node:
        assert node.process.wait(60.0) == 2
    assert words in node.log
    assert 'Traceback' not in node.log


def test_the_video_source_refuses_with_one_sentence_and_exit_code_2(tmp_path):
    with Process(tmp_path, 'video_source', 'source:=/no/such.mp4') as source:
        assert source.process.wait(60.0) == 2
    assert source.log.startswith('video_source: source /no/such.mp4 does not exist')
    assert 'Traceback' not in source.log


def test_a_video_goes_through_both_processes(ros, tmp_path, random_weights):
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from ros_bench import detection, scene
    from sensor_msgs.msg import Image
    from vision_msgs.msg import Detection2D

    from siam_tracker_ros.msg import TrackerStatus
    from siam_tracker_ros.node import qos
    from siam_tracker_ros.node.roi import stamp_ns

    for index in range(4):
        write_image(tmp_path / f'{index}.png', scene(50 + index, 40))
    client = Node('watcher')
    executor = SingleThreadedExecutor()
    executor.add_node(client)
    stamps, statuses = set(), []
    client.create_subscription(
        Image, 'image', lambda m: stamps.add(stamp_ns(m.header.stamp)), qos.RESULTS)
    client.create_subscription(TrackerStatus, 'siam_tracker/status', statuses.append, qos.LATEST)
    init = client.create_publisher(Detection2D, 'siam_tracker/init', qos.RESULTS)

    def until(condition):
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, tracker.log + source.log
            executor.spin_once(timeout_sec=0.05)

    with Process(tmp_path, 'tracker_node', *started_with(random_weights)) as tracker, Process(
        tmp_path, 'video_source', f'source:={tmp_path}', 'fps:=10.0', 'loop:=true'
    ) as source:
        # Each pair of processes finds each other in its own time, the watcher and the source too.
        until(lambda: statuses and stamps and init.get_subscription_count() > 0)
        init.publish(detection(60, 50, 20, 20, id='a'))
        until(lambda: statuses[-1].targets and statuses[-1].targets[0].frames_since_accepted > 3)
        answered = {stamp_ns(s.header.stamp) for s in statuses[-3:]}
        until(lambda: answered <= stamps)
        assert tracker.end(signal.SIGINT)[0] == 0
        assert source.end(signal.SIGINT)[0] == 0
    executor.shutdown()
    client.destroy_node()
    assert all(s.header.frame_id == 'camera' for s in statuses)
    assert 0 < statuses[-2].latency_seconds < 10


def test_a_signal_ends_the_video_source_with_0(tmp_path):
    write_image(tmp_path / '0.png', np.zeros((24, 32, 3), np.uint8))
    with Process(tmp_path, 'video_source', f'source:={tmp_path}') as source:
        source.wait_for('goes to')
        code, seconds = source.end(signal.SIGINT)
    assert code == 0, source.log
    assert seconds < 2.0
    assert 'Traceback' not in source.log


@pytest.mark.parametrize(
    ('end', 'code'),
    [('return 3', 3), ('sys.exit(2)', 2), ('sys.exit()', 0), ('sys.exit("a sentence")', 1)],
)
def test_a_program_ends_with_its_own_code(end, code):
    lines = 'import sys', 'from siam_tracker_ros.node.process import run', 'def main():', f' {end}'
    command = [sys.executable, '-c', '\n'.join([*lines, 'run(main)'])]
    assert subprocess.run(command, check=False).returncode == code
