# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sequences of an experiment, those on which a tracker did worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

from ...sequences import Sequence as Labelled
from ..results import Section
from ..summary import Analysis, Measure
from .strips import Strip
from .tables import Cell, cells


@dataclass(frozen=True)
class Named:
    """A tracker that has a column."""

    name: str
    position: int


@dataclass(frozen=True)
class Film:
    """An overlay video: its path from the page, and its size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class SequenceRow:
    """A sequence.

    Attributes
    ----------
    name : str
    frames : int
    attributes : str
    search : str
        What a search finds it by.
    cells : tuple of Cell
        One for each tracker.
    strips : tuple of str
        Markup, one for each tracker.
    film : Film or None
    """

    name: str
    frames: int
    attributes: str
    search: str
    cells: tuple[Cell, ...]
    strips: tuple[str, ...]
    film: Film | None


@dataclass(frozen=True)
class SequenceTable:
    """All sequences; `selected` is the index of the tracker that orders them."""

    measure: Measure
    trackers: tuple[Named, ...]
    selected: int
    rows: tuple[SequenceRow, ...]


def worst_first(section: Section, sequences: Sequence[Labelled], tracker: str) -> list[Labelled]:
    """The sequences, worst of a tracker first; those without a figure last."""
    analysis = _ordering(section)
    if analysis is None:
        return list(sequences)
    measure = analysis.measures[0]
    sign = 1.0 if measure.best == 'high' else -1.0

    def key(sequence: Labelled) -> tuple[bool, float]:
        value = _figure(section, analysis, tracker, sequence.name)
        return math.isnan(value), sign * value

    return sorted(sequences, key=key)


def sequence_table(
    section: Section,
    sequences: Sequence[Labelled],
    positions: Mapping[str, int],
    films: Mapping[str, Film],
) -> SequenceTable | None:
    """Make the table; None where no analysis has figures of single sequences.

    Parameters
    ----------
    section : Section
    sequences : sequence of Sequence
    positions : mapping of str to int
        Of the trackers, in the order in which they were asked for: the first one here orders.
    films : mapping of str to Film
        By the name of a sequence.
    """
    trackers = [tracker for tracker in positions if tracker in section.summaries]
    analysis = _ordering(section)
    if analysis is None:
        return None
    measure = analysis.measures[0]
    rows = []
    for sequence in worst_first(section, sequences, trackers[0]):
        attributes = ', '.join(sequence.attributes)
        values = [_figure(section, analysis, tracker, sequence.name) for tracker in trackers]
        rows.append(
            SequenceRow(
                name=sequence.name,
                frames=len(sequence.images),
                attributes=attributes,
                search=f'{sequence.name} {attributes}'.lower(),
                cells=tuple(cells(values, measure)),
                strips=tuple(_strip(section, tracker, sequence) for tracker in trackers),
                film=films.get(sequence.name),
            )
        )
    named = tuple(Named(tracker, positions[tracker]) for tracker in trackers)
    return SequenceTable(measure, named, 0, tuple(rows))


def _ordering(section: Section) -> Analysis | None:
    """The first analysis that has figures of single sequences; VOT's ranking has none."""
    for analysis in section.analyses:
        if any(summaries[analysis.name].sequences for summaries in section.summaries.values()):
            return analysis
    return None


def _figure(section: Section, analysis: Analysis, tracker: str, sequence: str) -> float:
    figures = section.summaries[tracker][analysis.name].sequences.get(sequence, {})
    return figures.get(analysis.measures[0].name, math.nan)


def _strip(section: Section, tracker: str, sequence: Labelled) -> str:
    """Of the first pass: one picture cannot show them all."""
    passes = section.passes[tracker].get(sequence.name, ())
    return Strip.of(sequence, passes[0]).svg() if passes else ''
