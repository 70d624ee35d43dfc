# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node's process: signals end it in order, with exit code 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

SPIN_SECONDS = 0.1
"""A signal is noticed within this time."""


class StopSignals:
    """SIGINT and SIGTERM as a flag.

    rclpy's own handlers invalidate its context at once: no transition could run any more. Until
    `ready` a signal ends the process on the spot, so that it does not wait for imports.
    """

    def __init__(self) -> None:
        self.requested = False
        self._ready = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def ready(self) -> None:
        """From now on a signal only sets `requested`."""
        self._ready = True

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Meanwhile a signal ends the process on the spot again: for what takes long."""
        before, self._ready = self._ready, False
        try:
            if self.requested:
                raise SystemExit(0)
            yield
        finally:
            self._ready = before

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        if not self._ready:
            raise SystemExit(0)


def spin(executor: Any, is_done: Callable[[], bool]) -> None:
    """Run callbacks until `is_done`."""
    while not is_done():
        executor.spin_once(timeout_sec=SPIN_SECONDS)


def run(main: Callable[[], int]) -> NoReturn:
    """Run a program, and end its process at once when it has closed everything of ours.

    The interpreter's own end waits for a network that hangs, and unloading torch alone can take
    longer than a launch system waits before it kills.
    """
    try:
        code = main()
    except SystemExit as end:
        # Of a signal while it starts, or of the parser of a command line.
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
