# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo as a user runs it: real processes over real DDS."""

from __future__ import annotations

import csv
import importlib.util
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

import pytest

from siam_tracker_ros import rendering, weights
from siam_tracker_ros.node import demo, demo_environment
from siam_tracker_ros.node.demo_processes import free_domain_id
from siam_tracker_ros.video import open_source

ROS = all(importlib.util.find_spec(name) for name in ('rclpy', 'vision_msgs', 'lifecycle_msgs'))
SHIPPED = any(entry.tracker == demo.DEFAULT_TRACKER for entry in weights.entries())
FRAMES = 12
ROOT = Path(__file__).resolve().parents[2]

needs_ros = pytest.mark.skipif(not ROS, reason='ROS 2 is not installed')
needs_weights = pytest.mark.skipif(not SHIPPED, reason='no weights for it are shipped')


@pytest.fixture(scope='module')
def clip(tmp_path_factory):
    """The beginning of the rendered clip, with its ground truth."""
    pytest.importorskip('skimage', reason='the rendered clip is made of its photographs')
    folder = tmp_path_factory.mktemp('clip')
    whole = rendering.Clip()
    rendering.write_sequence([whole.frame(index) for index in range(FRAMES)], folder)
    return folder


def command(*arguments: object) -> list[str]:
    return [sys.executable, '-m', 'siam_tracker_ros.node.demo', *map(str, arguments)]


def outside() -> dict[str, str]:
    """The environment, but for the domain of these tests: the demo itself is in none."""
    return {key: value for key, value in os.environ.items() if key != 'ROS_DOMAIN_ID'}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=240, env=outside()
    )


def processes_of(domain: int) -> list[str]:
    """Command lines of the processes that live in a ROS domain."""
    found = []
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            variables = (folder / 'environ').read_bytes().split(b'\0')
            words = (folder / 'cmdline').read_bytes().replace(b'\0', b' ').decode()
        except OSError:
            continue
        if f'ROS_DOMAIN_ID={domain}'.encode() in variables and 'siam_tracker_ros' in words:
            found.append(words)
    return found


@needs_ros
@needs_weights
@pytest.mark.ros
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize('mode', [[], ['--realtime']], ids=['every frame', 'realtime'])
def test_demo_leaves_all_results(clip, tmp_path, mode):
    domain = free_domain_id()
    out = tmp_path / 'out'
    done = run('--video', clip, '--out', out, '--domain', domain, *mode)
    assert done.returncode == 0, done.stderr
    assert processes_of(domain) == []

    summary = (out / 'summary.txt').read_text()
    assert summary in done.stdout
    published, processed, dropped = map(
        int, re.search(r'(\d+) frames published, (\d+) processed, (\d+) dropped', summary).groups()
    )
    assert published == FRAMES
    assert processed + dropped == published
    rows = list(csv.DictReader((out / 'detections.csv').open()))
    assert len(rows) == processed
    assert rows[0]['frame'] == '0'
    assert rows[0]['state'] == 'new'
    assert float(rows[0]['iou']) == 1.0
    stamps = [float(row['stamp']) for row in rows]
    assert stamps == sorted(set(stamps))
    assert all(float(row['latency_ms']) > 0 for row in rows)
    assert (out / 'contact_sheet.png').stat().st_size > 1000
    assert (out / 'logs' / 'tracker_node.log').exists()
    assert (out / 'logs' / 'video_source.log').exists()
    with open_source(str(out / 'overlay.mp4')) as video:
        shown = sum(1 for _ in video)
    if not mode:
        assert dropped == 0
        assert 'every frame' in summary
        assert shown == FRAMES
        assert float(re.search(r'mean IoU ([\d.]+)', summary)[1]) > 0.5
    else:
        assert 'camera rate' in summary
        assert 0 < shown <= processed


@needs_ros
@pytest.mark.ros
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process_behind(clip, tmp_path, number):
    domain = free_domain_id()
    arguments = command('--video', clip, '--out', tmp_path, '--domain', domain)
    with subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, env=outside()
    ) as process:
        end = time.monotonic() + 120
        while not processes_of(domain) and time.monotonic() < end:
            time.sleep(0.001)
        assert processes_of(domain)
        # At once, where a child has only just started, and again, as impatient people do.
        process.send_signal(number)
        time.sleep(0.2)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert 'Traceback' not in complaint
    assert complaint.endswith('demo: stopped\n')
    assert processes_of(domain) == []


@needs_ros
@pytest.mark.ros
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_node_that_refuses_ends_the_demo_with_its_reason(clip, tmp_path):
    domain = free_domain_id()
    (tmp_path / 'summary.txt').write_text('of an older run')
    done = run('--video', clip, '--out', tmp_path, '--domain', domain,
               '--weights', tmp_path / 'none.safetensors')
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith('demo: ')]
    assert len(lines) == 1
    assert 'refused to configure' in lines[0]
    assert 'there is no such file' in lines[0]
    assert 'Traceback' not in done.stderr
    assert processes_of(domain) == []
    assert not (tmp_path / 'summary.txt').exists()


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--video', 'nothing.mp4', '--box', '1,2,30,40'], 'does not exist'),
        (['--box', '1,2,30'], 'expected four numbers'),
        (['--box=-1,2,30,40'], 'give --video too'),
        (['--tracker', 'nothing'], 'nothing'),
        (['--domain', '400'], 'from 0 to 232'),
    ],
)
@needs_ros
def test_wrong_arguments_are_one_sentence(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, 'environ', dict(os.environ))
    assert demo.main(['--out', str(tmp_path / 'out'), *arguments]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith('demo: ')
    assert complaint.count('\n') == 1
    assert words in complaint


def test_an_unwritable_folder_is_one_sentence(tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert demo.main(['--out', str(tmp_path / 'file' / 'out')]) == 2
    assert 'cannot write to' in capsys.readouterr().err


def test_without_ros_the_demo_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'siam_tracker_ros.node.demo_observer', None)
    assert demo.main(['--out', str(tmp_path)]) == 2
    assert 'needs ROS 2' in capsys.readouterr().err


@needs_ros
def test_broken_opencv_is_one_sentence(tmp_path):
    (tmp_path / 'cv2.py').write_text("raise ImportError('libGL.so.1: cannot open shared object')")
    done = subprocess.run(
        [sys.executable, '-m', 'siam_tracker_ros.node.demo', '--out', str(tmp_path / 'out')],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith('demo: OpenCV cannot be imported (libGL.so.1')
    assert done.stderr.count('\n') == 1


def test_files_of_the_package_are_found():
    assert demo_environment.share_file('config/fastdds_large_images.xml').is_file()
    with pytest.raises(demo.UserError, match='install it again'):
        demo_environment.share_file('config/nothing.xml')
