# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page as a whole, without a browser."""

from dataclasses import replace
from html.parser import HTMLParser
import re
import sys
import time

import matplotlib
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.average_overlap import AverageOverlap
from siam_tracker_ros.evaluation.report import write_report
from siam_tracker_ros.evaluation.success import Success
from siam_tracker_ros.evaluation.summary import Summary

VOID = {'meta', 'link', 'input', 'br'}
NAN = float('nan')


class Page(HTMLParser):
    """Elements of a page; that each is closed is checked on the way."""

    def __init__(self, path):
        super().__init__()
        self.open = []
        self.elements = []
        self.text = ''
        self.feed(path.read_text(encoding='utf-8'))
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def values(self, attribute):
        return [found[attribute] for _, found in self.elements if attribute in found]


@pytest.fixture(scope='module')
def report(results, tmp_path_factory):
    return write_report(results, tmp_path_factory.mktemp('report') / 'new' / 'folder')


def without(results, **changes):
    """Results whose only experiment has other summaries."""
    [section] = results.sections
    return replace(results, sections=(replace(section, **changes),))


def test_page_holds_what_was_found(report, results):
    page = Page(report)
    for word in ('Invented & drawn', 'One-pass evaluation', 'MIL is not in this build', 'AUROC'):
        assert word in page.text
    for sequence in results.sequences:
        assert sequence.name in page.text
    best = results.sections[0].summaries['siamfc']['success'].overall['auc']
    assert f'[{best:.3f}]' in page.text
    for measure in (m for a in results.sections[0].analyses for m in a.measures):
        assert measure.help in page.text


def test_every_plot_is_a_picture_too(report, results):
    curves = {
        curve.name
        for summaries in results.sections[0].summaries.values()
        for summary in summaries.values()
        for curve in summary.curves
    }
    pictures = {path.stem.rpartition('-')[2] for path in (report.parent / 'plots').glob('*.png')}
    assert pictures == {*curves, 'speed', 'attributes', 'stages'}
    linked = [value for value in Page(report).values('href') if value.startswith('plots/')]
    assert sorted(linked) == sorted(
        str(path.relative_to(report.parent)) for path in report.parent.glob('plots/*')
    )


def test_page_asks_for_nothing_from_elsewhere(report):
    page = Page(report)
    for value in page.values('href') + page.values('src'):
        assert re.match(r'(#|plots/|data:,$)', value), value
    assert '@import' not in report.read_text('utf-8')
    assert 'url(http' not in report.read_text('utf-8')
    [policy] = [a['content'] for t, a in page.elements if a.get('http-equiv')]
    assert policy.startswith("default-src 'none'; ")


def test_names_on_the_page_are_unique(report):
    names = Page(report).values('id')
    assert len(names) == len(set(names))


def test_equal_results_give_equal_bytes(report, results, tmp_path):
    again = write_report(results, tmp_path)
    files = sorted(path.relative_to(again.parent) for path in again.parent.rglob('*.*'))
    assert len(files) > 10
    for file in files:
        assert (again.parent / file).read_bytes() == (report.parent / file).read_bytes(), file


def test_matplotlib_keeps_its_settings(build, tmp_path):
    before = dict(matplotlib.rcParams)
    write_report(build(sequences=1, attributes=False), tmp_path)
    assert dict(matplotlib.rcParams) == before


def test_awkward_names_break_neither_page_nor_files(build, awkward, tmp_path):
    results = build(trackers=(awkward, '_b', 'c'), names=[awkward, '../up', 'a\\b'])
    results = replace(
        results, dataset=awkward, missing={awkward: awkward}, facts={awkward: awkward}
    )
    path = write_report(results, tmp_path / 'report')
    page = Page(path)
    assert awkward in page.text
    assert 'b' not in {tag for tag, attributes in page.elements if 'title' in attributes}
    source = path.read_text('utf-8')
    assert awkward not in source
    assert '<b>"' not in source
    assert {p.name for p in tmp_path.iterdir()} == {'report'}
    assert {p.name for p in path.parent.iterdir()} == {'index.html', 'plots'}


def test_figures_that_are_not_defined_are_dashes(build, tmp_path):
    results = build(sequences=4)
    [section] = results.sections
    nothing = {
        analysis.name: Summary({measure.name: NAN for measure in analysis.measures})
        for analysis in section.analyses
    }
    changed = without(results, summaries={**section.summaries, 'kcf': nothing})
    path = write_report(changed, tmp_path)
    text = Page(path).text
    assert not re.search(r'\bnan\b', text)
    row = re.search(r'<tr>\s*<th scope="row" data-key="kcf">.*?</tr>', path.read_text(), re.S)[0]
    cells = re.findall(r'<td data-key="">([^<]*)</td>', row)
    assert len(cells) == sum(len(analysis.measures) for analysis in section.analyses)
    assert set(cells) == {'\N{EN DASH}'}


def test_a_tracker_alone_without_attributes_and_costs(build, tmp_path):
    results = build(trackers=('only',), sequences=2, attributes=False, costs=False, gone=False)
    page = Page(write_report(results, tmp_path))
    assert 'only' in page.text
    assert '#cost' not in page.values('href')
    assert not (tmp_path / 'plots/ope-attributes.png').exists()


def test_two_attributes_are_a_table_but_no_radar(build, tmp_path):
    results = build(trackers=('a', 'b'), sequences=1)
    page = Page(write_report(results, tmp_path))
    assert 'fast motion' in page.text
    assert not (tmp_path / 'plots/ope-attributes.png').exists()


def test_an_experiment_that_nobody_finished(results, tmp_path):
    empty = replace(without(results, summaries={}, passes={}), trackers=(), costs={})
    path = write_report(empty, tmp_path, videos=True)
    assert 'No tracker finished this experiment.' in Page(path).text


def test_two_experiments_stand_beside_each_other(build, tmp_path):
    results = build(sequences=1, attributes=False)
    [section] = results.sections
    second = replace(section, name='sre', title='Spatial robustness')
    page = Page(write_report(replace(results, sections=(section, second)), tmp_path))
    names = page.values('id')
    assert {'experiment-ope', 'experiment-sre'} <= set(names)
    assert len(names) == len(set(names))
    assert (tmp_path / 'plots/sre-success-success.png').is_file()


def test_lower_is_better_where_the_measure_says_so(report):
    # The legend of the reliability plot ranks by the calibration error.
    source = report.read_text('utf-8')
    figure = source[source.index('Reliability of the score</h4>') :]
    values = re.findall(r'class="value">\[([\d.]+)\]', figure[: figure.index('</figure>')])
    assert len(values) == 4
    assert values == sorted(values)


def test_what_a_diagonal_means_stands_below_the_trackers(report):
    source = report.read_text('utf-8')
    for title, meaning in (
        ('Score against presence', 'chance'),
        ('Reliability of the score', 'perfectly calibrated'),
        ('Success', None),
    ):
        figure = source[source.index(f'<h4>{title}') :]
        figure = figure[: figure.index('</figure>')]
        last = figure[figure.rindex('<li>') :]
        assert ('data-toggle' in last) == (meaning is None)
        assert meaning is None or meaning in last
        assert ('stroke-dasharray: 3.7,1.6' in figure) == (meaning is not None)


def test_failures_come_first(report, results):
    source = report.read_text('utf-8')
    table = source[source.index('class="sequences') :]
    names = re.findall(r'<th scope="row" data-key="([^"]*)">', table[: table.index('</table>')])
    figures = results.sections[0].summaries['siamfc']['success'].sequences
    assert names == sorted(names, key=lambda name: figures[name]['auc'])


def test_sequences_are_ordered_by_the_first_analysis_that_tells_them_apart(build, tmp_path):
    results = build(sequences=3, analyses=(Success(), AverageOverlap()))
    [section] = results.sections
    summaries = {
        tracker: {**found, 'success': replace(found['success'], sequences={})}
        for tracker, found in section.summaries.items()
    }
    source = write_report(without(results, summaries=summaries), tmp_path).read_text('utf-8')
    table = source[source.index('class="sequences') :]
    names = re.findall(r'<th scope="row" data-key="([^"]*)">', table[: table.index('</table>')])
    figures = section.summaries['siamfc']['average_overlap'].sequences
    assert names == sorted(figures, key=lambda name: figures[name]['ao'])


def test_a_hundred_sequences_do_not_take_long(build, tmp_path):
    results = build(trackers=tuple('abcde'), sequences=100, frames=300)
    begin = time.process_time()
    path = write_report(results, tmp_path)
    assert time.process_time() - begin < 40
    assert path.stat().st_size < 2_000_000


def test_a_folder_that_cannot_be_made_is_refused(results, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match=r'report .*file.* cannot be written .*another folder'):
        write_report(results, tmp_path / 'file')


@pytest.mark.parametrize(('module', 'words'), [('matplotlib', 'matplotlib'), ('jinja2', 'Jinja2')])
def test_a_missing_library_is_one_sentence(results, tmp_path, monkeypatch, module, words):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=rf"a report needs {words} .*pip install '\.\[eval\]'"):
        write_report(results, tmp_path)
