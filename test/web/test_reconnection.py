# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an open page does when its connection ends, in a browser; no ROS."""

import asyncio
from contextlib import contextmanager
import threading
import time

import pytest

from siam_tracker_ros.web.access import make_access
from siam_tracker_ros.web.scene import Scene

pytest.importorskip('aiohttp', reason='aiohttp is not installed')
server_module = pytest.importorskip('siam_tracker_ros.web.server')

HOST = '127.0.0.1'
WAIT_MS = 10_000

# Notes when the line of the latency goes to the left.
WATCH = """
const { moveTo, lineTo } = CanvasRenderingContext2D.prototype;
window.drawn = 0;
window.backwards = 0;
let from = 0;
CanvasRenderingContext2D.prototype.moveTo = function (x, y) {
  from = x;
  moveTo.call(this, x, y);
};
CanvasRenderingContext2D.prototype.lineTo = function (x, y) {
  if (this.canvas.id === 'latency') {
    window.drawn += 1;
    if (x < from) window.backwards += 1;
  }
  lineTo.call(this, x, y);
};
"""


class Site:
    """A server in a thread of its own."""

    def __init__(self, scene, token, port=0):
        self._scene, self._token, self.port = scene, token, port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(10.0)

    async def _serve(self):
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        access = make_access(HOST, self._token)
        self._server = server_module.PageServer(
            self._scene, access, lambda command: None, lambda is_watched: None, 50.0
        )
        runner, self.port = await server_module.listen(self._server, HOST, self.port)
        self._ready.set()
        await self._ended.wait()
        await runner.cleanup()

    def drop(self):
        """End the connections, and serve on."""
        asyncio.run_coroutine_threadsafe(self._server._close(None), self._loop).result(10.0)

    def close(self):
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10.0)


@contextmanager
def serve(*arguments, **options):
    site = Site(*arguments, **options)
    try:
        yield site
    finally:
        site.close()


@pytest.fixture
def page(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


def await_drawn(page, count):
    # The page's own rules forbid that Playwright waits for an expression.
    end = time.monotonic() + WAIT_MS / 1000
    while page.evaluate('window.drawn') < count:
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_plots_do_not_run_backwards_after_a_dropped_connection(page, make_status):
    now = 0.0
    scene = Scene('/n', lambda: now)
    page.add_init_script(WATCH)
    with serve(scene, None) as site:
        for stamp in range(1, 6):
            now = 0.2 * stamp
            scene.add_status(make_status(stamp))
        page.goto(f'http://{HOST}:{site.port}/')
        await_drawn(page, 10)
        site.drop()
        page.wait_for_selector('#condition[data-word="no connection"]', timeout=WAIT_MS)
        await_drawn(page, page.evaluate('window.drawn') + 10)
        assert page.evaluate('window.backwards') == 0


def test_a_page_with_an_old_token_says_so_and_rests(page):
    scene = Scene('/n', lambda: 0.0)
    with serve(scene, 'first-token-of-letters') as site:
        page.goto(f'http://{HOST}:{site.port}/?token=first-token-of-letters')
        page.wait_for_selector('#condition[data-word="looking"]', timeout=WAIT_MS)
        port = site.port
    with serve(scene, 'second-token-of-letters', port):
        page.wait_for_selector('#condition:has-text("token is missing or wrong")', timeout=WAIT_MS)
        sockets = []
        page.on('websocket', lambda socket: sockets.append(socket.url))
        page.wait_for_timeout(1500)
        assert sockets == []


def test_a_page_finds_the_server_that_is_started_again(page):
    scene = Scene('/n', lambda: 0.0)
    with serve(scene, None) as site:
        page.goto(f'http://{HOST}:{site.port}/')
        page.wait_for_selector('#condition[data-word="looking"]', timeout=WAIT_MS)
        port = site.port
    page.wait_for_selector('#condition[data-word="no connection"]', timeout=WAIT_MS)
    # Long enough to be tried in vain.
    page.wait_for_timeout(1200)
    with serve(scene, None, port=port):
        page.wait_for_selector('#condition:not([data-word="no connection"])', timeout=WAIT_MS)
