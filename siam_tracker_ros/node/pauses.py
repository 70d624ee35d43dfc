# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera was silent for longer than it usually is between two images."""

from __future__ import annotations

from collections import deque
from statistics import median_low

PAUSE_S = 0.5
"""A camera that sends nothing for longer pauses."""
PAUSE_INTERVALS = 3.0
"""A slow camera does not pause all the time: it is silent for longer than so many intervals."""
REMEMBERED = 15


class Pauses:
    """Told of every image that comes, whether there is time for it or not.

    The first interval of a slow camera is taken for one, because nothing is usual yet.
    """

    def __init__(self) -> None:
        # Arrivals of the images that ended a pause.
        self._resumed: deque[float] = deque(maxlen=REMEMBERED)
        self._intervals: deque[float] = deque(maxlen=REMEMBERED)
        self._elapsed: float | None = None

    def add(self, elapsed: float, arrival: float, follows: bool) -> None:
        """Take the next image into account.

        Parameters
        ----------
        elapsed : float
            Time of the stream, seconds: a bag may be played at any rate.
        arrival : float
            Monotonic time, seconds.
        follows : bool
            Whether it continues the image before, see `Timeline.advance`.
        """
        before, self._elapsed = self._elapsed, elapsed
        if before is None or not follows:
            return
        silent = elapsed - before
        usual = median_low(self._intervals) if self._intervals else 0.0
        if silent > max(PAUSE_S, PAUSE_INTERVALS * usual):
            self._resumed.append(arrival)
        self._intervals.append(silent)

    def between(self, after: float, until: float) -> bool:
        """Whether a pause ended with an image that arrived then, the last moment included."""
        return any(after < arrival <= until for arrival in self._resumed)
