# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the page: strips, cells, colours, names of files."""

from pathlib import Path
import re

import numpy as np
import pytest

from siam_tracker_ros.evaluation.report.drawn import Entry, render
from siam_tracker_ros.evaluation.report.figures import Line, draw_lines
from siam_tracker_ros.evaluation.report.palette import (
    PAIRS,
    STAGE_PAIRS,
    theme_variables,
    tracker_styles,
)
from siam_tracker_ros.evaluation.report.plots import slug
from siam_tracker_ros.evaluation.report.stage_bars import stage_plot
from siam_tracker_ros.evaluation.report.strips import COLUMNS, Strip
from siam_tracker_ros.evaluation.report.tables import cells, show
from siam_tracker_ros.evaluation.summary import Measure
from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence
from siam_tracker_ros.stages import STAGES

NAN = float('nan')


def luminance(colour):
    """Relative luminance of WCAG 2."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def sequence_and_trace(count=10):
    """Half-way overlap in all frames but an absent, an unlabelled and a skipped one."""
    boxes = np.tile([10.0, 10.0, 20.0, 20.0], (count, 1))
    boxes[3] = boxes[4] = NAN
    labelled = np.ones(count, bool)
    labelled[4] = False
    images = tuple(Path(f'{index}.jpg') for index in range(count))
    trace = Trace.empty(count)
    trace.boxes[:] = [10.0, 10.0, 20.0, 10.0]
    trace.events[1:] = TRACKED
    trace.states[1:] = 'tracking'
    trace.states[6] = 'lost'
    return Sequence('s', images, boxes, labelled=labelled), trace


def test_strip_knows_what_can_be_compared():
    strip = Strip.of(*sequence_and_trace())
    np.testing.assert_array_equal(
        strip.overlap, [NAN, 0.5, 0.5, NAN, NAN, 0.5, 0.5, 0.5, 0.5, 0.5]
    )
    assert strip.state.tolist() == [-1, 1, 1, 1, 1, 1, 3, 1, 1, 1]
    assert strip.absent.tolist() == [False] * 3 + [True] + [False] * 6
    assert strip.label == 'IoU over 10 frames: mean 0.50, lost in 1, target absent in 1'


def test_a_start_has_the_state_that_a_tracker_is_started_in():
    sequence, trace = sequence_and_trace()
    trace.events[0] = INIT
    assert Strip.of(sequence, trace).state[0] == 1
    trace.states[:] = ''
    assert not Strip.of(sequence, trace).state.any()


def test_strip_draws_runs_of_a_state_as_one_outline():
    svg = Strip.of(*sequence_and_trace()).svg()
    assert 'viewBox="0 0 10 25"' in svg
    # Half the height of 20, over one frame; its bar lies below the ground line.
    assert '<path class="lost" d="M6 20V10h1V20zM6 22h1v3H6z"/>' in svg
    assert '<path class="absent" d="M3 0h1v20H3z"/>' in svg


def test_long_strip_keeps_short_losses():
    count = 10 * COLUMNS + 7
    state = np.ones(count, np.int64)
    state[500] = 3
    strip = Strip(np.full(count, 0.25), state, np.zeros(count, bool))
    svg = strip.svg()
    assert f'viewBox="0 0 {COLUMNS} 25"' in svg
    assert re.search(r'class="lost" d="M\d+ 20V15h1V20z', svg)
    assert 'lost in 1' in svg


def test_strip_without_labels_says_so():
    strip = Strip(np.full(3, NAN), np.zeros(3, np.int64), np.zeros(3, bool))
    assert strip.label == 'IoU over 3 frames: nothing to compare'


@pytest.mark.parametrize(
    ('value', 'digits', 'text'),
    [
        (0.12345, 3, '0.123'),
        (NAN, 3, '\N{EN DASH}'),
        (-0.0004, 3, '0.000'),
        (-1.5, 1, '\N{MINUS SIGN}1.5'),
        (float('inf'), 1, '∞'),
        (41.6, 0, '42'),
    ],
)
def test_figures_as_text(value, digits, text):
    assert show(value, digits) == text


@pytest.mark.parametrize(
    ('best', 'values', 'bold'),
    [
        ('high', [0.1, 0.9, NAN], [1]),
        ('low', [0.1, 0.9, NAN], [0]),
        ('high', [0.5001, 0.5002, 0.1], [0, 1]),
        ('high', [0.5], []),
        ('high', [0.5, 0.5], []),
        ('high', [NAN, NAN], []),
    ],
)
def test_best_cells_are_those_that_are_shown_best(best, values, bold):
    column = cells(values, Measure('m', 'M', 'M.', best=best))
    assert [index for index, cell in enumerate(column) if cell.best] == bold
    assert [cell.key == '' for cell in column] == [value != value for value in values]


def test_spread_stands_beside_its_figure():
    [first, second] = cells([0.5, 0.6], Measure('m', 'M', 'M.'), [0.0123, NAN])
    assert (first.spread, second.spread) == ('0.012', '')


def test_trackers_look_different_and_can_be_seen():
    styles = tracker_styles(tuple(f't{index}' for index in range(3 * len(PAIRS))))
    assert len({(style.colour, style.dash) for style in styles.values()}) == 3 * len(PAIRS)
    for light, dark in PAIRS:
        assert contrast(light, '#ffffff') >= 3
        assert contrast(dark, '#1a2028') >= 3
    light, dark = theme_variables()
    assert light.keys() == dark.keys()
    # A colour stands for one variable in the SVG.
    assert len(set(light.values())) == len(PAIRS) + len(STAGE_PAIRS)


def test_a_tracker_may_have_all_stages(tmp_path):
    costs = {'csn': dict.fromkeys(STAGES, 2.0), 'siamfc': {'network': 9.0, 'crop': NAN}}
    plot = stage_plot(costs, tmp_path)
    assert [entry.label for entry in plot.entries] == list(STAGES)
    for index in range(len(STAGES)):
        assert f'var(--stage-{index})' in plot.svg
    assert stage_plot({'kcf': {'fps': 30.0}}, tmp_path) is None


def test_names_of_files_are_plain():
    assert slug('../a b/ü?.webm') == 'a-b-webm'
    assert slug('跟踪') == 'x'
    assert len(slug('long' * 100)) == 60


def test_svg_takes_the_colours_of_the_page(tmp_path):
    [style] = tracker_styles(('one',)).values()
    x = np.linspace(0, 1, 5)
    entry = Entry.of_tracker('one', '0.500', style, 4)
    title = 'A "title" & <more>'
    plot = render(title, draw_lines([Line(4, style, x, x)], 'x', 'y'), [entry], tmp_path / 'a.png')
    assert 'aria-label="A &quot;title&quot; &amp; &lt;more&gt;"' in plot.svg
    assert '<g class="tracker-4">' in plot.svg
    assert 'stroke: var(--tracker-0)' in plot.svg
    assert set(re.findall(r'#[0-9a-f]{6}', plot.svg)) <= {'#000000'}
    names = re.findall(r' id="([^"]*)"', plot.svg)
    assert names
    assert all(name.startswith('a-') for name in names)
    used = set(re.findall(r'(?:href="|url\()#([^")]*)', plot.svg))
    assert used <= set(names)
    assert plot.picture == f'{tmp_path.name}/a.png'
    assert (tmp_path / 'a.png').read_bytes().startswith(b'\x89PNG')


def test_a_curve_of_one_point_can_be_seen(tmp_path):
    [style] = tracker_styles(('one',)).values()
    marks = []
    for count in (1, 101):
        x = np.linspace(0.5, 1, count)
        line = Line(0, style, x, x)
        plot = render('t', draw_lines([line], 'x', 'y'), [], tmp_path / f'{count}.png')
        drawn = plot.svg[plot.svg.index('class="tracker-0"') :]
        marks.append(drawn[: drawn.index('</g>\n</g>')].count('<use '))
    assert marks == [1, 0]
