# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's page; .ci/run looks at it over a real video."""

import io
import shutil
import sys

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.node import demo, demo_web
from siam_tracker_ros.web.browser import NAMES

PAGE = """<!doctype html><title>it</title>
<p id="condition" data-word="{word}">{word}</p><canvas id="picture" data-state="{word}"></canvas>
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


@pytest.mark.parametrize('word', ['tracked', 'lost'])
def test_a_picture_is_kept_of_what_is_tracked(word, monkeypatch, tmp_path, capsys):
    pytest.importorskip('playwright', reason='playwright is not installed')
    if not any(map(shutil.which, NAMES)):
        pytest.skip('no browser is installed')
    monkeypatch.setattr(demo_web, 'PLOT_SECONDS', 0.05)
    monkeypatch.setattr(demo_web, 'TRACKED_SECONDS', 0.2)
    page = tmp_path / 'page.html'
    page.write_text(PAGE.format(word=word))
    if word == 'lost':
        with pytest.raises(UserError, match=r'did not show a tracked target.*but: lost'):
            demo_web.look(page.as_uri(), tmp_path)
        return
    demo_web.look(page.as_uri(), tmp_path)
    assert 'a target that is tracked' in capsys.readouterr().out
    assert (tmp_path / demo_web.PICTURE).read_bytes().startswith(b'\xff\xd8')
