# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the video source; apart from the tracker's, which need torch."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Settings, setting


@dataclass(frozen=True)
class VideoSettings(Settings):
    """What the video source publishes, and when."""

    source: str = setting('', 'video file, folder of images, or index of a camera')
    fps: float = setting(
        0.0, "images per second; 0 keeps the source's own times", unit='Hz', low=0.0, high=1000.0
    )
    mode: str = setting(
        'rate',
        'rate publishes in time; lockstep waits until the last image was processed; step '
        'publishes on each call of ~/step',
        choices=('rate', 'lockstep', 'step'),
    )
    loop: bool = setting(False, 'begin again at the end')
    frame_id: str = setting('camera', 'frame_id of the images')
    reliability: str = setting(
        'reliable', 'what is offered to subscribers', choices=('reliable', 'best_effort')
    )
    wait_for_subscribers: int = setting(
        1, 'subscriptions of the images without which nothing is published', low=0, high=100
    )
