# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page itself: all that an evaluation found, in one file that needs no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ...errors import UserError, install
from ..cost import MEASURES as COSTS
from ..results import Results, Section
from ..summary import Measure
from .drawn import Plot
from .failures import Film, SequenceTable, sequence_table, worst_first
from .palette import MARKERS, Style, theme_variables, tracker_styles
from .plots import Plotter, slug
from .stage_bars import stage_plot
from .tables import Table, attribute_table, cost_table, ranking_table
from .videos import Overlay, write_overlay

HERE = Path(__file__).parent
# The page shows the others on demand: see `.short` in style.css.
MOST_ROWS = 20
SVG_DASHES = {'--': '6 3', ':': '2 2', '-.': '6 2 2 2'}


@dataclass(frozen=True)
class _Part:
    """An experiment on the page."""

    anchor: str
    title: str
    table: Table
    plots: tuple[Plot, ...]
    attributes: Table | None
    sequences: SequenceTable | None


def write_report(
    results: Results, folder: Path, videos: bool = False, most_videos: int | None = None
) -> Path:
    """Write a page, its plots as PNG files and, on demand, overlay videos.

    The page is one file: copied alone it loses only the videos and the links to the pictures.
    Equal results give equal bytes; videos, whose container has a random name inside, apart.

    Parameters
    ----------
    results : Results
    folder : Path
        Made where it is missing; files of an older report in it are replaced.
    videos : bool
        Whether to write overlay videos of the first experiment that has sequences.
    most_videos : int, optional
        So many, of the sequences on which the tracker that was asked for first did worst; all
        of them where None.

    Returns
    -------
    Path
        ``index.html`` in the folder.

    Raises
    ------
    UserError
        The folder cannot be made or written, an image of a video cannot be read, or matplotlib
        or Jinja2 is not installed.
    """
    template = _template()
    styles = tracker_styles(results.trackers)
    page = folder / 'index.html'
    try:
        pictures = folder / 'plots'
        pictures.mkdir(parents=True, exist_ok=True)
        # Of experiments that an older report had.
        for picture in pictures.glob('*.png'):
            picture.unlink()
        films = _write_videos(results, folder, styles, most_videos) if videos else {}
        text = template.render(**_content(results, pictures, styles, films))
        partial = folder / 'partial-index.html'
        partial.write_text(text, encoding='utf-8')
        partial.replace(page)
    except OSError as error:
        raise UserError(
            f'report {folder} cannot be written ({error.strerror}): choose another folder'
        ) from error
    return page


def _content(
    results: Results, pictures: Path, styles: Mapping[str, Style], films: Mapping[str, Film]
) -> dict[str, Any]:
    """What the template needs."""
    plotter = Plotter(pictures, styles)
    positions = {tracker: position for position, tracker in enumerate(results.trackers)}
    parts = [
        _part(results, section, plotter, positions, films if index == 0 else {})
        for index, section in enumerate(results.sections)
    ]
    costs = {tracker: results.costs[tracker] for tracker in styles if tracker in results.costs}
    cost = cost_table(costs, COSTS, positions)
    light, dark = theme_variables()
    script = (HERE / 'report.js').read_text(encoding='utf-8')
    return {
        'dataset': results.dataset,
        'counts': _counts(results),
        'facts': results.facts,
        'missing': results.missing,
        'highlights': list(_highlights(results, positions)),
        'links': [
            *(link for part in parts for link in _links(part, alone=len(parts) == 1)),
            *([('cost', 'Cost')] if cost else []),
            ('definitions', 'Definitions'),
        ],
        'sections': parts,
        'cost': cost,
        'stages': stage_plot(costs, pictures),
        'definitions': list(_definitions(results, cost.measures if cost else ())),
        'quote': _quote(results),
        'styles': list(styles.values()),
        'dashes': SVG_DASHES,
        'markers': MARKERS,
        'most_rows': MOST_ROWS,
        'light': light,
        'dark': dark,
        'style': (HERE / 'style.css').read_text(encoding='utf-8'),
        'script': script,
        'policy': _policy(script),
    }


def _part(
    results: Results,
    section: Section,
    plotter: Plotter,
    positions: Mapping[str, int],
    films: Mapping[str, Film],
) -> _Part:
    attributes = attribute_table(section, positions)
    plots = [
        *plotter.curves(section),
        plotter.speed(section, results.costs),
        plotter.radar(section, attributes),
    ]
    return _Part(
        anchor=f'experiment-{slug(section.name)}',
        title=section.title,
        table=ranking_table(section, positions),
        plots=tuple(plot for plot in plots if plot is not None),
        attributes=attributes,
        sequences=sequence_table(section, results.sequences, positions, films),
    )


def _write_videos(
    results: Results, folder: Path, styles: Mapping[str, Style], most: int | None
) -> dict[str, Film]:
    """Write the videos of the first experiment, by sequence."""
    if not results.sections or not results.sections[0].passes:
        return {}
    section = results.sections[0]
    (folder / 'videos').mkdir(exist_ok=True)
    first = next(tracker for tracker in results.trackers if tracker in section.passes)
    found = {}
    numbers = {sequence.name: number for number, sequence in enumerate(results.sequences, 1)}
    chosen = worst_first(section, results.sequences, first)[:most]
    for sequence in tqdm(chosen, 'videos', unit='video', disable=None):
        overlays = {
            tracker: Overlay(styles[tracker], section.passes[tracker][sequence.name][0])
            for tracker in results.trackers
            if section.passes.get(tracker, {}).get(sequence.name)
        }
        # The number keeps apart what is the same name to a file system.
        path = f'videos/{numbers[sequence.name]:04d}-{slug(sequence.name)}.webm'
        found[sequence.name] = Film(path, *write_overlay(folder / path, sequence, overlays))
    return found


def _counts(results: Results) -> list[tuple[str, str]]:
    frames = sum(len(sequence.images) for sequence in results.sequences)
    # Figures about absence stand on these alone.
    absent = sum(int(sequence.absent.sum()) for sequence in results.sequences)
    return [
        (f'{number:,}', word if number == 1 else f'{word}s')
        for number, word in (
            (len(results.trackers), 'tracker'),
            (len(results.sequences), 'sequence'),
            (frames, 'frame'),
            (absent, 'absent frame'),
        )
    ]


def _highlights(results: Results, positions: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """The best tracker of each experiment."""
    for section in results.sections:
        table = ranking_table(section, positions)
        if table.rows and table.rows[0].cells[0].key:
            yield {
                'title': section.title,
                'tracker': table.rows[0].name,
                'position': table.rows[0].position,
                'measure': table.measures[0].title,
                'value': table.rows[0].cells[0].text,
            }


def _links(part: _Part, alone: bool) -> Iterator[tuple[str, str]]:
    """Where the navigation leads; into an experiment only where there is no other."""
    yield part.anchor, part.title
    if alone:
        for name, there in (
            ('plots', part.plots), ('attributes', part.attributes), ('failures', part.sequences)
        ):  # fmt: skip
            if there:
                yield f'{part.anchor}-{name}', name.capitalize()


def _definitions(
    results: Results, costs: tuple[Measure, ...]
) -> Iterator[tuple[str, tuple[Measure, ...]]]:
    """Title and measures of each analysis, once."""
    analyses = {
        analysis.name: analysis for section in results.sections for analysis in section.analyses
    }
    for analysis in analyses.values():
        yield analysis.title, analysis.measures
    if costs:
        yield 'Cost', costs


def _quote(results: Results) -> str:
    counts = ', '.join(f'{number} {word}' for number, word in _counts(results))
    titles = ', '.join(section.title for section in results.sections)
    facts = '; '.join(f'{key}: {value}' for key, value in results.facts.items())
    return f'{results.dataset} ({counts}). {titles}. Measured with siam_tracker_ros. {facts}.'


def _policy(script: str) -> str:
    """What the page may do: nothing but show itself, run this script and play its videos."""
    digest = b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii')
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"media-src 'self' file:; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _template() -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise UserError(
            f'a report needs Jinja2 ({error}): install it with {install("eval")}'
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template('template.html.jinja')
