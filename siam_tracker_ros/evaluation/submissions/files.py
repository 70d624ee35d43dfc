# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of benchmarks that take one 1-based file per sequence: OTB, UAV123, TC128, LaSOT.

Times go to a folder beside them, where the GOT-10k toolkit looks for them. LaSOT's toolkit wants
an ending on the folder's name.
"""

from __future__ import annotations

from collections.abc import Sequence as List
from functools import partial
from pathlib import Path

from .base import Format, Result, box_lines, one_pass_boxes, time_lines, write_lines

FIRST_PIXEL = 1.0


def _write(ending: str, folder: Path, tracker: str, results: List[Result]) -> Path:
    place = folder / f'{tracker}{ending}'
    for result in results:
        trace = result.traces[0]
        lines = box_lines(one_pass_boxes(result, trace), FIRST_PIXEL)
        write_lines(place / f'{result.name}.txt', lines)
        write_lines(place / 'times' / f'{result.name}_time.txt', time_lines([trace]))
    return place


def _format(name: str, title: str, ending: str = '') -> Format:
    return Format(
        name=name,
        title=title,
        layout=(f'TRACKER{ending}/NAME.txt', f'TRACKER{ending}/times/NAME_time.txt'),
        convention='left,top,width,height, 1-based: left + 1, top + 1',
        server=None,
        write=partial(_write, ending),
    )


FORMATS = (
    _format('otb', 'OTB'),
    _format('uav123', 'UAV123'),
    _format('tc128', 'Temple-Color 128'),
    _format('lasot', 'LaSOT', '_tracking_result'),
)
