# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the results of ``siam-tracker track`` go: a CSV file, a video, a bag."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import Protocol

from ..bags import BagWriter
from ..drawing import draw_overlay
from ..images import Image
from ..outputs import check_output_file
from ..trackers.base import Estimate
from ..video import VideoWriter

COLUMNS = ('frame', 'x', 'y', 'w', 'h', 'score', 'state')
STDOUT = '-'
TARGET_ID = '1'


@dataclass(frozen=True)
class Step:
    """One frame and what is known after it.

    Attributes
    ----------
    index : int
        Number of the frame, from 0.
    image : ndarray
        (H, W, 3) uint8, BGR.
    stamp : float
        Seconds since the first frame.
    estimate : Estimate
    seconds : float
        Time that the tracker took.
    """

    index: int
    image: Image
    stamp: float
    estimate: Estimate
    seconds: float


class Sink(Protocol):
    """Takes one step after the other."""

    def write(self, step: Step) -> None:
        """Append a step."""

    def close(self) -> None:
        """Complete what was written."""


class CsvSink:
    """A row per frame, each on the disk as soon as it is known.

    Parameters
    ----------
    path : str
        ``-`` for the standard output.

    Raises
    ------
    UserError
        The place cannot be written.
    """

    def __init__(self, path: str) -> None:
        if path == STDOUT:
            self._file = sys.stdout
        else:
            target = check_output_file(path, 'CSV')
            self._file = target.open('w', newline='', encoding='utf-8', buffering=1)
        self._rows = csv.writer(self._file, lineterminator='\n')
        self._rows.writerow(COLUMNS)

    def write(self, step: Step) -> None:
        """Append a row: left-top corner and size in 0-based pixels."""
        box = (f'{value:.4f}' for value in step.estimate.box.ltwh)
        estimate = step.estimate
        self._rows.writerow((step.index, *box, f'{estimate.score:.4f}', estimate.state.value))

    def close(self) -> None:
        """Close the file; the standard output stays open."""
        if self._file is sys.stdout:
            self._file.flush()
        else:
            self._file.close()


class VideoSink:
    """An mp4 with the overlay of every frame."""

    def __init__(self, path: Path, fps: float) -> None:
        self._writer = VideoWriter(path, fps)

    def write(self, step: Step) -> None:
        """Append a frame."""
        self._writer.write(draw_overlay(step.image, [step.estimate]))

    def close(self) -> None:
        """Complete the file."""
        self._writer.close()


class BagSink:
    """A rosbag2 folder."""

    def __init__(self, path: Path, tracker: str, images: str) -> None:
        self._writer = BagWriter(path, tracker, images)

    def write(self, step: Step) -> None:
        """Append image, detections and status."""
        self._writer.write(
            step.image, step.stamp, [step.estimate], [TARGET_ID], step.seconds
        )

    def close(self) -> None:
        """Complete the bag."""
        self._writer.close()
