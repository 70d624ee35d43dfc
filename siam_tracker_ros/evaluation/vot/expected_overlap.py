# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The expected average overlap, EAO, by which VOT ranks short-term trackers since 2015."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as List

import numpy as np
from numpy.typing import NDArray

from ...errors import UserError
from ...sequences import Sequence, image_size
from ..averages import by_attribute
from ..summary import Analysis, Curve, Measure, Passes, Summary
from ..traces import FAILURE, INIT, Trace
from .intervals import INTERVALS, typical_lengths
from .regions import region_overlaps

Array = NDArray[np.float64]


class ExpectedOverlap(Analysis):
    """Mean overlap that is to be expected on a short sequence without restarts.

    The runs from a start to a failure or to the end of the sequence, over all passes, are the
    sample. After a failure a run goes on with overlap 0; a run that reached the end says nothing
    of longer sequences. The image of the start does not count, and neither do images in which
    nobody knows where the target is (Kristan et al. 2015).

    Parameters
    ----------
    interval : str or tuple of int or None
        Over which lengths, counted in images after the start, the curve is averaged: a name out
        of `INTERVALS`, two lengths that both belong to it, or None to find them by the rule of
        VOT from the sequences that are evaluated.

    Raises
    ------
    UserError
        No such name, or not an interval.
    """

    name = 'expected_overlap'
    title = 'Expected average overlap'
    measures = (
        Measure('eao', 'EAO', 'Expected average overlap on sequences of typical length.'),
    )

    def __init__(self, interval: str | tuple[int, int] | None = None) -> None:
        if isinstance(interval, str):
            if interval not in INTERVALS:
                raise UserError(
                    f'no interval of lengths is known for {interval!r}: '
                    f'expected one of {", ".join(INTERVALS)}, or two lengths'
                )
            interval = INTERVALS[interval]
        if interval is not None and not 1 <= interval[0] <= interval[1]:
            raise UserError(
                f'the interval of lengths is {interval[0]} to {interval[1]}: '
                'expected two lengths in rising order, at least 1'
            )
        self.interval = interval

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        low, high = self.interval or _typical(sequences)
        runs = {
            item.name: [run for trace in passes[item.name] for run in _runs(item, trace)]
            for item in sequences
        }

        def curve(names: Iterable[str]) -> Array:
            return expected_curve([run for name in names for run in runs[name]])

        def score(values: Array) -> float:
            # Both ends belong to it; what is longer than every sequence is left out. A sequence
            # of one image has no length.
            part = values[max(low, 1) : high + 1]
            return float(part.mean()) if part.size else float('nan')

        values = curve(runs)
        return Summary(
            overall={'eao': score(values)},
            attributes={
                label: {'eao': score(curve(names))}
                for label, names in by_attribute(sequences).items()
            },
            curves=(
                Curve(
                    name='expected_overlap',
                    title=f'Expected average overlap (mean over {low} to {high})',
                    x_label='images after the start',
                    y_label='expected overlap',
                    x=np.arange(1.0, len(values)),
                    y=values[1:],
                    value=score(values),
                ),
            ),
        )


def expected_curve(runs: list[tuple[Array, bool]]) -> Array:
    """Expected average overlap for each length.

    Parameters
    ----------
    runs : list of tuple
        Overlaps of a run, that of the start first, and whether it ended in a failure.

    Returns
    -------
    ndarray
        (L,) for the longest run's L images: at n, the mean over the n images after the start; 0
        at 0. Empty without runs.
    """
    longest = max((len(overlaps) for overlaps, _ in runs), default=0)
    padded = np.zeros((len(runs), longest))
    counts = np.zeros((len(runs), longest), np.bool_)
    for row, (overlaps, failed) in enumerate(runs):
        padded[row, 1 : len(overlaps)] = overlaps[1:]
        counts[row, : None if failed else len(overlaps)] = True
    means = np.cumsum(padded, axis=1) / np.maximum(np.arange(longest), 1)
    return np.asarray((means * counts).sum(axis=0) / counts.sum(axis=0))


def _runs(sequence: Sequence, trace: Trace) -> list[tuple[Array, bool]]:
    overlaps = region_overlaps(trace.boxes, sequence, image_size(sequence))
    starts = np.flatnonzero(trace.events == INIT)
    failures = np.flatnonzero(trace.events == FAILURE)
    # The k-th failure ends the k-th run; only the last one may have none.
    ends = np.append(failures, len(trace))[: len(starts)]
    known = sequence.present
    return [
        (overlaps[first:last][known[first:last]], last < len(trace))
        for first, last in zip(starts, ends)
    ]


def _typical(sequences: List[Sequence]) -> tuple[int, int]:
    if not sequences:
        return 1, 1
    low, high = typical_lengths([len(item.images) for item in sequences])
    # A sequence of n images has n - 1 after the start.
    longest = max(len(item.images) for item in sequences) - 1
    return min(low, longest), min(high, longest)
