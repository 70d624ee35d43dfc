# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``pip install .``, with ROS and without."""

import json
import os
import zipfile

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

IMPORT_MESSAGES = """
import siam_tracker_ros.msg, vision_msgs.msg
from rclpy.serialization import deserialize_message, serialize_message
status = siam_tracker_ros.msg.TrackerStatus(tracker='siamfc')
status.targets = [siam_tracker_ros.msg.TargetStatus(id='1', state=2)]
assert deserialize_message(serialize_message(status), type(status)) == status
vision_msgs.msg.Detection2D(id='1')
print(siam_tracker_ros.msg.__file__, vision_msgs.msg.__file__, sep=chr(10))
"""


@pytest.fixture(scope='module')
def installed(ros_venv, sources, run_clean):
    run_clean(ros_venv / 'bin/python', '-m', 'pip', 'install', '--no-deps', '.', cwd=sources)
    return ros_venv


def test_messages_are_importable(installed, run_clean, tmp_path):
    printed = run_clean(installed / 'bin/python', '-c', IMPORT_MESSAGES, cwd=tmp_path)
    assert [line.startswith(str(installed)) for line in printed.splitlines()] == [True, True]


def test_files_of_a_ros_package_are_installed(installed, sources):
    share = installed / 'share'
    assert (share / 'ament_index/resource_index/packages/siam_tracker_ros').is_file()
    assert (share / 'siam_tracker_ros/package.xml').is_file()
    for pattern in ('msg/*.msg', 'launch/*.launch.py', 'config/*'):
        wanted = {p.name for p in sources.glob(pattern)}
        assert wanted
        folder = pattern.partition('/')[0]
        assert {p.name for p in (share / 'siam_tracker_ros' / folder).iterdir()} >= wanted
    for name in ('tracker_node', 'video_source', 'follow_yaw.py'):
        assert os.access(installed / 'lib/siam_tracker_ros' / name, os.X_OK)


def test_command_is_installed(installed):
    assert os.access(installed / 'bin/siam-tracker', os.X_OK)


def test_nothing_else_is_installed(installed, run_clean, tmp_path):
    listed = run_clean(installed / 'bin/python', '-m', 'pip', 'show', '--files',
                       'siam-tracker-ros', cwd=tmp_path)
    files = [line.strip() for line in listed.partition('Files:')[2].splitlines() if line.strip()]
    tops = {f.split('/')[0] for f in files if not f.startswith('../')}
    assert {t for t in tops if not t.endswith('.dist-info')} == {'siam_tracker_ros', 'vision_msgs'}


def test_official_vision_msgs_are_not_shadowed(ros_venv, sources, run_clean, tmp_path):
    share = tmp_path / 'ros/share/vision_msgs'
    share.mkdir(parents=True)
    (share / 'package.xml').write_text('<package><name>vision_msgs</name></package>')
    run_clean(ros_venv / 'bin/python', '-m', 'pip', 'wheel', '--quiet', '--no-deps',
              '--wheel-dir', tmp_path, '.', cwd=sources, AMENT_PREFIX_PATH=tmp_path / 'ros')
    (wheel,) = tmp_path.glob('*.whl')
    tops = {name.split('/')[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert 'siam_tracker_ros' in tops
    assert 'vision_msgs' not in tops


def test_without_ros_the_library_alone_is_installed(make_venv, sources, run_clean, tmp_path):
    venv = make_venv()
    printed = run_clean(venv / 'bin/python', '-m', 'pip', 'wheel', '--verbose', '--no-deps',
                        '--wheel-dir', tmp_path, '.', cwd=sources)
    assert 'warning: no ROS 2 message generators here' in printed
    (wheel,) = tmp_path.glob('*.whl')
    assert wheel.name.endswith('-py3-none-any.whl')
    names = zipfile.ZipFile(wheel).namelist()
    assert 'siam_tracker_ros/py.typed' in names
    weights = {entry['file'] for entry in json.loads(
        (sources / 'siam_tracker_ros/weights/registry.json').read_text())}
    assert {f'siam_tracker_ros/weights/{name}' for name in (*weights, 'registry.json')} <= {*names}
    tables = {f'siam_tracker_ros/evaluation/datasets/{name}.txt'
              for name in ('lasot', 'otb', 'uav123')}
    assert tables <= {*names}
    page = {f'siam_tracker_ros/evaluation/report/{name}'
            for name in ('report.js', 'style.css', 'template.html.jinja')}
    assert page <= {*names}
    page = {f'siam_tracker_ros/web/page/{path.name}'
            for path in (sources / 'siam_tracker_ros/web/page').iterdir()}
    assert 'siam_tracker_ros/web/page/index.html' in page
    assert page <= {*names}
    assert not [n for n in names if n.startswith(('siam_tracker_ros/msg/', 'vision_msgs/'))]
