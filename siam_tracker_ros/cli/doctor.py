# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker doctor``: what is installed, and what is missing for what.

Nothing is imported here that may be missing or broken: everything is tried in other processes.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib import metadata, util
import os
import platform
import sys
from typing import Any

from .. import __version__
from ..arguments import Subparsers
from ..errors import install
from .probes import Probe, probe

VERSION = 'import json, {0}; print(json.dumps({{"version": getattr({0}, "__version__", "")}}))'
TORCH = """
import json, torch
cuda = torch.cuda.is_available()
names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else []
print(json.dumps({'version': torch.__version__, 'cuda': torch.version.cuda, 'devices': names,
                  'threads': torch.get_num_threads()}))
"""
RCLPY = """
import json, rclpy
print(json.dumps({'version': rclpy.get_rmw_implementation_identifier()}))
"""
MESSAGES = """
import json, {0}.msg
{0}.msg.{1}()
print(json.dumps({{'version': ''}}))
"""
SELF_TEST = 'from siam_tracker_ros.cli.self_test import main; main()'

# ROS distributions by the major version of their rclpy.
DISTROS = {'3': 'humble', '7': 'jazzy', '9': 'kilted'}


@dataclass(frozen=True)
class Need:
    """Something that tracking or the node cannot do without.

    Attributes
    ----------
    name : str
        What the user calls it.
    code : str
        Tries it, see `probes.probe`.
    cure : str
        How to get it.
    """

    name: str
    code: str
    cure: str


@dataclass(frozen=True)
class Option:
    """A distribution on PyPI that some uses need."""

    name: str
    module: str
    purpose: str
    cure: str


LIBRARY = (
    Need('numpy', VERSION.format('numpy'), "pip install 'numpy>=1.26'"),
    Need('torch', TORCH, "pip install 'torch>=2.4'"),
    Need(
        'opencv',
        VERSION.format('cv2'),
        'pip uninstall -y opencv-python opencv-contrib-python; '
        'pip install --force-reinstall opencv-python-headless',
    ),
    Need('safetensors', VERSION.format('safetensors'), 'pip install safetensors'),
    Need('tqdm', VERSION.format('tqdm'), 'pip install tqdm'),
)
ROS_CURE = f'source ROS 2, or {install("ros")}'
ROS = (
    Need('rclpy', RCLPY, ROS_CURE),
    Need(
        'messages of siam_tracker_ros',
        MESSAGES.format('siam_tracker_ros', 'TrackerStatus'),
        'install siam_tracker_ros again with ROS 2 there: colcon build, or pip install',
    ),
    Need(
        'vision_msgs',
        MESSAGES.format('vision_msgs', 'Detection2DArray'),
        "install your ROS distribution's vision_msgs, or install siam_tracker_ros again with "
        'ROS 2 there',
    ),
)
OPTIONS = (
    Option('rosbags', 'rosbags', 'track --bag', "pip install 'rosbags>=0.10.11'"),
    Option('kornia', 'kornia', 'train', install('train')),
    Option('lightning-fabric', 'lightning_fabric', 'train', install('train')),
    Option('matplotlib', 'matplotlib', 'train, reports', install('train')),
    Option('jinja2', 'jinja2', 'reports', install('eval')),
    Option('shapely', 'shapely', 'rotated boxes', install('eval')),
    Option('onnx', 'onnx', 'export', install('export')),
    Option('onnxruntime', 'onnxruntime', '--backend onnxruntime', install('export')),
    Option('aiohttp', 'aiohttp', 'web', install('web')),
    Option('ray', 'ray', 'evaluate --ray', install('ray')),
    Option('scikit-image', 'skimage', 'make demo', install('eval')),
    Option('cv_bridge', 'cv_bridge', 'rare image encodings', "your ROS distribution's cv_bridge"),
)


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command, which has no arguments."""
    subparsers.add_parser(
        'doctor', description='Say what is installed, and what is missing for what.'
    )


def run(args: argparse.Namespace) -> int:
    """Print the report; 0 where tracking works, else 1."""
    print(f'siam_tracker_ros {__version__}')
    print(f'Python {platform.python_version()} ({sys.executable}), {platform.platform()}')
    missing: list[str] = []
    library = _report_needs('\nlibrary', 'tracking', LIBRARY, missing)
    _report_devices(library['torch'])
    works = all(result.works for result in library.values()) and _report_trials(missing)
    _report_needs('\nROS 2', 'the node', ROS, missing)
    _report_options(missing)
    print('\nmissing' if missing else '\nnothing is missing')
    for line in missing:
        print(f'  {line}')
    print('\ntracking works' if works else '\ntracking does not work: see what is missing')
    return 0 if works else 1


def _report_needs(
    title: str, purpose: str, needs: tuple[Need, ...], missing: list[str]
) -> dict[str, Probe]:
    """Try each; `missing` gets a line for what does not work."""
    print(title)
    results = {}
    for need in needs:
        result = results[need.name] = probe(need.code)
        if result.works:
            _line('ok', need.name, _version(need.name, result))
        else:
            _line('MISSING', need.name, result.reason)
            missing.append(f'{need.name} for {purpose}: {need.cure}')
    return results


def _version(name: str, result: Probe) -> str:
    """Version as the module tells it; of ROS the distribution and its middleware."""
    if name != 'rclpy':
        return str(result.facts.get('version', ''))
    installed = next(
        (v for v in map(_installed_version, ('rclpy', 'ros-rclpy')) if v is not None), ''
    )
    distro = os.environ.get('ROS_DISTRO') or DISTROS.get(installed.partition('.')[0], '')
    return ' '.join(word for word in (installed, distro, result.facts['version']) if word)


def _report_devices(torch: Probe) -> None:
    print('\ndevices')
    if not torch.works:
        _line('unknown', 'torch', 'cannot be imported')
        return
    _line('ok', 'cpu', f'{torch.facts["threads"]} threads')
    for index, name in enumerate(torch.facts['devices']):
        _line('ok', f'cuda:{index}', name)
    if not torch.facts['devices']:
        built = torch.facts['cuda']
        why = f'torch is built for CUDA {built} but sees no device' if built else 'a CPU build'
        _line('none', 'cuda', why)


def _report_trials(missing: list[str]) -> bool:
    """Report whether every shipped checkpoint is intact and tracks, and return it."""
    print('\nweights')
    result = probe(SELF_TEST)
    if not result.works:
        _line('BROKEN', 'self-test', result.reason)
        missing.append(f'a working installation for tracking: {result.reason}')
        return False
    trials = result.facts['trials']
    for trial in trials:
        if trial['reason']:
            _line('BROKEN', trial['file'], trial['reason'])
            missing.append(f'weights for {trial["tracker"]}: {trial["reason"]}')
        else:
            speed = f'{trial["milliseconds"]:.0f} ms a frame on {trial["device"]}'
            _line('ok', trial['file'], f'verified, {trial["tracker"]} tracks with it, {speed}')
    if not trials:
        missing.append('weights: none are shipped; train some or give a file with --weights')
    return bool(trials) and not any(trial['reason'] for trial in trials)


def _report_options(missing: list[str]) -> None:
    print('\noptional')
    for option in OPTIONS:
        if util.find_spec(option.module) is None:
            _line('none', option.name, f'for {option.purpose}')
            missing.append(f'{option.name} for {option.purpose}: {option.cure}')
        else:
            version = _installed_version(option.name) or ''
            _line('ok', option.name, f'{version} for {option.purpose}'.strip())


def _installed_version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _line(mark: str, name: str, text: str) -> None:
    print(f'  {mark:8}{name}  {text}'.rstrip())
