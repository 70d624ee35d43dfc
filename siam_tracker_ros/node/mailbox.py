# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between the callbacks and the worker: the newest image, and commands in their order."""

from __future__ import annotations

from collections import deque
import threading
from typing import Generic, TypeVar

from .statistics import Counters

Image = TypeVar('Image')
Command = TypeVar('Command')


class Mailbox(Generic[Image, Command]):
    """One slot for an image, where a newer one replaces the older, and a queue of commands.

    A queue of images would add its length to the latency of every result.

    Parameters
    ----------
    counters : Counters
        Told of every image that arrives and of every one that is replaced.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._changed = threading.Condition()
        self._image: Image | None = None
        self._commands: deque[Command] = deque()
        self._closed = False

    def put(self, image: Image) -> None:
        """Store an image; the one that waits is dropped."""
        with self._changed:
            if self._closed:
                return
            self._counters.arrived(replaced=self._image is not None)
            self._image = image
            self._changed.notify()

    def command(self, command: Command) -> bool:
        """Queue a command; False where the mailbox is closed."""
        with self._changed:
            if self._closed:
                return False
            self._commands.append(command)
            self._changed.notify()
            return True

    def take(self, timeout: float) -> tuple[list[Command], Image | None]:
        """Take all commands and the image, after waiting for either.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._commands or self._image is not None, timeout
            )
            commands = list(self._commands)
            self._commands.clear()
            image, self._image = self._image, None
            return commands, image

    def close(self) -> None:
        """Refuse what comes from now on, drop the image that waits, and wake the worker."""
        with self._changed:
            self._closed = True
            if self._image is not None:
                self._counters.dropped('deactivated')
                self._image = None
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether the worker should end."""
        return self._closed
