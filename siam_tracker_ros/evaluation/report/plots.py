# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which plots an experiment gets: its analyses' curves, speed against accuracy, attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import math
from pathlib import Path
import re

import numpy as np

from ..results import Section
from ..summary import Curve
from .drawn import Entry, Plot, render
from .figures import Line, Point, draw_lines, draw_radar, draw_speeds
from .palette import Style
from .stage_bars import Costs
from .tables import Table, show

# A radar with fewer corners shows nothing.
FEWEST_ATTRIBUTES = 3
SPEED = 'fps'


class Plotter:
    """Draws the plots of experiments into a folder.

    Parameters
    ----------
    folder : Path
        For the PNG files; it exists.
    styles : mapping of str to Style
        Of each tracker, in the order of their positions.
    """

    def __init__(self, folder: Path, styles: Mapping[str, Style]) -> None:
        self._folder = folder
        self._styles = styles
        self._positions = {tracker: position for position, tracker in enumerate(styles)}

    def curves(self, section: Section) -> Iterator[Plot]:
        """One plot for each name of a curve, ranked by the curves' values."""
        for analysis in section.analyses:
            by_name: dict[str, dict[str, Curve]] = {}
            for tracker in section.ranking():
                for curve in section.summaries[tracker][analysis.name].curves:
                    by_name.setdefault(curve.name, {})[tracker] = curve
            for name, curves in by_name.items():
                # Where no frame was without the target, nothing can be said of its absence.
                drawn = {key: curve for key, curve in curves.items() if _has_points(curve)}
                if drawn:
                    yield self._lines(drawn, self._picture(section.name, analysis.name, name))

    def speed(self, section: Section, costs: Costs) -> Plot | None:
        """Speed against what ranks the trackers; None where no speed was measured.

        The speed is that of the cost measurement; where there is none, that of the passes.
        """
        first = section.analyses[0]
        measure = first.measures[0]
        points = []
        for tracker in section.ranking():
            summaries = section.summaries[tracker]
            figures = costs.get(tracker) or {
                name: value
                for summary in summaries.values()
                for name, value in summary.overall.items()
            }
            fps = figures.get(SPEED, math.nan)
            value = summaries[first.name].overall[measure.name]
            if math.isfinite(fps) and fps > 0 and math.isfinite(value):
                points.append(
                    Point(self._positions[tracker], self._styles[tracker], tracker, fps, value)
                )
        if not points:
            return None
        entries = [
            Entry.of_tracker(
                point.label, f'{point.fps:.3g} fps', point.style, point.position,
                marker=point.style.marker,
            )
            for point in sorted(points, key=lambda point: -point.fps)
        ]  # fmt: skip
        return render(
            f'{measure.title} against speed',
            draw_speeds(points, measure.title),
            entries,
            self._picture(section.name, 'speed'),
        )

    def radar(self, section: Section, table: Table | None) -> Plot | None:
        """The ranking measure by attribute; None where they are fewer than a radar needs."""
        if table is None or len(table.measures) < FEWEST_ATTRIBUTES:
            return None
        measure = section.analyses[0].measures[0]
        entries = [
            self._entry(row.name, self._overall(section, row.name), measure.digits)
            for row in table.rows
        ]
        lines = [
            Line(
                row.position,
                self._styles[row.name],
                np.zeros(len(row.cells)),
                np.array([float(cell.key or 'nan') for cell in row.cells]),
            )
            for row in table.rows
        ]
        return render(
            f'{measure.title} by attribute',
            draw_radar([column.title for column in table.measures], lines),
            entries,
            self._picture(section.name, 'attributes'),
            projection='polar',
            height=3.1,
        )

    def _lines(self, curves: Mapping[str, Curve], picture: Path) -> Plot:
        curve = next(iter(curves.values()))
        sign = 1.0 if curve.best == 'low' else -1.0

        def rank(tracker: str) -> tuple[bool, float]:
            value = curves[tracker].value
            return math.isnan(value), sign * value

        ranking = sorted(curves, key=rank)
        lines = [
            Line(self._positions[name], self._styles[name], curves[name].x, curves[name].y)
            for name in ranking
        ]
        entries = [self._entry(name, curves[name].value) for name in ranking]
        if curve.diagonal:
            entries.append(Entry.of_reference(curve.diagonal))
        return render(
            curve.title,
            draw_lines(lines, curve.x_label, curve.y_label, diagonal=bool(curve.diagonal)),
            entries,
            picture,
        )

    def _entry(self, tracker: str, value: float, digits: int = 3) -> Entry:
        return Entry.of_tracker(
            tracker, show(value, digits), self._styles[tracker], self._positions[tracker]
        )

    def _overall(self, section: Section, tracker: str) -> float:
        analysis = section.analyses[0]
        measure = analysis.measures[0]
        return section.summaries[tracker][analysis.name].overall[measure.name]

    def _picture(self, *parts: str) -> Path:
        return self._folder / f'{slug("-".join(parts))}.png'


def slug(text: str) -> str:
    """What every file system and every address takes: lower-case ASCII without spaces."""
    return re.sub(r'[^a-z0-9_]+', '-', text.lower()).strip('-')[:60] or 'x'


def _has_points(curve: Curve) -> bool:
    return bool((np.isfinite(curve.x) & np.isfinite(curve.y)).any())
