# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Average overlap and success rates of GOT-10k (Huang et al. 2019, section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as List

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence
from .averages import by_attribute
from .measures import success_curve
from .overlap import overlaps
from .summary import Analysis, Curve, Measure, Passes, Summary
from .traces import Trace

Array = NDArray[np.float64]

THRESHOLDS: Array = np.linspace(0.0, 1.0, 101)
# How much of the target can be seen, from 0 (nothing) to 8 (all), for each frame.
COVER = 'cover'


class AverageOverlap(Analysis):
    """AO, and SR at overlaps of 0.5 and 0.75, by the rules of the GOT-10k toolkit.

    The frame in which a pass starts does not count, nor do frames whose target is absent: those
    without a true box, or with a ``cover`` of 0 where the sequence has that label. Where the
    sequence tells the size of its images, boxes are moved into them before they are compared (see
    `overlap.box_overlaps`).

    All frames of all sequences and passes are pooled, overall and for each attribute, so long
    sequences weigh more. The paper's class-balanced mAO, which the server gives, is another
    figure: the mean over object classes of the mean over the sequences of a class.
    """

    name = 'average_overlap'
    title = 'Average overlap'
    measures = (
        Measure('ao', 'AO', 'Mean overlap over all frames but the starts.'),
        Measure('sr50', 'SR 0.5', 'Share of frames whose overlap is above 0.5.'),
        Measure('sr75', 'SR 0.75', 'Share of frames whose overlap is above 0.75.'),
    )

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        found = {
            sequence.name: _pooled(_compare(sequence, trace) for trace in passes[sequence.name])
            for sequence in sequences
        }
        everything = _pooled(found.values())
        overall = _evaluate(everything)
        curve = Curve(
            'average_overlap', 'Success, all frames together',
            'overlap threshold', 'share of frames above it',
            THRESHOLDS, success_curve(everything, THRESHOLDS), overall['ao'],
        )  # fmt: skip
        return Summary(
            overall=overall,
            sequences={name: _evaluate(values) for name, values in found.items()},
            attributes={
                key: _evaluate(_pooled(found[name] for name in names))
                for key, names in by_attribute(sequences).items()
            },
            curves=(curve,),
        )


def _compare(sequence: Sequence, trace: Trace) -> Array:
    """Overlaps of the frames of one pass that count."""
    count = sequence.present & trace.tracked
    if COVER in sequence.frame_labels:
        count &= sequence.frame_labels[COVER] > 0
    return overlaps(trace.boxes, sequence, sequence.resolution)[count]


def _pooled(parts: Iterable[Array]) -> Array:
    return np.concatenate([np.zeros(0), *parts])


def _evaluate(values: Array) -> dict[str, float]:
    sr50, sr75 = success_curve(values, np.array([0.5, 0.75])).tolist()
    return {'ao': float(values.mean()) if len(values) else sr50, 'sr50': sr50, 'sr75': sr75}
