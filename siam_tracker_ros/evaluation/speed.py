# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a tracker answers, from the wall-clock times in its traces."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as List

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence
from .summary import Analysis, Measure, Passes, Summary
from .traces import INIT, Trace

MEASURES = (
    Measure('fps', 'fps', 'Frames per second of the median step.', unit='1/s', digits=0),
    *(
        Measure(
            f'p{percent}',
            f'p{percent}',
            f'Time within which {percent} % of the steps were done.',
            unit='ms',
            best='low',
            digits=1,
        )
        for percent in (50, 95, 99)
    ),
    Measure('start', 'Start', 'Median time of the starts.', unit='ms', best='low', digits=1),
)


class Speed(Analysis):
    """Times of the steps and of the starts of all passes, taken together.

    Reading the image is not in them; the first steps, which may be slow, are. They are only worth
    something where the machine did nothing else.
    """

    name = 'speed'
    title = 'Speed'
    measures = MEASURES

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        return Summary(
            overall=_figures(trace for sequence in sequences for trace in passes[sequence.name]),
            sequences={sequence.name: _figures(passes[sequence.name]) for sequence in sequences},
        )


def _figures(traces: Iterable[Trace]) -> dict[str, float]:
    empty: list[NDArray[np.float64]] = [np.zeros(0)]
    steps, starts = list(empty), list(empty)
    for trace in traces:
        # No time where nothing was asked: the start was refused, or the image was missed.
        measured = np.isfinite(trace.seconds)
        steps.append(trace.seconds[trace.tracked & measured])
        starts.append(trace.seconds[(trace.events == INIT) & measured])
    p50, p95, p99 = _percentiles(np.concatenate(steps), [50, 95, 99])
    [start] = _percentiles(np.concatenate(starts), [50])
    fps = float('nan') if not p50 else 1000 / p50
    return {'fps': fps, 'p50': p50, 'p95': p95, 'p99': p99, 'start': start}


def _percentiles(seconds: NDArray[np.float64], percents: List[float]) -> list[float]:
    """In milliseconds, by linear interpolation between two times; NaN where there are none."""
    if not len(seconds):
        return [float('nan')] * len(percents)
    return list((np.percentile(seconds, percents) * 1000).tolist())
