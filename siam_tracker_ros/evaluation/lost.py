# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How well a tracker knows that it has lost its target; ``docs/lost.md`` defines the measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as List
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence
from .averages import by_attribute
from .episodes import HORIZON, RIGHT, Run, loss_delays, return_delays, runs
from .reliability import BINS, Reliability, reliability
from .roc import auroc, roc
from .summary import Analysis, Curve, Measure, Passes, Summary

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Kind = TypeVar('Kind', np.float64, np.bool_)

MEASURES = (
    Measure(
        'auroc_overlap',
        'AUROC',
        f'Probability that a frame whose box is right (IoU > {RIGHT}) has a higher score than one '
        'whose box is not, ties counted half; over the frames of all sequences together.',
    ),
    Measure(
        'auroc_sequences',
        'AUROC per sequence',
        'The same inside of each sequence, then the mean over those that have both kinds of '
        'frames.',
    ),
    Measure(
        'auroc_presence',
        'AUROC presence',
        'Probability that a frame with the target in view has a higher score than one without, '
        'ties counted half; over the frames of all sequences together.',
    ),
    Measure(
        'lost_delay',
        'Delay to LOST',
        'Median number of frames from the beginning of a loss to the first state LOST, over the '
        'losses in which LOST was said.',
        unit='frames',
        best='low',
        digits=1,
    ),
    Measure(
        'lost_missed',
        'Losses not told',
        'Share of losses in which LOST was never said.',
        best='low',
    ),
    Measure(
        'losses',
        'Losses',
        'Number of losses in one pass through all sequences: the target went out of view, or the '
        'box left it.',
        best='low',
        digits=1,
    ),
    Measure(
        'false_boxes',
        'False boxes',
        'Share of frames without the target in which the state is not LOST.',
        best='low',
    ),
    Measure(
        'false_alarms',
        'False alarms',
        f'Share of frames whose box is right (IoU > {RIGHT}) in which the state is LOST.',
        best='low',
    ),
    Measure(
        'recovery',
        'Recovery',
        'Share of absences after which the tracker is back (box right, state not LOST) within '
        f'{HORIZON} frames and before the next absence.',
    ),
    Measure(
        'recovery_delay',
        'Delay of recovery',
        'Median number of frames from the end of an absence until the tracker is back, over the '
        'absences after which it is.',
        unit='frames',
        best='low',
        digits=1,
    ),
    Measure(
        'calibration_error',
        'Calibration error',
        f'Mean distance of the score from the share of right boxes, in {BINS} bins of the score '
        'weighted by their frames; only where the score lies in [0, 1].',
        best='low',
    ),
)


@dataclass(frozen=True)
class _Pool:
    """Frames and events of several runs, taken together."""

    scores: Array
    right: Flags
    absent: Flags
    told: Flags
    lost: Flags
    loss_delays: Array
    return_delays: Array

    @classmethod
    def of(cls, found: List[Run]) -> _Pool:
        return cls(
            scores=_joined((run.scores for run in found), np.float64),
            right=_joined((run.right for run in found), np.bool_),
            absent=_joined((run.absent for run in found), np.bool_),
            told=_joined((run.told for run in found), np.bool_),
            lost=_joined((run.lost for run in found), np.bool_),
            loss_delays=_joined(map(loss_delays, found), np.float64),
            return_delays=_joined(map(return_delays, found), np.float64),
        )

    @property
    def reliability(self) -> Reliability:
        return reliability(self.scores, self.right)

    def figures(self) -> dict[str, float]:
        return {
            'auroc_overlap': auroc(self.scores, self.right),
            'auroc_presence': auroc(self.scores, ~self.absent),
            'lost_delay': _median(self.loss_delays),
            'lost_missed': _mean(np.isinf(self.loss_delays)),
            'losses': float(len(self.loss_delays)) if self.told.any() else float('nan'),
            'false_boxes': _mean(~self.lost[self.absent & self.told]),
            'false_alarms': _mean(self.lost[self.right & self.told]),
            'recovery': _mean(np.isfinite(self.return_delays)),
            'recovery_delay': _median(self.return_delays),
            'calibration_error': self.reliability.error,
        }


class LostSignal(Analysis):
    """Score and state against what is true.

    All passes through the sequences are taken together, frame by frame and event by event:
    absences are too rare for a mean of means.
    """

    name = 'lost'
    title = 'Lost signal'
    measures = MEASURES

    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """See `Analysis.summarise`."""
        found = {
            sequence.name: [
                run for trace in passes[sequence.name] for run in runs(sequence, trace)
            ]
            for sequence in sequences
        }
        single = {name: _Pool.of(parts).figures() for name, parts in found.items()}
        for name, figures in single.items():
            # Of a sum, unlike of a share, several passes make more.
            figures['losses'] /= max(len(passes[name]), 1)
        return Summary(
            overall=_overall(found, single),
            sequences=single,
            attributes={
                attribute: _overall(
                    {name: found[name] for name in names}, {name: single[name] for name in names}
                )
                for attribute, names in by_attribute(sequences).items()
            },
            curves=_curves(_Pool.of(_all(found))),
        )


def _overall(
    found: Mapping[str, List[Run]], single: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """All measures, in their order, over some sequences."""
    figures = _Pool.of(_all(found)).figures()
    losses = np.array([values['losses'] for values in single.values()])
    figures['losses'] = float(np.nansum(losses)) if np.isfinite(losses).any() else float('nan')
    means = np.array([values['auroc_overlap'] for values in single.values()])
    figures['auroc_sequences'] = _mean(means[~np.isnan(means)])
    return {measure.name: figures[measure.name] for measure in MEASURES}


def _curves(pool: _Pool) -> tuple[Curve, ...]:
    """Those that are defined."""
    figures = pool.figures()
    table = pool.reliability
    curves = [
        Curve(
            'roc_overlap',
            f'Score against a right box (IoU > {RIGHT})',
            f'IoU ≤ {RIGHT} or absent, at or above threshold',
            f'IoU > {RIGHT}, at or above threshold',
            *roc(pool.scores, pool.right),
            figures['auroc_overlap'],
            diagonal='chance',
        ),
        Curve(
            'roc_presence',
            'Score against presence',
            'target absent, at or above threshold',
            'target present, at or above threshold',
            *roc(pool.scores, ~pool.absent),
            figures['auroc_presence'],
            diagonal='chance',
        ),
        Curve(
            'reliability',
            'Reliability of the score',
            'mean score',
            f'share of frames with IoU > {RIGHT}',
            table.confidence,
            table.accuracy,
            table.error,
            best='low',
            diagonal='perfectly calibrated',
        ),
        Curve(
            'loss_told',
            'Losses told in time',
            'frames since the loss',
            'share of losses in which LOST was said',
            *_arrived(pool.loss_delays),
            1 - figures['lost_missed'],
        ),
        Curve(
            'recovered',
            'Back in time',
            'frames since the end of the absence',
            'share of absences after which it is back',
            *_arrived(pool.return_delays),
            figures['recovery'],
        ),
    ]
    return tuple(curve for curve in curves if len(curve.x))


def _arrived(delays: Array) -> tuple[Array, Array]:
    """Share of delays of at most 0, 1, … `HORIZON` frames; empty where there are no delays."""
    if not len(delays):
        return delays, delays
    frames = np.arange(HORIZON + 1, dtype=np.float64)
    return frames, np.searchsorted(np.sort(delays), frames, 'right') / len(delays)


def _all(found: Mapping[str, List[Run]]) -> list[Run]:
    return [run for parts in found.values() for run in parts]


def _joined(parts: Iterable[NDArray[Kind]], kind: type[Kind]) -> NDArray[Kind]:
    return np.concatenate([np.zeros(0, kind), *parts])


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else float('nan')


def _median(delays: Array) -> float:
    """Over the finite ones."""
    delays = delays[np.isfinite(delays)]
    return float(np.median(delays)) if len(delays) else float('nan')
