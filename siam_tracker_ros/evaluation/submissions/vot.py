# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of VOT as its toolkits keep them: a folder per experiment, below it one per sequence.

A row is a region: ``1`` where the tracker was started, ``2`` where it failed, ``0`` where it did
not run or gave no box, else a rectangle. What belongs to each image besides stands in ``*.value``
files, with an empty line where there is nothing; the toolkit in MATLAB wants the times in one
table, too.
"""

from __future__ import annotations

from collections.abc import Sequence as List
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..traces import FAILURE, INIT, SKIPPED, TRACKED, Trace
from .base import Format, Result, box_lines, remove_earlier, time_lines, write_lines

SPECIAL = {SKIPPED: '0', INIT: '1', FAILURE: '2'}


def _write(
    experiment: str, confidence: bool, folder: Path, tracker: str, results: List[Result]
) -> Path:
    place = folder / tracker / experiment
    for result in results:
        inner = place / result.name
        remove_earlier(inner, result.name)
        for number, trace in enumerate(result.traces, 1):
            stem = f'{result.name}_{number:03d}'
            write_lines(inner / f'{stem}.txt', _regions(trace))
            write_lines(inner / f'{stem}_time.value', _values(trace.seconds))
            if confidence:
                write_lines(inner / f'{stem}_confidence.value', _values(trace.scores))
        write_lines(inner / f'{result.name}_time.txt', time_lines(result.traces))
    return place


def _regions(trace: Trace) -> list[str]:
    silent = (trace.events == TRACKED) & ~np.isfinite(trace.boxes).all(axis=1)
    events = np.where(silent, SKIPPED, trace.events).tolist()
    return [SPECIAL.get(event, line) for event, line in zip(events, box_lines(trace.boxes))]


def _values(values: NDArray[np.float64]) -> list[str]:
    return ['' if np.isnan(value) else repr(value) for value in values.tolist()]


def _format(name: str, title: str, experiment: str, confidence: bool = False) -> Format:
    layout = [f'TRACKER/{experiment}/NAME/NAME_001{end}' for end in ('.txt', '_time.value')]
    if confidence:
        layout.append(f'TRACKER/{experiment}/NAME/NAME_001_confidence.value')
    return Format(
        name=name,
        title=title,
        layout=(*layout, f'TRACKER/{experiment}/NAME/NAME_time.txt'),
        convention='left,top,width,height, 0-based: as they stand',
        server=None,
        write=partial(_write, experiment, confidence),
    )


FORMATS = (
    _format('vot', 'VOT, supervised', 'baseline'),
    _format('vot-realtime', 'VOT, real-time', 'realtime'),
    _format('vot-lt', 'VOT, long-term', 'longterm', confidence=True),
)
