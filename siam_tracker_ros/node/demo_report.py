# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the demo leaves: a table of all frames, and a summary in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import csv
from dataclasses import dataclass
import math
from pathlib import Path

import numpy as np

from ..geometry import Box
from ..images import Image

NEW = 'new'
TRACKING = 'tracking'
COLUMNS = ('frame', 'stamp', 'x', 'y', 'w', 'h', 'score', 'state', 'latency_ms', 'iou')


@dataclass(frozen=True)
class Record:
    """What the node said about one frame.

    Attributes
    ----------
    frame : int
        Number of the frame in the clip, from 0.
    stamp : float
        Stamp of the image in seconds.
    box : Box or None
        Where the target is or was last seen, in continuous pixels; None before there was one.
    score : float
        In [0, 1].
    state : str
        'new' on the image where tracking started, then 'tracking', 'uncertain' or 'lost'; 'none'
        where the node had no target.
    latency : float
        From the stamp to the arrival of the detections, in seconds.
    """

    frame: int
    stamp: float
    box: Box | None
    score: float
    state: str
    latency: float


@dataclass(frozen=True)
class Summary:
    """The figures of one run.

    Attributes
    ----------
    published, processed, dropped : int
        Frames that the source sent, that the node answered, and the difference.
    detected : int
        Frames after the first with a detection.
    seconds : float
        From the first frame to the last answer.
    latency_p50, latency_p95 : float
        Stamp to detection received, in milliseconds.
    mean_iou : float or None
        Over the frames after the first whose box is known; None where none is.
    known : int
        Number of those frames.
    """

    published: int
    processed: int
    dropped: int
    detected: int
    seconds: float
    latency_p50: float
    latency_p95: float
    mean_iou: float | None
    known: int

    @property
    def fps(self) -> float:
        """Frames answered per second."""
        return self.processed / self.seconds if self.seconds > 0 else 0.0

    def line(self) -> str:
        """All in one line."""
        text = (
            f'{self.published} frames published, {self.processed} processed, '
            f'{self.dropped} dropped, {self.detected} with a detection; {self.fps:.1f} fps, '
            f'latency p50 {self.latency_p50:.1f} ms, p95 {self.latency_p95:.1f} ms'
        )
        if self.mean_iou is not None:
            text += f'; mean IoU {self.mean_iou:.3f} over {self.known} frames'
        return text


def overlap(record: Record, truth: Mapping[int, Box]) -> float | None:
    """IoU of one frame's box, 0 where there is none; None where the true box is not known."""
    known = truth.get(record.frame)
    if known is None:
        return None
    return record.box.iou(known) if record.box is not None else 0.0


def held_box_overlap(records: Sequence[Record], frame: int, known: Box) -> float:
    """IoU of the last box up to a frame."""
    before = [record.box for record in records if record.frame <= frame]
    box = before[-1] if before else None
    return box.iou(known) if box is not None else 0.0


def summarise(
    records: Sequence[Record], published: int, seconds: float, truth: Mapping[int, Box]
) -> Summary:
    """Reduce the records of a run to its figures.

    The first frame holds the box that was given, so it counts neither as detected nor for the
    IoU. In a frame that the node dropped, the box before it is the answer, as in VOT's real-time
    protocol.

    Parameters
    ----------
    records : sequence of Record
        In order, one per answered frame.
    published : int
        Frames that the source sent.
    seconds : float
        From the first frame to the last answer.
    truth : mapping of int to Box
        Known boxes by the number of the frame.
    """
    later = [record for record in records if record.frame > 0]
    latencies = [1e3 * record.latency for record in later] or [math.nan]
    known = [index for index in truth if 0 < index < published]
    overlaps = [held_box_overlap(records, index, truth[index]) for index in known]
    p50, p95 = (float(value) for value in np.percentile(latencies, [50, 95]))
    return Summary(
        published=published,
        processed=len(records),
        dropped=published - len(records),
        detected=sum(record.state == TRACKING for record in later),
        seconds=seconds,
        latency_p50=p50,
        latency_p95=p95,
        mean_iou=sum(overlaps) / len(known) if known else None,
        known=len(known),
    )


def write_csv(path: Path, records: Sequence[Record], truth: Mapping[int, Box]) -> None:
    """Write a row per answered frame; boxes as left-top corner and size in 0-based pixels."""
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for record in records:
            corners = ['', '', '', '']
            if record.box is not None:
                corners = [f'{value:.3f}' for value in record.box.ltwh]
            iou = overlap(record, truth)
            writer.writerow(
                [
                    record.frame,
                    f'{record.stamp:.9f}',
                    *corners,
                    f'{record.score:.4f}',
                    record.state,
                    f'{1e3 * record.latency:.2f}',
                    '' if iou is None else f'{iou:.4f}',
                ]
            )


class Highlights:
    """A bounded choice of pictures, evenly spread over a stream of unknown length.

    Parameters
    ----------
    wanted : int
        How many are chosen in the end; at most twice as many are kept meanwhile.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self._stride = 1
        self._seen = 0
        self._kept: list[Image] = []

    def add(self, image: Image) -> None:
        """Take the next picture of the stream."""
        if self._seen % self._stride == 0:
            self._kept.append(image)
            if len(self._kept) > 2 * self.wanted:
                self._kept = self._kept[::2]
                self._stride *= 2
        self._seen += 1

    def chosen(self) -> list[Image]:
        """Return at most the wanted number of pictures, from first to last."""
        count = min(self.wanted, len(self._kept))
        places = np.linspace(0, len(self._kept) - 1, count).round().astype(int)
        return [self._kept[place] for place in places]
