# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ROS for the tests: real DDS, on this machine only, in a domain of this process."""

import os
from pathlib import Path
import sys

import pytest

from siam_tracker_ros.node.demo_processes import free_domain_id

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))

# Read when the first context is made.
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ['ROS_DOMAIN_ID'] = str(free_domain_id(os.getpid()))


def pytest_collection_modifyitems(items):
    for item in items:
        if 'ros' in getattr(item, 'fixturenames', ()):
            item.add_marker('ros')


@pytest.fixture(scope='session')
def ros():
    """rclpy, initialised."""
    rclpy = pytest.importorskip('rclpy', reason='rclpy is not installed')
    pytest.importorskip('vision_msgs.msg', reason='vision_msgs is not installed')
    pytest.importorskip('siam_tracker_ros.msg', reason='our messages are not built')
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    yield rclpy
    rclpy.try_shutdown()


@pytest.fixture
def bench(ros):
    """A node with a fake tracker, and a client node beside it, both spun here."""
    from ros_bench import Bench

    with Bench() as bench:
        yield bench


@pytest.fixture
def logged(bench, monkeypatch):
    """Texts that the node logs as errors."""
    texts = []
    logger = bench.node.get_logger()
    monkeypatch.setattr(logger, 'error', lambda text, **options: texts.append(text))
    monkeypatch.setattr(bench.node, 'get_logger', lambda: logger)
    return texts


@pytest.fixture(scope='session')
def random_weights(tmp_path_factory):
    """A checkpoint of an untrained network: loads as any other, matches well enough for tests."""
    import torch

    from siam_tracker_ros import weights
    from siam_tracker_ros.models.siamfc import SiamFC

    torch.manual_seed(3)
    # Narrow, so that it is fast.
    options = {'widths': [16, 32, 48, 48, 32], 'groups': 1}
    network = SiamFC(**options)
    path = tmp_path_factory.mktemp('weights') / 'random.safetensors'
    meta = weights.Meta(tracker='siamfc', network=options)
    weights.save(path, weights.Checkpoint(network.state_dict(), meta))
    return path
