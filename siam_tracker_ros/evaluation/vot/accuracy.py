# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accuracy and robustness of the VOT challenges (Kristan et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence as List
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...sequences import Sequence, image_size
from ..averages import by_attribute
from ..summary import Analysis, Measure, Passes, Summary
from ..traces import FAILURE, INIT, TRACKED, Trace
from .regions import region_overlaps

Array = NDArray[np.float64]


class AccuracyRobustness(Analysis):
    """How well the box fits while the target is followed, and how often it is lost.

    Means over the passes of a sequence, and then over the sequences, each by its length: the
    rules of vot-toolkit. Images in which nobody knows where the target is do not count. The
    pooled accuracy is the mean over the images of all sequences, each first averaged over the
    passes.

    Parameters
    ----------
    burn_in : int
        Images from a start on, itself included, that accuracy leaves out: they are too easy.
    sensitivity : float
        Number of images after which robustness asks whether the target is still followed.
    """

    name = 'accuracy_robustness'
    title = 'Accuracy and robustness'
    measures = (
        Measure('accuracy', 'A', 'Mean overlap while the target is followed.'),
        Measure(
            'robustness',
            'R',
            'Probability that the target is still followed after 30 images: exp(-30 M / N) for M '
            'failures per sequence, weighted by length, and N images per sequence.',
        ),
        Measure('failures', 'Failures', 'Failures per sequence.', best='low', digits=2),
        Measure(
            'failures_per_100',
            'Failures/100',
            'Failures in 100 images: the raw robustness of the papers since 2016.',
            best='low',
        ),
        Measure(
            'total_failures', 'Total', 'Failures in all the sequences.', best='low', digits=1
        ),
        Measure(
            'pooled_accuracy',
            'A pooled',
            'Mean overlap over the images of all sequences: the accuracy of many papers.',
        ),
    )

    def __init__(self, burn_in: int = 10, sensitivity: float = 30.0) -> None:
        self.burn_in = burn_in
        self.sensitivity = sensitivity

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        rows = {item.name: self._row(item, passes[item.name]) for item in sequences}
        return Summary(
            overall=self._figures(list(rows.values())),
            sequences={name: self._figures([row]) for name, row in rows.items()},
            attributes={
                label: self._figures([rows[name] for name in names])
                for label, names in by_attribute(sequences).items()
            },
        )

    def _row(self, sequence: Sequence, traces: List[Trace]) -> _Row:
        overlaps = np.stack([self._overlaps(sequence, trace) for trace in traces])
        failures = [np.count_nonzero(trace.events == FAILURE) for trace in traces]
        return _Row(
            accuracy=float(_means(overlaps).mean()),
            failures=float(np.mean(failures)),
            length=len(sequence.images),
            pooled=float(_means(overlaps.T).sum()),
            counted=int((~np.isnan(overlaps)).any(axis=0).sum()),
        )

    def _overlaps(self, sequence: Sequence, trace: Trace) -> Array:
        """(N,) overlaps of one pass; NaN where the image does not count."""
        frames = np.arange(len(trace))
        starts = np.where(trace.events == INIT, frames, -self.burn_in)
        settled = frames - np.maximum.accumulate(starts) >= self.burn_in
        counts = settled & (trace.events == TRACKED) & sequence.present
        overlaps = region_overlaps(trace.boxes, sequence, image_size(sequence))
        return np.where(counts, overlaps, np.nan)

    def _figures(self, rows: list[_Row]) -> dict[str, float]:
        if not rows:
            return {measure.name: math.nan for measure in self.measures}
        accuracies, failures, lengths, pooled, counted = np.array(rows, np.float64).T
        per_sequence = float(np.average(failures, weights=lengths))
        # The toolkit divides weighted means; the papers' count per 100 images is the plain share.
        rate = per_sequence / float(lengths.mean())
        return {
            'accuracy': float(np.average(accuracies, weights=lengths)),
            'robustness': math.exp(-self.sensitivity * rate),
            'failures': per_sequence,
            'failures_per_100': 100.0 * float(failures.sum() / lengths.sum()),
            'total_failures': float(failures.sum()),
            'pooled_accuracy': float(pooled.sum() / max(counted.sum(), 1.0)),
        }


class _Row(NamedTuple):
    """One sequence: means over its passes."""

    accuracy: float
    failures: float
    length: int
    pooled: float  # sum over the images that count in any pass
    counted: int


def _means(overlaps: Array) -> Array:
    """Mean of each row without its NaNs; 0 where all are NaN, as in vot-toolkit."""
    counts = np.count_nonzero(~np.isnan(overlaps), axis=1)
    return np.asarray(np.nansum(overlaps, axis=1) / np.maximum(counts, 1))
