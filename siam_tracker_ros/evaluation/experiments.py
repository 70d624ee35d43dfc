# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The experiments by name: a protocol, what is made of its traces, and what tables show."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UserError
from .average_overlap import AverageOverlap
from .lost import LostSignal
from .protocols.base import Protocol
from .protocols.one_pass import OnePass
from .protocols.realtime import RealTime
from .protocols.spatial import SpatialRobustness
from .protocols.supervised import Supervised
from .protocols.temporal import TemporalRobustness
from .success import Success
from .summary import Analysis
from .vot import INTERVALS, AccuracyRobustness, ExpectedOverlap, LongTerm


@dataclass(frozen=True)
class Experiment:
    """What is done with every tracker.

    Attributes
    ----------
    name : str
        As the command line has it.
    title : str
    protocol : Protocol
        Two experiments with the same protocol share its traces.
    analyses : tuple of Analysis
        The first one's first measure ranks the trackers.
    headline : tuple of str
        ``ANALYSIS.MEASURE``: the columns of the short table.
    timed : bool
        Whether the result depends on measured times: then the machine does nothing else meanwhile.
    """

    name: str
    title: str
    protocol: Protocol
    analyses: tuple[Analysis, ...]
    headline: tuple[str, ...]
    timed: bool = False


_SUCCESS = ('success.auc', 'success.precision')
_VOT = ('expected_overlap.eao', 'accuracy_robustness.accuracy', 'accuracy_robustness.robustness')

_ALL = (
    Experiment(
        'ope',
        'One-pass evaluation',
        OnePass(),
        (Success(), AverageOverlap(), LostSignal()),
        (*_SUCCESS, 'average_overlap.ao', 'lost.auroc_overlap'),
    ),
    Experiment('sre', 'Spatial robustness', SpatialRobustness(), (Success(),), _SUCCESS),
    Experiment('tre', 'Temporal robustness', TemporalRobustness(), (Success(),), _SUCCESS),
    Experiment(
        'lasot',
        'One-pass evaluation, by the rules of LaSOT',
        OnePass(),
        (Success(absent_is_miss=True), LostSignal()),
        (
            'success.auc',
            'success.normalised_precision_20',
            'success.precision',
            'lost.auroc_presence',
        ),
    ),
    Experiment(
        'vot',
        'VOT, started again after failures',
        Supervised(),
        (ExpectedOverlap(), AccuracyRobustness()),
        _VOT,
    ),
    *(
        Experiment(
            name,
            f'{name.upper()}, started again after failures',
            Supervised(),
            (ExpectedOverlap(name), AccuracyRobustness()),
            _VOT,
        )
        for name in INTERVALS
    ),
    Experiment(
        'vot-realtime',
        'VOT, images at 20 a second',
        RealTime(),
        (ExpectedOverlap(), AccuracyRobustness()),
        _VOT,
        timed=True,
    ),
    Experiment(
        'vot-realtime-strict',
        'VOT, images at 20 a second, late answers count late',
        RealTime(strict=True),
        (ExpectedOverlap(), AccuracyRobustness()),
        _VOT,
        timed=True,
    ),
    Experiment(
        'vot-lt',
        'VOT, long-term',
        OnePass(),
        (LongTerm(), LostSignal()),
        ('longterm.f', 'longterm.precision', 'longterm.recall', 'lost.auroc_presence'),
    ),
)
EXPERIMENTS = {experiment.name: experiment for experiment in _ALL}


def find_experiment(name: str) -> Experiment:
    """Return an experiment by its name.

    Raises
    ------
    UserError
        Unknown name.
    """
    if name not in EXPERIMENTS:
        raise UserError(f'unknown experiment {name!r}: expected one of {", ".join(EXPERIMENTS)}')
    return EXPERIMENTS[name]
