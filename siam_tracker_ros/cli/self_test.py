# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether each tracker with shipped weights tracks, tried on an image that stands still."""

from __future__ import annotations

from dataclasses import asdict, dataclass
import json
import statistics
import time

import numpy as np

from .. import trackers, weights
from ..errors import UserError
from ..frames import Frame
from ..geometry import Box

STEPS = 5


@dataclass(frozen=True)
class Trial:
    """How one tracker did.

    Attributes
    ----------
    tracker, file : str
    device : str
    milliseconds : float
        Of the median step.
    reason : str
        Why it does not work; empty where it does.
    """

    tracker: str
    file: str
    device: str = ''
    milliseconds: float = 0.0
    reason: str = ''


def try_tracker(entry: weights.Entry, name: str) -> Trial:
    """Verify one shipped checkpoint and track with it.

    Parameters
    ----------
    entry : Entry
    name : str
        The tracker, one that the checkpoint serves.
    """
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    box = Box(160.0, 120.0, 60.0, 60.0)
    try:
        entry.verify()
        tracker = trackers.create(name, str(entry.path))
        target = tracker.start(Frame.from_numpy(image, tracker.device), box)
        times = []
        for _ in range(STEPS):
            begin = time.perf_counter()
            found = tracker.step(Frame.from_numpy(image, tracker.device), [target])[0].box
            times.append(time.perf_counter() - begin)
    except UserError as error:
        return Trial(name, entry.file, reason=str(error))
    if box.iou(found) < 0.5:
        return Trial(name, entry.file, reason='it loses an object that stands still')
    milliseconds = 1000 * statistics.median(times)
    return Trial(name, entry.file, str(tracker.device), milliseconds)


def main() -> None:
    """Print one line of JSON for `probes.probe`."""
    trials = [
        asdict(try_tracker(entry, name))
        for entry in weights.entries()
        for name in trackers.served(entry)
    ]
    print(json.dumps({'trials': trials}))
