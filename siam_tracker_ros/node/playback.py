# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When the images of a source are due; no ROS in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..images import Image
from ..video import Camera, Source, TimedImage

LONGEST_LAG_S = 0.5
"""After a longer stall the schedule starts anew, instead of sending what was missed in a burst."""


class Playback:
    """The images of a source in their order, and the times between them.

    Parameters
    ----------
    reopen : callable
        Opens the source; called again for each round of a loop.
    fps : float
        Images per second; 0: the times of the source.
    loop : bool
        Whether to begin again at the end.
    """

    def __init__(self, reopen: Callable[[], Source], fps: float = 0.0, loop: bool = False) -> None:
        self._reopen = reopen
        self._fps = fps
        self._loop = loop
        self._source = reopen()
        self._images: Iterator[TimedImage] = iter(self._source)
        self._next: TimedImage | None = None
        self._read = 0
        self._start: float | None = None
        self._is_live = isinstance(self._source, Camera)
        if not self._is_live:
            self._fetch()

    @property
    def name(self) -> str:
        """What messages call the source."""
        return self._source.name

    @property
    def is_finished(self) -> bool:
        """Whether no image is left."""
        return self._next is None and not self._is_live

    def delay(self, now: float) -> float:
        """Seconds until the next image is due; 0 for a camera, which waits itself."""
        if self._is_live or self._next is None:
            return 0.0
        if self._start is None:
            self._start = now - self._time(self._next)
        wait = self._start + self._time(self._next) - now
        if wait < -LONGEST_LAG_S:
            self._start -= wait
        return max(0.0, wait)

    def take(self) -> Image | None:
        """Return the next image, or None at the end.

        Raises
        ------
        UserError
            It cannot be read.
        """
        if self._is_live:
            item = next(self._images, None)
            return item.image if item is not None else None
        item = self._next
        if item is None:
            return None
        self._fetch()
        return item.image

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _time(self, item: TimedImage) -> float:
        """Seconds of an image since the first one of its round."""
        return (self._read - 1) / self._fps if self._fps > 0 else item.stamp

    def _fetch(self) -> None:
        """Read one image ahead: the end is then known, and an image is ready when it is due."""
        self._next = next(self._images, None)
        self._read += 1
        if self._next is None and self._loop:
            self._source.close()
            self._source = self._reopen()
            self._images = iter(self._source)
            self._next = next(self._images, None)
            self._read = 1
            self._start = None
