# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of GOT-10k, as its toolkit writes them and its server takes them.

A folder per sequence has a file of boxes per repetition, and one of times with a column for each.
The archive holds those folders at its root.
"""

from __future__ import annotations

from collections.abc import Sequence as List
from pathlib import Path

from .base import (
    Format,
    Result,
    archive,
    box_lines,
    one_pass_boxes,
    remove_earlier,
    time_lines,
    write_lines,
)


def _write(folder: Path, tracker: str, results: List[Result]) -> Path:
    files = []
    for result in results:
        place = folder / tracker / result.name
        rows = [box_lines(one_pass_boxes(result, trace)) for trace in result.traces]
        paths = [place / f'{result.name}_{number:03d}.txt' for number in range(1, len(rows) + 1)]
        remove_earlier(place, result.name)
        for path, lines in zip(paths, rows):
            write_lines(path, lines)
        paths.append(place / f'{result.name}_time.txt')
        write_lines(paths[-1], time_lines(result.traces))
        files += paths
    return archive(folder / f'{tracker}.zip', folder / tracker, files)


GOT10K = Format(
    name='got10k',
    title='GOT-10k',
    layout=('TRACKER/NAME/NAME_001.txt', 'TRACKER/NAME/NAME_time.txt', 'TRACKER.zip'),
    convention='left,top,width,height, 0-based: as they stand',
    server='got10k-test',
    write=_write,
)
