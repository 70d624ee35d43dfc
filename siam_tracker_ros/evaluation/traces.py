# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker said of one pass through a sequence, in memory and as a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
import csv
from dataclasses import dataclass, field
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError

Array = NDArray[np.float64]

# Events: what happened at a frame, besides tracking.
TRACKED = ''
INIT = 'init'  # started here, on the true box
FAILURE = 'failure'  # the protocol ended the run here: the overlap was gone
SKIPPED = 'skipped'  # nobody tracked: before the start, or between a failure and the next one
EVENTS = (TRACKED, INIT, FAILURE, SKIPPED)

COLUMNS = ('frame', 'event', 'x', 'y', 'w', 'h', 'score', 'state', 'seconds')


@dataclass(frozen=True)
class Trace:
    """One pass: a row for each of N images, whatever the protocol did in between.

    Attributes
    ----------
    boxes : ndarray
        (N, 4) float64 left, top, width, height in continuous pixels: what the tracker said, and
        the box it was given where the event is `INIT`. NaN where it was skipped.
    scores : ndarray
        (N,) the tracker's confidence; NaN where it has none.
    states : ndarray
        (N,) str: ``tracking``, ``uncertain``, ``lost``, or empty where the tracker says nothing.
    seconds : ndarray
        (N,) wall-clock time of the start or of the step, without reading the image; NaN where
        skipped.
    events : ndarray
        (N,) str, each one of `EVENTS`.
    stages : mapping of str to ndarray
        (N,) seconds of each stage that was recorded.
    """

    boxes: Array
    scores: Array
    states: NDArray[np.str_]
    seconds: Array
    events: NDArray[np.str_]
    stages: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def empty(cls, count: int) -> Trace:
        """A trace in which every frame was skipped, to be filled."""
        return cls(
            boxes=np.full((count, 4), np.nan),
            scores=np.full(count, np.nan),
            states=np.full(count, '', dtype='<U9'),
            seconds=np.full(count, np.nan),
            events=np.full(count, SKIPPED, dtype='<U7'),
        )

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(N,) whether the box is the tracker's own word, rather than given or skipped."""
        return np.asarray((self.events == TRACKED) | (self.events == FAILURE))


def write_trace(path: Path, trace: Trace) -> None:
    """Write a trace so that it is there whole or not at all, and reads back to the same bits."""
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    names = list(trace.stages)
    with partial.open('w', encoding='ascii', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow([*COLUMNS, *names])
        columns = [
            trace.events.tolist(),
            *trace.boxes.T.tolist(),
            trace.scores.tolist(),
            trace.states.tolist(),
            trace.seconds.tolist(),
            *(trace.stages[name].tolist() for name in names),
        ]
        # repr of a float is the shortest text that reads back to it; csv uses it.
        writer.writerows([index, *row] for index, row in enumerate(zip(*columns)))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_trace(path: Path) -> Trace:
    """Read what `write_trace` wrote.

    Raises
    ------
    UserError
        The file is not a trace.
    """
    try:
        with path.open(encoding='ascii', newline='') as file:
            header, *rows = csv.reader(file)
        if tuple(header[: len(COLUMNS)]) != COLUMNS:
            raise ValueError('the header differs')
        columns = list(zip(*rows)) or [()] * len(header)
        numbers = {
            name: np.array(column, np.float64)
            for name, column in zip(header, columns)
            if name not in ('event', 'state')
        }
        events, states = np.array(columns[1], '<U7'), np.array(columns[7], '<U9')
        if len(columns) != len(header) or not np.isin(events, EVENTS).all():
            raise ValueError('rows or events differ')
        return Trace(
            boxes=np.stack([numbers[name] for name in 'xywh'], axis=1),
            scores=numbers['score'],
            states=states,
            seconds=numbers['seconds'],
            events=events,
            stages={name: numbers[name] for name in header[len(COLUMNS) :]},
        )
    except (ValueError, IndexError, csv.Error) as error:
        raise UserError(
            f'{path} is not a trace of this program ({error}): expected the columns '
            f'{",".join(COLUMNS)}; remove the file to have it made again'
        ) from error
