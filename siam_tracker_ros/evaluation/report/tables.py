# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures as the cells of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import math

from ..results import Section
from ..summary import Analysis, Measure

NOTHING = '\N{EN DASH}'
MINUS = '\N{MINUS SIGN}'


@dataclass(frozen=True)
class Cell:
    """One figure.

    Attributes
    ----------
    text : str
    key : str
        What a column is sorted by: a number, or empty where there is none.
    best : bool
        Whether no other one of its column is better.
    spread : str
        Standard deviation between repetitions, where there are some.
    """

    text: str
    key: str
    best: bool = False
    spread: str = ''


@dataclass(frozen=True)
class Row:
    """Figures of a tracker or of something else that has a name.

    Attributes
    ----------
    name : str
    position : int
        Of the tracker; -1 where it is none.
    cells : tuple of Cell
    """

    name: str
    position: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under measures, which stand in groups.

    Attributes
    ----------
    groups : tuple of (str, int)
        Title and number of columns of each group.
    measures : tuple of Measure
        One for each column.
    rows : tuple of Row
    """

    groups: tuple[tuple[str, int], ...]
    measures: tuple[Measure, ...]
    rows: tuple[Row, ...]


def show(value: float, digits: int) -> str:
    """A figure as text."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return '∞' if value > 0 else f'{MINUS}∞'
    # A figure that rounds to zero has no sign.
    return f'{round(value, digits) + 0.0:.{digits}f}'.replace('-', MINUS)


def cells(
    values: Iterable[float], measure: Measure, spreads: Iterable[float] | None = None
) -> list[Cell]:
    """A column; those that are shown alike are best together."""
    values = list(values)
    texts = [show(value, measure.digits) for value in values]
    known = [value for value in values if not math.isnan(value)]
    pick = max if measure.best == 'high' else min
    # Where all are alike, none is the best.
    alike = len({show(value, measure.digits) for value in known}) < 2
    best = '' if alike else show(pick(known), measure.digits)
    deviations = [float('nan')] * len(values) if spreads is None else list(spreads)
    return [
        Cell(
            text=text,
            key='' if math.isnan(value) else repr(float(value)),
            best=text == best,
            spread='' if math.isnan(spread) else show(spread, measure.digits),
        )
        for text, value, spread in zip(texts, values, deviations)
    ]


def ranking_table(section: Section, positions: Mapping[str, int]) -> Table:
    """All figures of an experiment, best tracker first."""
    ranking = section.ranking()
    columns = [
        cells(
            (_overall(section, tracker, analysis, measure) for tracker in ranking),
            measure,
            (_spread(section, tracker, analysis, measure) for tracker in ranking),
        )
        for analysis in section.analyses
        for measure in analysis.measures
    ]
    return Table(
        groups=tuple((analysis.title, len(analysis.measures)) for analysis in section.analyses),
        measures=tuple(m for analysis in section.analyses for m in analysis.measures),
        rows=_rows(ranking, positions, columns),
    )


def attribute_table(section: Section, positions: Mapping[str, int]) -> Table | None:
    """The ranking measure by attribute; None where the sequences have none."""
    analysis = section.analyses[0]
    measure = analysis.measures[0]
    ranking = section.ranking()
    values = {
        tracker: {
            name: figures[measure.name]
            for name, figures in section.summaries[tracker][analysis.name].attributes.items()
        }
        for tracker in ranking
    }
    names = sorted({name for of_tracker in values.values() for name in of_tracker})
    if not names:
        return None
    columns = [
        cells((values[tracker].get(name, float('nan')) for tracker in ranking), measure)
        for name in names
    ]
    measures = tuple(
        Measure(name, name, measure.help, measure.unit, measure.best, measure.digits)
        for name in names
    )
    return Table(((measure.title, len(names)),), measures, _rows(ranking, positions, columns))


def cost_table(
    costs: Mapping[str, Mapping[str, float]],
    measures: Iterable[Measure],
    positions: Mapping[str, int],
) -> Table | None:
    """The measured cost of each tracker; None where nothing was measured."""
    names = {name for figures in costs.values() for name in figures}
    shown = tuple(measure for measure in measures if measure.name in names)
    if not shown:
        return None
    columns = [
        cells((costs[tracker].get(measure.name, float('nan')) for tracker in costs), measure)
        for measure in shown
    ]
    return Table((('Cost', len(shown)),), shown, _rows(list(costs), positions, columns))


def _rows(
    names: list[str], positions: Mapping[str, int], columns: list[list[Cell]]
) -> tuple[Row, ...]:
    return tuple(
        Row(name, positions.get(name, -1), tuple(column[index] for column in columns))
        for index, name in enumerate(names)
    )


def _overall(section: Section, tracker: str, analysis: Analysis, measure: Measure) -> float:
    return section.summaries[tracker][analysis.name].overall.get(measure.name, float('nan'))


def _spread(section: Section, tracker: str, analysis: Analysis, measure: Measure) -> float:
    spreads = section.spreads.get(tracker, {}).get(analysis.name, {})
    return spreads.get(measure.name, float('nan'))
