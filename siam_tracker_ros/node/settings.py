# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node's own settings; the trackers bring theirs."""

from __future__ import annotations

from dataclasses import dataclass

from .. import trackers
from ..runtime import BACKENDS, TORCH
from ..settings import Settings, setting
from .image_rules import MOST_PIXELS


@dataclass(frozen=True)
class NodeSettings(Settings):
    """What the node does, whichever tracker it runs."""

    tracker: str = setting(
        trackers.DEFAULT, 'registered name of the tracker', choices=tuple(trackers.names())
    )
    weights: str = setting(
        'auto',
        "auto for the shipped checkpoint, else a file's path; for the backend onnxruntime also "
        'that of an exported folder',
    )
    backend: str = setting(TORCH, 'what runs the network', choices=BACKENDS)
    device: str = setting('auto', 'where the network runs: auto, cpu, cuda or cuda:N')
    precision: str = setting(
        'auto', 'number format of the network', choices=('auto', 'float32', 'bfloat16', 'float16')
    )
    image_transport: str = setting(
        'raw', 'raw reads the topic image, compressed reads image/compressed',
        choices=('raw', 'compressed'),
    )
    image_reliability: str = setting(
        'auto', "reliability of the image subscription; auto matches the publisher's",
        choices=('auto', 'reliable', 'best_effort'),
    )
    image_rectified: bool = setting(
        False, 'the images are rectified: ~/bearing takes P of camera_info, and no distortion'
    )
    max_targets: int = setting(
        8, 'most targets that are followed at once', low=1, high=256, dynamic=True
    )
    frame_buffer_seconds: float = setting(
        2.0, 'time for which images are kept, for regions of interest drawn on one of them',
        unit='s', low=0.0, high=60.0, dynamic=True,
    )
    frame_buffer_megabytes: int = setting(
        256, 'most memory for the kept images; the oldest ones leave first',
        unit='MB', low=0, high=65_536, dynamic=True,
    )
    max_image_pixels: int = setting(
        MOST_PIXELS, 'images with more pixels are dropped; the default is 7680x4320',
        unit='px', low=1, high=1_000_000_000, dynamic=True,
    )
    lost_timeout: float = setting(
        0.0, 'a target that is lost for longer is removed; 0 keeps it', unit='s', low=0.0,
        high=86_400.0, dynamic=True,
    )
    autostart: bool = setting(
        False, 'configure and activate at start; otherwise a lifecycle manager does'
    )
    exit_on_gpu_fault: bool = setting(
        False, 'end the process with code 3 where the GPU has failed, so that it is started again',
        dynamic=True,
    )
    bond: bool = setting(
        False, "while active, hold a bond with nav2's lifecycle manager; needs ROS' package bond"
    )


@dataclass(frozen=True)
class DebugSettings(Settings):
    """How the debug images look."""

    overlay_scale: float = setting(
        1.0, "size of ~/debug/overlay against the camera's image", low=0.1, high=1.0, dynamic=True
    )
