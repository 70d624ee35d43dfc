# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The first run of a network, before the first image needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import time

import numpy as np

from ..errors import UserError
from ..faults import first_line, is_device_lost, is_out_of_memory
from ..frames import Frame
from ..geometry import Box
from ..trackers import Tracker

WIDTH, HEIGHT, SIDE = 640, 480, 64


def warm_up(tracker: Tracker) -> float:
    """Run a tracker at the sizes of its crops: tracked, after a pause, and lost.

    Libraries load, kernels are chosen and memory is reserved here, not while the camera runs.

    Returns
    -------
    float
        How long a search takes when all is loaded, seconds.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    frame = Frame.from_numpy(pixels, tracker.device)
    target = tracker.start(frame, Box(WIDTH / 2, HEIGHT / 2, SIDE, SIDE))
    tracker.step(frame, [target])
    begin = time.monotonic()
    tracker.step(frame, [target])
    seconds = time.monotonic() - begin
    for change in (target.pause, target.lose):
        change()
        tracker.step(frame, [target])
    return seconds


@contextmanager
def refuse_poor_device(name: str) -> Iterator[None]:
    """Say it in a sentence where a device cannot hold a tracker, or has failed.

    Parameters
    ----------
    name : str
        What the user called the device.

    Raises
    ------
    UserError
        It has too little memory, or this process can use it no more.
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise UserError(
                f'device {name} has too little memory to load the tracker and to search in a '
                f'{WIDTH}x{HEIGHT} image ({first_line(error)}): free some, or choose another '
                'device or tracker (parameters device and tracker)'
            ) from error
        if is_device_lost(error):
            raise UserError(
                f'device {name} has failed ({first_line(error)}): restart this process'
            ) from error
        raise
