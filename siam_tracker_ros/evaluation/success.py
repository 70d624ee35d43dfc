# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Success and precision of one-pass evaluation (Wu et al. 2013, section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as List
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence
from . import measures
from .averages import by_attribute, mean_defined
from .overlap import overlaps
from .summary import Analysis, Curve, Measure, Passes, Summary
from .traces import INIT, SKIPPED, Trace

Array = NDArray[np.float64]


class Success(Analysis):
    """Success AUC, precision at 20 pixels and normalised precision.

    The figure of a sequence is over the frames of all its passes together, as the toolkit of OTB
    counts SRE and TRE: of the passes of TRE, the long ones weigh more. The overall figure is the
    mean over sequences, and that of an attribute the mean over the sequences that have it.

    The frame in which a pass starts counts, as if the true box stood there: the toolkits of OTB
    and LaSOT put it in. Frames whose target is absent or unlabelled do not count, as in the
    GOT-10k toolkit's evaluation of UAV123. A pass in which nothing but its start would count has
    no figures: the start alone would make every tracker perfect.

    Parameters
    ----------
    absent_is_miss : bool
        Whether frames that are known to be without the target count as missed, which lowers
        every figure by their share: the MATLAB toolkits of OTB (success) and LaSOT (all plots)
        divide by the number of all frames.
    """

    name = 'success'
    title = 'Success and precision'
    measures = (
        Measure(
            'auc', 'AUC',
            'Area under the success plot: mean over 21 thresholds from 0 to 1 of the share of '
            'frames whose overlap is above the threshold.',
        ),
        Measure(
            'precision', 'P20',
            'Share of frames whose centre is at most 20 pixels from the true one.',
        ),
        Measure(
            'normalised_precision', 'Pnorm',
            'Area under the normalised precision plot, from 0 to half the size of the target '
            '(TrackingNet).',
        ),
        Measure(
            'normalised_precision_20', 'Pnorm 0.2',
            'Share of frames whose centre is at most a fifth of the size of the target from the '
            'true one (LaSOT).',
        ),
        Measure('sr50', 'SR 0.5', 'Share of frames whose overlap is above 0.5.'),
    )  # fmt: skip

    def __init__(self, absent_is_miss: bool = False) -> None:
        self._absent_is_miss = absent_is_miss

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        found = {
            sequence.name: _evaluate(self._frames(sequence, passes[sequence.name]))
            for sequence in sequences
        }

        def average(names: Iterable[str]) -> dict[str, float]:
            rows = [found[name].figures for name in names]
            return self._named(mean_defined(rows, len(self.measures)))

        overall = average(found)
        return Summary(
            overall=overall,
            sequences={name: self._named(found[name].figures) for name in found},
            attributes={key: average(names) for key, names in by_attribute(sequences).items()},
            curves=_curves(list(found.values()), overall),
        )

    def _named(self, figures: Array) -> dict[str, float]:
        return {
            measure.name: value for measure, value in zip(self.measures, figures.tolist())
        }

    def _frames(self, sequence: Sequence, traces: Iterable[Trace]) -> _Frames:
        parts = [_compare(sequence, trace, self._absent_is_miss) for trace in traces]
        return _Frames(*(np.concatenate(column) for column in zip(_NONE, *parts)))


class _Frames(NamedTuple):
    """What counts: (N,) each."""

    overlaps: Array
    errors: Array
    normalised: Array


_NONE = _Frames(np.zeros(0), np.zeros(0), np.zeros(0))


class _Result(NamedTuple):
    """Of one sequence: (M,) figures in the order of `Success.measures`, and (T,) curves."""

    figures: Array
    success: Array
    precision: Array
    normalised: Array


def _compare(sequence: Sequence, trace: Trace, absent_is_miss: bool) -> _Frames:
    """What counts of one pass."""
    present = sequence.present & (trace.events != SKIPPED)
    started = present & (trace.events == INIT)
    count = present.copy()
    if absent_is_miss:
        count |= sequence.absent & (trace.events != SKIPPED)
    if not (count & ~started).any():
        return _NONE
    overlap = np.where(started, 1.0, overlaps(trace.boxes, sequence))
    # A true box without area is none.
    truth = np.where(sequence.present[:, None], sequence.boxes, np.nan)
    errors = np.where(started, 0.0, measures.centre_errors(trace.boxes, truth))
    normalised = np.where(started, 0.0, measures.normalised_errors(trace.boxes, truth))
    return _Frames(overlap[count], errors[count], normalised[count])


def _evaluate(frames: _Frames) -> _Result:
    success = measures.success_curve(frames.overlaps)
    figures = [
        success.mean(),
        measures.precision_curve(frames.errors, np.array([measures.PRECISION_PIXELS]))[0],
        measures.normalised_precision(frames.normalised),
        measures.precision_curve(frames.normalised, np.array([measures.NORMALISED_RANK]))[0],
        measures.success_curve(frames.overlaps, np.array([0.5]))[0],
    ]
    return _Result(
        figures=np.array(figures),
        success=success,
        precision=measures.precision_curve(frames.errors),
        normalised=measures.precision_curve(frames.normalised, measures.NORMALISED),
    )


def _curves(results: List[_Result], overall: dict[str, float]) -> tuple[Curve, ...]:
    """The plots, averaged over sequences."""
    success = mean_defined([result.success for result in results], len(measures.OVERLAPS))
    precision = mean_defined([result.precision for result in results], len(measures.PIXELS))
    normalised = mean_defined([result.normalised for result in results], len(measures.NORMALISED))
    return (
        Curve(
            'success', 'Success', 'overlap threshold', 'share of frames above it',
            measures.OVERLAPS, success, overall['auc'],
        ),
        Curve(
            'precision', 'Precision', 'distance of the centres (px)', 'share of frames within it',
            measures.PIXELS, precision, overall['precision'],
        ),
        Curve(
            'normalised_precision', 'Normalised precision',
            'distance of the centres (sizes of the target)', 'share of frames within it',
            measures.NORMALISED, normalised, overall['normalised_precision'],
        ),
    )  # fmt: skip
