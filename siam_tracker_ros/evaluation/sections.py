# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the traces of an experiment to what its analyses say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as List

import numpy as np

from ..sequences import Sequence
from .experiments import Experiment
from .results import Section
from .speed import Speed
from .summary import Analysis, Passes, Summary
from .traces import Trace
from .units import Key, Unit


def make_section(
    experiment: Experiment,
    sequences: List[Sequence],
    units: Iterable[Unit],
    traces: Mapping[Key, Trace],
    with_speed: bool,
) -> Section:
    """Summarise an experiment; a tracker with a pass missing is left out.

    Parameters
    ----------
    experiment : Experiment
    sequences : list of Sequence
    units : iterable of Unit
        All of the run, those of other protocols, too.
    traces : mapping of Key to Trace
    with_speed : bool
        Whether the times of the traces are worth a summary.
    """
    analyses = experiment.analyses + ((Speed(),) if with_speed else ())
    found: dict[str, dict[int, dict[str, list[Trace]]]] = {}
    incomplete: set[str] = set()
    mine = [unit for unit in units if unit.protocol.name == experiment.protocol.name]
    for unit in sorted(mine, key=lambda unit: (unit.repetition, unit.index)):
        label = unit.entrant.label
        trace = traces.get(unit.key)
        if trace is None:
            incomplete.add(label)
            continue
        repetition = found.setdefault(label, {}).setdefault(unit.repetition, {})
        repetition.setdefault(unit.sequence.name, []).append(trace)
    # In the order in which the trackers were asked for, which the sort has kept.
    complete = {label: found[label] for label in found if label not in incomplete}
    passes = {label: _joined(repetitions) for label, repetitions in complete.items()}
    return Section(
        name=experiment.name,
        title=experiment.title,
        analyses=analyses,
        passes=passes,
        summaries={
            label: _summarise(analyses, sequences, mine) for label, mine in passes.items()
        },
        spreads={
            label: _spread(analyses, sequences, list(repetitions.values()))
            for label, repetitions in complete.items()
            if len(repetitions) > 1
        },
    )


def _joined(repetitions: Mapping[int, Mapping[str, list[Trace]]]) -> Passes:
    """The passes of all repetitions, one after the other."""
    joined: dict[str, list[Trace]] = {}
    for repetition in repetitions.values():
        for name, traces in repetition.items():
            joined.setdefault(name, []).extend(traces)
    return joined


def _summarise(
    analyses: Iterable[Analysis], sequences: List[Sequence], passes: Passes
) -> dict[str, Summary]:
    return {analysis.name: analysis.summarise(sequences, passes) for analysis in analyses}


def _spread(
    analyses: Iterable[Analysis], sequences: List[Sequence], repetitions: List[Passes]
) -> dict[str, dict[str, float]]:
    """Standard deviation of each overall figure between repetitions; NaN where one is."""
    spreads = {}
    for analysis in analyses:
        figures = [analysis.summarise(sequences, passes).overall for passes in repetitions]
        spreads[analysis.name] = {
            name: float(np.std([overall[name] for overall in figures], ddof=1))
            for name in figures[0]
        }
    return spreads
