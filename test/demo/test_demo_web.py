# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's page; .ci/nightly looks at it over a real video."""

from contextlib import ExitStack, nullcontext
import io
import shutil
import sys

import pytest

from siam_tracker_ros.errors import UserError
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
    demo_web.look('http://127.0.0.1:9/', tmp_path, is_wanted=False)
    said = capsys.readouterr().out
    assert said.startswith('the page at http://127.0.0.1:9/ is not looked at: no browser')
    assert list(tmp_path.iterdir()) == []
    # Who asked for it is not told that all is well.
    with pytest.raises(UserError, match='no browser is installed'):
        demo_web.look('http://127.0.0.1:9/', tmp_path, is_wanted=True)


def test_the_page_has_no_token_of_the_user(monkeypatch, tmp_path):
    environments = []
    monkeypatch.setattr(
        demo_web, 'Child', lambda *child: environments.append(child[-1]) or nullcontext()
    )
    monkeypatch.setenv('SIAM_TRACKER_TOKEN', 'a-token_of_letters')
    with ExitStack() as stack:
        demo_web.start(stack, '/n', tmp_path)
    (environment,) = environments
    assert 'SIAM_TRACKER_TOKEN' not in environment
    assert environment['PATH']


def need_browser():
    pytest.importorskip('playwright', reason='playwright is not installed')
    if not any(map(shutil.which, NAMES)):
        pytest.skip('no browser is installed')


def test_a_page_that_cannot_be_opened_is_one_sentence(tmp_path):
    need_browser()
    place = (tmp_path / 'nothing.html').as_uri()
    with pytest.raises(UserError, match=r'cannot be looked at: .*ERR_FILE_NOT_FOUND') as caught:
        demo_web.look(place, tmp_path, is_wanted=False)
    assert '\n' not in str(caught.value)


def test_a_picture_is_kept_once_a_target_is_tracked(monkeypatch, tmp_path, capsys):
    need_browser()
    monkeypatch.setattr(demo_web, 'PLOT_SECONDS', 0.05)
    page = tmp_path / 'page.html'
    page.write_text(PAGE)
    demo_web.look(page.as_uri(), tmp_path, is_wanted=True)
    assert 'a target that is tracked' in capsys.readouterr().out
    # Not one from before.
    blue, green, red = read_image(tmp_path / demo_web.PICTURE)[-50, -50]
    assert green > 200
    assert max(blue, red) < 50
