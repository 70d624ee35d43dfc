# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``colcon build``, as on a robot, against the ROS wheels."""

import os
import shutil
import subprocess
import sysconfig

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope='module')
def colcon_venv(package_index, sources, tmp_path_factory):
    for tool in ('cmake', 'g++'):
        if shutil.which(tool) is None:
            pytest.skip(f'{tool} is not installed')
    venv = tmp_path_factory.mktemp('colcon') / 'venv'
    done = subprocess.run([sources / 'scripts/make_colcon_venv.sh', venv],
                          capture_output=True, text=True, check=False)
    if done.returncode == 69:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    # torch and OpenCV, which a robot has in its system, come from the environment of the tests.
    site = venv / 'lib' / f'python{sysconfig.get_python_version()}' / 'site-packages'
    (site / 'system.pth').write_text(sysconfig.get_paths()['purelib'] + '\n')
    return venv


@pytest.fixture(scope='module')
def shell(colcon_venv, run_clean):
    """Run shell commands as after sourcing ROS."""
    def run(script, cwd):
        return run_clean(
            'bash', '-ec', script, cwd=cwd, AMENT_PREFIX_PATH=colcon_venv,
            CMAKE_PREFIX_PATH=colcon_venv, PATH=f'{colcon_venv}/bin:{os.environ["PATH"]}')
    return run


@pytest.fixture(scope='module')
def workspace(sources, shell, tmp_path_factory):
    folder = tmp_path_factory.mktemp('workspace')
    shutil.copytree(sources, folder / 'src/siam_tracker_ros')
    # On a robot this is the official package.
    vision_msgs = folder / 'src/vision_msgs'
    shutil.copytree(sources / 'extra_interfaces/vision_msgs', vision_msgs)
    (vision_msgs / 'COLCON_IGNORE').unlink()
    # An editable pip install leaves such files; they must not overwrite what colcon builds.
    stale = folder / 'src/siam_tracker_ros/siam_tracker_ros/msg'
    stale.mkdir()
    (stale / '__init__.py').write_text("raise ImportError('the messages of pip')\n")
    shell('colcon build', folder)
    return folder


def test_only_our_package_is_found(shell, sources, workspace):
    assert shell('colcon list --names-only', sources).split() == ['siam_tracker_ros']


def test_messages_and_library_are_one_package(shell, workspace, tmp_path):
    printed = shell(f"""
        source {workspace}/install/local_setup.bash
        python -c "
import siam_tracker_ros.geometry, siam_tracker_ros.msg, vision_msgs.msg
from rclpy.serialization import deserialize_message, serialize_message
for message in siam_tracker_ros.msg.TrackerStatus(), vision_msgs.msg.Detection2D():
    assert deserialize_message(serialize_message(message), type(message)) == message
print(siam_tracker_ros.msg.__file__)
print(siam_tracker_ros.geometry.__file__)"
    """, tmp_path)
    for line in printed.splitlines():
        assert line.startswith(f'{workspace}/install/siam_tracker_ros/lib/')


def test_share_has_launch_files_and_settings(workspace, sources):
    share = workspace / 'install/siam_tracker_ros/share/siam_tracker_ros'
    for pattern in ('launch/*.launch.py', 'config/*'):
        wanted = sorted(p.relative_to(sources) for p in sources.glob(pattern))
        assert wanted
        assert all((share / path).is_file() for path in wanted)


def test_installed_node_starts_and_stops(shell, workspace, tmp_path):
    printed = shell(f"""
        source {workspace}/install/local_setup.bash
        export ROS_DOMAIN_ID=97 ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
        prefix=$(python -c "
from ament_index_python import get_package_prefix
print(get_package_prefix('siam_tracker_ros'))")
        $prefix/lib/siam_tracker_ros/tracker_node --ros-args -p autostart:=false > log 2>&1 &
        node=$!
        trap 'kill -KILL $node 2>/dev/null || true' EXIT
        for _ in $(seq 300); do grep -q unconfigured log && break; sleep 0.2; done
        cat log
        kill -TERM $node
        wait $node
    """, tmp_path)
    assert 'unconfigured' in printed
