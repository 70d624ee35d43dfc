# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Under nav2's own lifecycle manager; where it is not, test_lifecycle_manager.py stands in."""

import shutil

import pytest

from siam_tracker_ros.node.demo_processes import Child

pytest.importorskip('rclpy', reason='rclpy is not installed')
services = pytest.importorskip('nav2_msgs.srv', reason='nav2 is not installed')
if shutil.which('ros2') is None:
    pytest.skip('ros2, which starts the manager, is not installed', allow_module_level=True)


@pytest.mark.parametrize('bond_timeout', [0.0, 4.0])
def test_l9_nav2_brings_it_up_pauses_resumes_resets_and_shuts_it_down(
    ros, tmp_path, bond_timeout
):
    from ros_bench import Bench

    command = services.ManageLifecycleNodes.Request
    with Bench(parameters={'bond': bond_timeout > 0}) as bench:
        manager = [
            'ros2', 'run', 'nav2_lifecycle_manager', 'lifecycle_manager', '--ros-args',
            '-p', 'autostart:=false', '-p', f'bond_timeout:={bond_timeout}',
            '-p', f'node_names:=[{bench.name.lstrip("/")}]',
        ]  # fmt: skip
        with Child('manager', manager, tmp_path):
            client = bench.client.create_client(
                services.ManageLifecycleNodes, '/lifecycle_manager/manage_nodes')
            for number, state in (
                (command.STARTUP, 'active'), (command.PAUSE, 'inactive'),
                (command.RESUME, 'active'), (command.RESET, 'unconfigured'),
                (command.STARTUP, 'active'), (command.SHUTDOWN, 'finalized'),
            ):
                assert bench.call(client, command(command=number)).success
                assert bench.state() == state
