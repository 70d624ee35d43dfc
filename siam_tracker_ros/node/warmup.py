# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The first run of a network, before the first image needs it."""

from __future__ import annotations

import time

import numpy as np
import torch

from ..errors import UserError
from ..frames import Frame
from ..geometry import Box
from ..trackers import Tracker

WIDTH, HEIGHT, SIDE = 640, 480, 64


def warm_up(tracker: Tracker) -> float:
    """Run a tracker at the sizes of its crops: for a target that is tracked and a lost one.

    Libraries load, kernels are chosen and memory is reserved here, not while the camera runs.

    Returns
    -------
    float
        How long a search takes when all is loaded, seconds.

    Raises
    ------
    UserError
        The device has too little memory.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    try:
        frame = Frame.from_numpy(pixels, tracker.device)
        target = tracker.start(frame, Box(WIDTH / 2, HEIGHT / 2, SIDE, SIDE))
        tracker.step(frame, [target])
        begin = time.monotonic()
        tracker.step(frame, [target])
        seconds = time.monotonic() - begin
        target.lose()
        tracker.step(frame, [target])
    except torch.cuda.OutOfMemoryError as error:
        sizes = str(error).splitlines()[0] if str(error) else 'no details'
        raise UserError(
            f'device {tracker.device} has too little memory for a {WIDTH}x{HEIGHT} image '
            f'({sizes}): free some, or set the parameter device to cpu'
        ) from error
    return seconds
