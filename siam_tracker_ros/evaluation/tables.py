# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results as one short table, and all of their figures as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
import math

from . import cost
from .experiments import EXPERIMENTS
from .results import Results, Section
from .speed import Speed
from .summary import Measure

NOTHING = '-'
# Columns of the cost; the report has all of them.
COST_HEADLINE = ('fps', 'p99')


@dataclass(frozen=True)
class Column:
    """One measure of all trackers.

    Attributes
    ----------
    measure : Measure
    values : mapping of str to float
        By tracker; NaN or absent where there is none.
    spreads : mapping of str to float
        By tracker, where it was repeated.
    experiment : str
        Whose measure it is; empty for the cost.
    """

    measure: Measure
    values: Mapping[str, float]
    spreads: Mapping[str, float] = field(default_factory=dict)
    experiment: str = ''

    def cell(self, tracker: str) -> str:
        """The figure as a table shows it, with its spread."""
        value, spread = (
            figures.get(tracker, math.nan) for figures in (self.values, self.spreads)
        )
        digits = self.measure.digits
        if not math.isfinite(value):
            return NOTHING
        return f'{value:.{digits}f}' + (
            f' ± {spread:.{digits}f}' if math.isfinite(spread) else ''
        )


def columns(results: Results) -> list[Column]:
    """The headline measures of all experiments, and the cost where it was measured."""
    found = [column for section in results.sections for column in _headline(section)]
    if results.costs:
        return found + [
            Column(measure, {label: row[measure.name] for label, row in results.costs.items()})
            for measure in cost.MEASURES
            if measure.name in COST_HEADLINE
        ]
    return found + [
        _column(section, Speed.name, measure)
        for section in results.sections[:1]
        for analysis in section.analyses
        for measure in analysis.measures
        if isinstance(analysis, Speed) and measure.name in COST_HEADLINE
    ]


def markdown(results: Results) -> str:
    """The headline measures as a Markdown table, the best tracker of the first experiment on top.

    Returns
    -------
    str
        Its lines, with a line break at the end of each.
    """
    shown = columns(results)
    heads = [_head(column, shown) for column in shown]
    order = [*dict.fromkeys(label for section in results.sections for label in section.ranking())]
    rows = [
        ['tracker', *heads],
        ['---', *('---:' for _ in shown)],
        *([label, *(column.cell(label) for column in shown)] for label in order),
    ]
    return ''.join(f'| {" | ".join(row)} |\n' for row in rows)


def as_json(results: Results) -> dict[str, object]:
    """All figures but the curves, ready for JSON; None where a figure is not defined."""
    return {
        'dataset': results.dataset,
        'run': dict(results.facts),
        'sequences': {s.name: len(s.images) for s in results.sequences},
        'missing': dict(results.missing),
        'experiments': {section.name: _section_json(section) for section in results.sections},
        'costs': {label: _finite(figures) for label, figures in results.costs.items()},
    }


def _headline(section: Section) -> Iterator[Column]:
    known = {
        f'{analysis.name}.{measure.name}': (analysis.name, measure)
        for analysis in section.analyses
        for measure in analysis.measures
    }
    experiment = EXPERIMENTS.get(section.name)
    first = section.analyses[0]
    names = experiment.headline if experiment else [f'{first.name}.{first.measures[0].name}']
    for name in names:
        yield _column(section, *known[name])


def _column(section: Section, analysis: str, measure: Measure) -> Column:
    return Column(
        measure,
        {
            label: summaries[analysis].overall[measure.name]
            for label, summaries in section.summaries.items()
        },
        {
            label: spreads[analysis][measure.name]
            for label, spreads in section.spreads.items()
        },
        '' if analysis == Speed.name else section.name,
    )


def _head(column: Column, others: list[Column]) -> str:
    """Title of a column, with its experiment where another one has the same measure."""
    measure = column.measure
    twice = sum(other.measure.title == measure.title for other in others) > 1
    notes = [column.experiment] if twice and column.experiment else []
    # Nobody needs to be told what frames per second are counted in.
    notes += [measure.unit] if measure.unit not in ('', '1/s') else []
    return measure.title + (f' ({", ".join(notes)})' if notes else '')


def _section_json(section: Section) -> dict[str, object]:
    return {
        'title': section.title,
        'ranking': section.ranking(),
        'trackers': {
            label: {
                name: {
                    'overall': _finite(summary.overall),
                    'sequences': {k: _finite(row) for k, row in summary.sequences.items()},
                    'attributes': {k: _finite(row) for k, row in summary.attributes.items()},
                }
                for name, summary in summaries.items()
            }
            for label, summaries in section.summaries.items()
        },
        'spreads': {
            label: {name: _finite(row) for name, row in spreads.items()}
            for label, spreads in section.spreads.items()
        },
    }


def _finite(figures: Mapping[str, float]) -> dict[str, float | None]:
    """JSON has neither NaN nor infinity."""
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
