# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A browser that nobody sees, which opens pages for tests and for pictures of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import shutil
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ('chromium', 'chromium-browser', 'google-chrome')
# No sandbox: tests may run as root in a container. The rest keeps it from calling home.
ARGUMENTS = (
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
)  # fmt: skip


@contextmanager
def headless_browser() -> Iterator[Browser]:
    """Run the machine's own Chromium.

    Raises
    ------
    UserError
        There is none, or nothing that drives it.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise UserError(f'no browser is installed: none of {", ".join(NAMES)}')
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UserError(f'playwright is not installed ({error}): pip install playwright') from None
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
