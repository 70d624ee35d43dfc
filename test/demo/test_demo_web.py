# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's page; .ci/run looks at it over a real video."""

import io
import shutil
import sys

import pytest

from siam_tracker_ros.images import read_image
from siam_tracker_ros.node import demo, demo_web
from siam_tracker_ros.web.browser import NAMES

PAGE = """<!doctype html><title>it</title>
<p id="condition" data-word="tracked">it</p><canvas id="picture" data-state="lost"></canvas>
<script>
setTimeout(() => {
  document.body.style.background = 'lime';
  document.querySelector('#picture').dataset.state = 'tracked';
}, 300);
</script>
"""


def test_a_page_is_served_to_people_and_checked_where_there_are_none(monkeypatch):
    assert [demo_web.choose_mode(mode) for mode in ('serve', 'check')] == ['serve', 'check']
    monkeypatch.setattr(sys, 'stdin', io.StringIO())
    assert demo_web.choose_mode('auto') == 'check'
    monkeypatch.setattr(sys.stdin, 'isatty', lambda: True, raising=False)
    assert demo_web.choose_mode('auto') == 'serve'


def test_the_page_goes_with_a_video_at_camera_rate():
    assert demo.parse_options([]).web is None
    options = demo.parse_options(['--web'])
    assert (options.web, options.realtime) == ('auto', True)
    assert demo.parse_options(['--web', 'check']).web == 'check'


def test_without_a_browser_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    demo_web.look('http://127.0.0.1:9/', tmp_path)
    said = capsys.readouterr().out
    assert said.startswith('the page at http://127.0.0.1:9/ is not looked at: no browser')
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_kept_once_a_target_is_tracked(monkeypatch, tmp_path, capsys):
    pytest.importorskip('playwright', reason='playwright is not installed')
    if not any(map(shutil.which, NAMES)):
        pytest.skip('no browser is installed')
    monkeypatch.setattr(demo_web, 'PLOT_SECONDS', 0.05)
    page = tmp_path / 'page.html'
    page.write_text(PAGE)
    demo_web.look(page.as_uri(), tmp_path)
    assert 'a target that is tracked' in capsys.readouterr().out
    # Not one from before.
    blue, green, red = read_image(tmp_path / demo_web.PICTURE)[-50, -50]
    assert green > 200
    assert max(blue, red) < 50
