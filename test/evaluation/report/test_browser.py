# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page in Chromium, as a reader has it: opened from a file."""

from dataclasses import replace

import numpy as np
import pytest

from siam_tracker_ros.evaluation.average_overlap import AverageOverlap
from siam_tracker_ros.evaluation.lost import LostSignal
from siam_tracker_ros.evaluation.report import write_report
from siam_tracker_ros.evaluation.success import Success
from siam_tracker_ros.images import write_image

TRACKERS = ('siamfc', 'nanotrack', 'csrt', 'siamrpnpp/mobilenetv2 with a longer name')
LONG = 'a_sequence_whose_name_is_long_and_has_no_space_at_all'
OVERLAPPING = """selectors => {
  const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const found = [];
  for (const selector of selectors) {
    const boxes = [...document.querySelectorAll(selector)].map(e => e.getBoundingClientRect());
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => hit(a, b) && found.push(selector)));
  }
  return found;
}"""
# Letters of a plot that would be cut off at its border.
CUT = """() => [...document.querySelectorAll('.plot > svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.left < frame.left - 2 || box.right > frame.right + 2;
  }).map(text => text.textContent);
})"""


@pytest.fixture(scope='module')
def results(build, awkward, tmp_path_factory):
    """As in life, but for one image that is shown again and again."""
    names = [*(f'sequence {index:02d}' for index in range(22)), LONG, awkward]
    results = build(
        trackers=TRACKERS,
        names=names,
        frames=40,
        analyses=(Success(), AverageOverlap(), LostSignal()),
    )
    image = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
    file = write_image(
        tmp_path_factory.mktemp('image') / 'noise.png',
        np.kron(image, np.ones((10, 10, 1), np.uint8)),
    )
    sequences = tuple(replace(s, images=(file,) * len(s.images)) for s in results.sequences)
    return replace(results, sequences=sequences)


@pytest.fixture(scope='module')
def path(results, tmp_path_factory):
    return write_report(results, tmp_path_factory.mktemp('report'), videos=True, most_videos=2)


class Visit:
    """A page, and what it asked for and complained of."""

    def __init__(self, page, path):
        self.page = page
        self.requests, self.complaints = [], []
        page.on('request', lambda request: self.requests.append(request.url))
        page.on('pageerror', lambda error: self.complaints.append(str(error)))
        page.on('console', lambda message: self.complaints.append(message.text))
        page.goto(path.as_uri())

    def names(self, table='.sequences'):
        """Names of the rows that can be seen, from the top."""
        rows = self.page.locator(table).first.locator('tbody tr:visible th')
        return rows.evaluate_all('heads => heads.map(head => head.dataset.key)')


@pytest.fixture
def visit(browser, path):
    """Opens the page; `Browser.new_context` has the arguments."""
    contexts = []

    def make(**arguments):
        contexts.append(browser.new_context(**arguments))
        return Visit(contexts[-1].new_page(), path)

    yield make
    for context in contexts:
        context.close()


def style(page, selector, name):
    """What a property of the first such element came to be."""
    script = '([s, n]) => getComputedStyle(document.querySelector(s))[n]'
    return page.evaluate(script, [selector, name])


def brightness(colour):
    """Mean of what CSS writes as ``rgb(r, g, b)``."""
    return np.mean([int(part) for part in colour.strip('rgb()').split(',')[:3]])


def by_auc(results, tracker):
    """Names of the sequences, the worst first."""
    figures = results.sections[0].summaries[tracker]['success'].sequences
    return sorted(figures, key=lambda name: figures[name]['auc'])


def test_opens_without_a_complaint_and_without_the_network(visit, path):
    seen = visit()
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []
    assert seen.page.title() == 'Invented & drawn · tracker evaluation'
    assert seen.page.locator('.plot > svg').count() >= 8


def test_nothing_can_be_fetched(visit):
    page = visit().page
    words = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'fetched', String)")
    assert 'TypeError' in words
    blocked = page.evaluate("""() => new Promise(resolve => {
      document.addEventListener('securitypolicyviolation', event => resolve(event.blockedURI));
      document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/a.png'}));
    })""")
    assert blocked == 'http://127.0.0.1:9/a.png'


def test_failures_come_first_and_the_tracker_can_be_chosen(visit, results):
    seen = visit()
    assert seen.names() == by_auc(results, 'siamfc')[:20]
    seen.page.get_by_role('combobox', name='Tracker').select_option('csrt')
    assert seen.names() == by_auc(results, 'csrt')[:20]
    first = seen.page.locator('.sequences tbody tr').first
    assert first.locator('.of:visible').count() == 1
    assert first.locator('.of:visible').get_attribute('data-tracker') == '2'
    seen.page.get_by_role('button', name='Show all 24 sequences').click()
    assert seen.names() == by_auc(results, 'csrt')
    assert seen.complaints == []


def test_a_click_on_a_head_sorts_and_another_one_turns_it_round(visit, results):
    seen = visit()
    table = seen.page.locator('table').first
    figures = {
        tracker: results.sections[0].summaries[tracker]['success'].overall['precision']
        for tracker in TRACKERS
    }
    order = sorted(TRACKERS, key=lambda tracker: -figures[tracker])
    for expected, direction in ((order, 'descending'), (order[::-1], 'ascending')):
        table.get_by_role('button', name='P20').click()
        assert seen.names('table') == expected
        head = table.locator('th[aria-sort]')
        assert head.count() == 1
        assert head.get_attribute('aria-sort') == direction


def test_an_open_row_keeps_what_belongs_to_it(visit):
    seen = visit()
    body = seen.page.locator('.sequences tbody')
    name = body.locator('th').first.get_attribute('data-key')
    row = f'tr:has(th[data-key="{name}"])'
    body.locator('button.more').first.click()
    assert len(seen.names()) == 20
    seen.page.get_by_role('button', name='Show all 24 sequences').click()
    seen.page.get_by_role('button', name='Sequence', exact=True).click()
    assert seen.names()[2:] == [f'sequence {index:02d}' for index in range(22)]
    assert body.locator(f'{row} + tr.detail .of:visible').count() == len(TRACKERS)
    seen.page.get_by_label('Find').fill('no such sequence')
    assert body.locator('tr:visible').count() == 0
    seen.page.get_by_label('Find').fill('')
    body.locator(f'{row} button.more').click()
    assert body.locator('tr.detail').count() == 0
    assert body.locator('.of:visible').count() == 24


def test_what_has_no_figure_stays_last(visit):
    page = visit().page
    page.evaluate("""() => {
      const cells = document.querySelectorAll('.sequences tbody tr td.score[data-tracker="0"]');
      cells[0].dataset.key = '';
    }""")
    name = page.locator('.sequences tbody th').first.get_attribute('data-key')
    for _ in range(2):
        page.locator('.sequences th.score[data-tracker="0"] button').click()
        last = page.locator('.sequences tbody tr').last.locator('th')
        assert last.get_attribute('data-key') == name


def test_keys_do_what_clicks_do(visit):
    page = visit().page
    page.keyboard.press('Tab')
    assert page.evaluate('document.activeElement.textContent') == 'Skip to the figures'
    assert page.locator('.skip').bounding_box()['x'] >= 0
    head = page.locator('table').first.get_by_role('button', name='P20')
    head.focus()
    page.keyboard.press('Enter')
    assert page.locator('table').first.locator('th[aria-sort]').inner_text().startswith('P20')
    more = page.locator('button.more').first
    more.focus()
    page.keyboard.press('Space')
    assert more.get_attribute('aria-expanded') == 'true'


def test_a_tracker_can_be_hidden_in_all_plots(visit):
    page = visit().page
    lines = page.locator('.plot .tracker-1')
    count = lines.count()
    assert count >= 8
    button = page.locator('button[data-toggle="1"]')
    button.first.click()
    assert [button.nth(i).get_attribute('aria-pressed') for i in range(count)] == ['false'] * count
    assert not any(lines.nth(index).is_visible() for index in range(count))
    assert page.locator('.plot .tracker-0').first.is_visible()
    button.last.click()
    assert all(lines.nth(index).is_visible() for index in range(count))


def test_sequences_are_found_by_name_and_attribute(visit, awkward):
    seen = visit()
    find = seen.page.get_by_label('Find')
    find.fill('SEQUENCE 07')
    assert seen.names() == ['sequence 07']
    find.fill(awkward)
    assert seen.names() == [awkward]
    find.fill('occlusion')
    assert len(seen.names()) == 12
    find.fill('')
    assert len(seen.names()) == 20


def test_a_video_is_loaded_on_demand_and_plays(visit, path):
    seen = visit()
    row = seen.page.locator('.sequences tbody tr:has(video)').first
    row.locator('button.more').click()
    below = seen.page.locator('.sequences tr.detail')
    assert below.locator('.of:visible').count() == len(TRACKERS)
    video = below.locator('video')
    assert video.is_visible()
    assert seen.requests == [path.as_uri()]
    video.evaluate('video => video.play()')
    seen.page.wait_for_function(
        """() => [...document.querySelectorAll('video')].some(
          video => video.readyState >= 2 && video.currentTime > 0.2)"""
    )
    assert abs(video.evaluate('video => video.duration') - 40 / 25) < 0.1
    size = video.evaluate('video => [video.videoWidth, video.videoHeight]')
    assert size == [int(video.get_attribute(name)) for name in ('width', 'height')]
    assert video.evaluate('video => video.error') is None
    assert all(url.startswith('file:') for url in seen.requests)
    assert seen.complaints == []


def test_dark_is_dark(visit):
    grounds, letters = [], []
    for scheme in ('light', 'dark'):
        page = visit(color_scheme=scheme).page
        grounds.append(style(page, 'main > section', 'backgroundColor'))
        letters.append(style(page, '.plot text', 'fill'))
    light, dark = (brightness(ground) for ground in grounds)
    assert light > 240
    assert dark < 60
    assert brightness(letters[0]) < 60
    assert brightness(letters[1]) > 200


@pytest.mark.parametrize('width', [320, 375, 768, 1280])
def test_every_width_holds_the_page(visit, width):
    page = visit(viewport={'width': width, 'height': 800}).page
    page.locator('button.more').first.click()
    assert page.evaluate('document.documentElement.scrollWidth') <= width
    parts = [
        'main > section', '.plot', '.top > *', '.controls > *', '.legend li',
        '.sequences tbody tr', '.plot text',
    ]  # fmt: skip
    assert page.evaluate(OVERLAPPING, parts) == []
    assert page.evaluate(CUT) == []
    wide = 'heads => heads.filter(head => head.scrollWidth > head.clientWidth + 1).length'
    page.locator('button.all').click()
    assert page.locator('tbody th').evaluate_all(wide) == 0


def test_paper_shows_the_figures_and_no_controls(visit):
    # A4 across, without its margins.
    page = visit(color_scheme='dark', viewport={'width': 1032, 'height': 700}).page
    page.emulate_media(media='print', color_scheme='dark')
    assert not page.locator('nav').is_visible()
    assert not page.locator('.controls').first.is_visible()
    assert page.locator('.sequences').is_visible()
    assert page.evaluate('document.documentElement.scrollWidth') <= 1032
    assert brightness(style(page, '.plot text', 'fill')) < 60
