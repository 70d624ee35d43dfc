# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of TrackingNet: one file of boxes per sequence, all at the root of the archive."""

from __future__ import annotations

from collections.abc import Sequence as List
from pathlib import Path

from .base import Format, Result, archive, box_lines, one_pass_boxes, write_lines


def _write(folder: Path, tracker: str, results: List[Result]) -> Path:
    place = folder / tracker
    for result in results:
        boxes = one_pass_boxes(result, result.traces[0])
        write_lines(place / f'{result.name}.txt', box_lines(boxes))
    files = [place / f'{result.name}.txt' for result in results]
    return archive(folder / f'{tracker}.zip', place, files)


TRACKINGNET = Format(
    name='trackingnet',
    title='TrackingNet',
    layout=('TRACKER/NAME.txt', 'TRACKER.zip'),
    convention='left,top,width,height, 0-based: as they stand',
    server='trackingnet',
    write=_write,
)
