# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's page: ``siam-tracker web`` as a third process, for people or for a browser."""

from __future__ import annotations

from contextlib import ExitStack
import os
from pathlib import Path
import re
import sys
import time
from typing import TYPE_CHECKING

from ..errors import UserError
from ..web.access import TOKEN
from ..web.browser import headless_browser
from .demo_processes import Child, deferred_signals

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .demo_observer import Observer

PICTURE = 'page.jpg'
MODES = AUTO, SERVE, CHECK = 'auto', 'serve', 'check'
START_SECONDS = 60.0
TRACKED_SECONDS = 60.0
PLOT_SECONDS = 6.0
"""The picture shall show some of the plots."""

WINDOW = {'width': 1280, 'height': 880}


def choose_mode(wanted: str) -> str:
    """Return ``serve`` where a person can end it with Ctrl-C, else ``check``."""
    if wanted != AUTO:
        return wanted
    return SERVE if sys.stdin is not None and sys.stdin.isatty() else CHECK


def start(stack: ExitStack, node: str, logs: Path) -> Child:
    """Start the page's process on a free port; it ends with the stack."""
    command = [sys.executable, '-m', 'siam_tracker_ros.cli', 'web', '--node', node, '--port', '0']
    # The demo's page needs no token, whatever the user's own one does.
    environment = {name: value for name, value in os.environ.items() if name != TOKEN}
    with deferred_signals():
        return stack.enter_context(Child('web', command, logs, environment))


def address(server: Child, observer: Observer) -> str:
    """Wait for the address that the process prints.

    Raises
    ------
    UserError
        It has ended instead.
    """

    def printed() -> re.Match[str] | None:
        server.check_alive()
        return re.search(r'http://\S+/', server.log.read_text(encoding='utf-8'))

    observer.wait(lambda: printed() is not None, START_SECONDS, 'the start of the page')
    found = printed()
    assert found is not None
    return found[0]


def serve(server: Child, observer: Observer, place: str) -> None:
    """Go on until Ctrl-C.

    Raises
    ------
    UserError
        A process has ended meanwhile.
    """
    print(f'The page is at {place} — open it in a browser; Ctrl-C ends the demo.', flush=True)
    while True:
        # The source publishes only while the observer listens.
        observer.rest(0.5)
        observer.forget()
        for child in (server, *observer.children):
            child.check_alive()


def look(place: str, out: Path, is_wanted: bool) -> None:
    """Open the page in a browser that nobody sees, and keep a picture of it.

    Parameters
    ----------
    place : str
        The page's address.
    out : pathlib.Path
        Folder for the picture.
    is_wanted : bool
        Somebody asked for it: without a browser it fails. Else it says so and goes on.

    Raises
    ------
    UserError
        There is no browser, it cannot open the page, or that shows no target that is tracked.
    """
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(headless_browser())
        except UserError as error:
            if is_wanted:
                raise
            print(f'the page at {place} is not looked at: {error}')
            return
        # Installed, as there is a browser.
        from playwright.sync_api import Error

        try:
            _check(browser, place, out)
        except Error as error:
            reason = error.message.splitlines()[0]
            raise UserError(f'the page at {place} cannot be looked at: {reason}') from error


def _check(browser: Browser, place: str, out: Path) -> None:
    page = browser.new_page(viewport={'width': WINDOW['width'], 'height': WINDOW['height']})
    complaints: list[str] = []
    page.on('pageerror', lambda error: complaints.append(str(error)))
    page.goto(place)
    shown, picture = page.locator('#condition'), page.locator('#picture')
    end = time.monotonic() + TRACKED_SECONDS
    words: set[str | None] = set()
    # Nothing stands still: it must be so before and after the picture.
    while words != {'tracked'}:
        if time.monotonic() > end:
            raise UserError(
                f'the page did not show a tracked target within {TRACKED_SECONDS:g} s, but: '
                f'{" ".join(shown.inner_text().split())}'
            )
        page.wait_for_timeout(1000 * PLOT_SECONDS)
        words = {shown.get_attribute('data-word'), picture.get_attribute('data-state')}
        page.screenshot(path=str(out / PICTURE), type='jpeg', quality=85)
        words |= {shown.get_attribute('data-word'), picture.get_attribute('data-state')}
    if complaints:
        raise UserError(f'the page has a fault: {complaints[0]}')
    print(f'the page shows a target that is tracked: {out / PICTURE}')
