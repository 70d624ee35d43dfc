# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera was silent for longer than it usually is between two images."""

from __future__ import annotations

from collections import deque
import math
from statistics import median

PAUSE_S = 0.5
"""A camera that sends nothing for longer pauses."""
PAUSE_INTERVALS = 3.0
"""A slow camera does not pause all the time: it is silent for longer than so many intervals."""
REMEMBERED = 15


class Pauses:
    """Told of every image that comes, whether there is time for it or not.

    Attributes
    ----------
    resumed : float
        Arrival of the image that ended the last pause, monotonic, seconds; -inf: there was none.
    """

    def __init__(self) -> None:
        self.resumed = -math.inf
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
        usual = median(self._intervals) if self._intervals else 0.0
        if silent > max(PAUSE_S, PAUSE_INTERVALS * usual):
            self.resumed = arrival
        self._intervals.append(silent)
