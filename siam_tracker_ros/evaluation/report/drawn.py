# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of matplotlib, as PNG files for papers and as SVG for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
import warnings

from ...errors import UserError, install
from .palette import GRID, INK, MUTED, Style
from .vector import themed

# Draws into the axes it is given.
Draw = Callable[[Any], None]

SETTINGS = {
    'axes.edgecolor': MUTED,
    'axes.labelcolor': INK,
    'axes.linewidth': 0.8,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.titlecolor': INK,
    'axes.titlesize': 11,
    'font.family': 'sans-serif',
    'font.sans-serif': ['DejaVu Sans'],
    'font.size': 9,
    'grid.color': GRID,
    'grid.linewidth': 0.7,
    'legend.fontsize': 9,
    'svg.fonttype': 'none',
    'text.color': INK,
    'xtick.color': MUTED,
    'xtick.labelcolor': INK,
    'ytick.color': MUTED,
    'ytick.labelcolor': INK,
}
REFERENCE_DASH = '--'
PNG_DPI = 200
# Inches: small, so that its letters are large enough on a phone.
WIDTH = 3.8


@dataclass(frozen=True)
class Entry:
    """A line of a legend.

    Attributes
    ----------
    label : str
    value : str
        What it is ranked by, as text; empty where nothing is.
    kind : str
        ``tracker``, ``stage`` or ``reference``.
    index : int
        Of its colours; -1 for a reference.
    position : int
        Of the tracker among all, by which the page toggles it, or of the stage; else -1.
    colour : str
        On a light ground.
    dash, marker : str
    """

    label: str
    value: str
    kind: str
    index: int
    position: int
    colour: str
    dash: str = '-'
    marker: str = ''

    @classmethod
    def of_tracker(
        cls, label: str, value: str, style: Style, position: int, marker: str = ''
    ) -> Entry:
        """Make the line of a tracker."""
        return cls(
            label, value, 'tracker', style.index, position, style.colour, style.dash, marker
        )

    @classmethod
    def of_reference(cls, label: str) -> Entry:
        """Make the line of what trackers are compared with."""
        return cls(label, '', 'reference', -1, -1, MUTED, REFERENCE_DASH)

    @property
    def text(self) -> str:
        """Both, as papers write them."""
        return f'[{self.value}] {self.label}' if self.value else self.label


@dataclass(frozen=True)
class Plot:
    """A plot on the page.

    Attributes
    ----------
    title : str
    svg : str
        Markup; all in it is escaped.
    entries : tuple of Entry
        The legend, best first.
    picture : str
        Path of the PNG from the page.
    """

    title: str
    svg: str
    entries: tuple[Entry, ...]
    picture: str


def gid(position: int) -> str:
    """Name of what is drawn of a tracker; the page's script finds it by its class."""
    return f'tracker-{position}'


def plain(text: str) -> str:
    """Text in which matplotlib sees no formula."""
    return text.replace('$', r'\$')


def render(
    title: str,
    draw: Draw,
    entries: Iterable[Entry],
    picture: Path,
    projection: str | None = None,
    height: float = 2.9,
) -> Plot:
    """Draw a plot twice: a PNG with title and legend, and an SVG to which the page adds both.

    Parameters
    ----------
    title : str
    draw : callable
    entries : iterable of Entry
    picture : Path
        The PNG to write; the page lies beside its folder.
    projection : str, optional
        Of the axes.
    height : float
        Of the SVG in inches, `WIDTH` its width.

    Raises
    ------
    UserError
        matplotlib is not installed.
    """
    entries = tuple(entries)
    with _styled(picture.stem) as figure_class:
        # Long names on both sides would leave the layout no room for the circle.
        polar = projection == 'polar'
        layout = None if polar else 'constrained'
        figure = figure_class(figsize=(WIDTH, height), layout=layout)
        draw(figure.add_subplot(projection=projection))
        if polar:
            figure.subplots_adjust(left=0.2, right=0.8, top=0.86, bottom=0.14)
        text = StringIO()
        figure.savefig(text, format='svg', transparent=True, metadata={'Date': None})
    draw_picture(title, draw, entries, picture, projection, height)
    svg = themed(text.getvalue(), title, picture.stem)
    return Plot(title, svg, entries, f'{picture.parent.name}/{picture.name}')


def draw_picture(
    title: str,
    draw: Draw,
    entries: Iterable[Entry],
    picture: Path,
    projection: str | None = None,
    height: float = 2.9,
) -> None:
    """Draw a plot into a file of its own, with title and legend, on white ground.

    Parameters
    ----------
    title, draw, entries, projection, height
        See `render`.
    picture : Path
        The PNG or SVG to write.

    Raises
    ------
    UserError
        matplotlib is not installed.
    """
    entries = tuple(entries)
    dated = 'Date' if picture.suffix == '.svg' else 'Software'
    with _styled(picture.stem) as figure_class:
        figure = figure_class(figsize=(6.4, height + 0.7), layout='constrained')
        axes = figure.add_subplot(projection=projection)
        draw(axes)
        axes.set_title(plain(title), loc='left')
        if entries:
            _add_legend(figure, entries)
        figure.savefig(str(picture), dpi=PNG_DPI, metadata={dated: None})


def _add_legend(figure: Any, entries: tuple[Entry, ...]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for entry in entries:
        if entry.kind == 'stage':
            handles.append(Patch(color=entry.colour))
            continue
        width = 1 if entry.kind == 'reference' else 2
        line: Any = Line2D([], [], color=entry.colour, marker=entry.marker, linewidth=width)
        line.set_linestyle('none' if entry.marker else entry.dash)
        handles.append(line)
    labels = [plain(entry.text) for entry in entries]
    figure.legend(handles, labels, loc='outside right upper', frameon=False)


@contextmanager
def _styled(name: str) -> Iterator[Any]:
    """Give matplotlib's Figure, to be drawn in our style."""
    matplotlib, figure_class = _require_matplotlib()
    # The salt makes the names that SVG needs the same in every run, and its own for each plot.
    settings = {**SETTINGS, 'svg.hashsalt': name}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The page shows the letters that matplotlib's own font lacks.
        warnings.filterwarnings('ignore', message='.*[Gg]lyph .* missing')
        yield figure_class


def _require_matplotlib() -> tuple[Any, Any]:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            f'a report needs matplotlib ({error}): install it with {install("eval")}'
        ) from error
    return matplotlib, Figure
