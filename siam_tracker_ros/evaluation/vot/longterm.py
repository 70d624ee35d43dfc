# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking precision, recall and F-measure of VOT-LT.

Lukezic et al., "Now you see me: evaluating performance in long-term visual tracking", 2018.
"""

from __future__ import annotations

from collections.abc import Sequence as List
import math

import numpy as np
from numpy.typing import NDArray

from ...sequences import Sequence, image_size
from ..averages import by_attribute
from ..summary import Analysis, Curve, Measure, Passes, Summary
from ..traces import INIT, Trace
from .regions import region_overlaps

Array = NDArray[np.float64]

THRESHOLDS = 100


class LongTerm(Analysis):
    """Precision and recall of the boxes that a tracker is confident of, at its best threshold.

    Precision is the mean overlap over the images in which the score reaches the threshold; where
    the target is absent the overlap is 0. Recall is the sum of these overlaps over the number of
    images that show the target. Both are averaged over passes and sequences at each threshold,
    and F is the highest harmonic mean. A score that a tracker does not have counts as 0, so that
    one without scores has one threshold: all of its boxes. A NaN box is no report at all. Images
    that nobody labelled do not count.

    Parameters
    ----------
    count_start : bool
        Whether the image of the start counts, as one that shows the target and in which nothing
        was found. So vot-toolkit has it; a perfect tracker then has recall (N - 1) / N.
    """

    name = 'longterm'
    title = 'Long-term tracking'
    measures = (
        Measure('f', 'F', 'Harmonic mean of precision and recall at the best threshold.'),
        Measure('precision', 'Pr', 'Mean overlap where the score reaches the best threshold.'),
        Measure(
            'recall', 'Re', 'Overlap found at the best threshold, as a share of what is to find.'
        ),
    )

    def __init__(self, count_start: bool = True) -> None:
        self.count_start = count_start

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        thresholds = choose_thresholds(
            np.concatenate(
                [
                    np.zeros(0),
                    *(_scores(trace)[_labelled(s)] for s in sequences for trace in passes[s.name]),
                ]
            )
        )
        # (2, T) precision and recall of each sequence.
        tables = {
            item.name: np.mean(
                [self._precision_recall(item, trace, thresholds) for trace in passes[item.name]],
                axis=0,
            )
            for item in sequences
        }
        if not tables:
            return Summary({measure.name: math.nan for measure in self.measures})
        table = np.mean(list(tables.values()), axis=0)
        f = _harmonic(table)
        best = int(f.argmax())

        def figures(part: Array) -> dict[str, float]:
            precision, recall = part[:, best].tolist()
            value = float(_harmonic(part)[best])
            return {'f': value, 'precision': precision, 'recall': recall}

        return Summary(
            overall=figures(table),
            sequences={name: figures(part) for name, part in tables.items()},
            attributes={
                label: figures(np.mean([tables[name] for name in names], axis=0))
                for label, names in by_attribute(sequences).items()
            },
            curves=_curves(table, f, float(f[best])),
        )

    def _precision_recall(self, sequence: Sequence, trace: Trace, thresholds: Array) -> Array:
        """Precision and recall of one pass: (2, T)."""
        overlaps = region_overlaps(trace.boxes, sequence, image_size(sequence))
        overlaps[trace.events == INIT] = 0.0
        counts = _labelled(sequence)
        if not self.count_start:
            counts = counts & (trace.events != INIT)
        scores = _scores(trace)
        reported = counts & ~np.isnan(scores)
        order = np.argsort(-scores[reported], kind='stable')
        found = np.concatenate([[0.0], np.cumsum(overlaps[reported][order])])
        # How many scores reach each threshold.
        numbers = np.searchsorted(-scores[reported][order], -thresholds, side='right')
        visible = np.count_nonzero(counts & sequence.present)
        # Nothing said is nothing wrong, and nothing there is nothing missed.
        precision = np.where(numbers > 0, found[numbers] / np.maximum(numbers, 1), 1.0)
        recall = found[numbers] / visible if visible else np.ones(len(thresholds))
        return np.stack([precision, recall])


def choose_thresholds(scores: Array, resolution: int = THRESHOLDS) -> Array:
    """Thresholds that split the scores of a tracker into parts of equal size.

    Parameters
    ----------
    scores : ndarray
        (K,) of all images; NaN is left out.
    resolution : int
        How many there are at most, the two infinite ones included.

    Returns
    -------
    ndarray
        (T,) falling, from infinity to minus infinity.
    """
    ranked = -np.sort(-scores[~np.isnan(scores)])
    inner = resolution - 2
    if len(ranked) > inner:
        step = len(ranked) // inner
        ranked = ranked[np.round(np.linspace(step, len(ranked) - step, inner)).astype(np.intp)]
    return np.concatenate([[math.inf], ranked, [-math.inf]])


def _labelled(sequence: Sequence) -> NDArray[np.bool_]:
    return sequence.present | sequence.absent


def _scores(trace: Trace) -> Array:
    """(N,) scores; 0 where there is none, NaN where there is no box."""
    nothing = np.isnan(trace.boxes).any(axis=1)
    return np.where(nothing, np.nan, np.nan_to_num(trace.scores, nan=0.0))


def _harmonic(table: Array) -> Array:
    """F at each threshold of a (2, T) table; 0 where both are."""
    total = table.sum(axis=0)
    good = total > 0
    return np.asarray(
        np.divide(2.0 * table.prod(axis=0), total, out=np.zeros_like(total), where=good)
    )


def _curves(table: Array, f: Array, best: float) -> tuple[Curve, Curve]:
    precision, recall = table
    return (
        Curve(
            name='precision_recall',
            title='Tracking precision and recall',
            x_label='recall',
            y_label='precision',
            x=recall,
            y=precision,
            value=best,
        ),
        Curve(
            name='f',
            title='F-measure',
            x_label='share of thresholds',
            y_label='F',
            x=np.linspace(0.0, 1.0, len(f)),
            y=f,
            value=best,
        ),
    )
