# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The time that passes along a stream of images whose stamps cannot be trusted."""

from __future__ import annotations

from .image_rules import NANOSECONDS

CLOCK_JUMP_S = 10.0
"""Stamps that run ahead of the arrivals by more have jumped; by less, the camera was silent."""


class Timeline:
    """Elapsed seconds, by stamps where they make sense and by arrival where they don't.

    Attributes
    ----------
    elapsed : float
        Seconds since the first image; never decreases.
    """

    def __init__(self) -> None:
        self.elapsed = 0.0
        self._stamp: int | None = None
        self._arrival = 0.0

    def advance(self, stamp: int, arrival: float) -> bool:
        """Take the next image into account.

        Parameters
        ----------
        stamp : int
            Nanoseconds; 0: the camera gives none.
        arrival : float
            Monotonic time of arrival in seconds.

        Returns
        -------
        bool
            Whether it follows the image before. False: equal stamps, a stamp backwards or far
            ahead, or a clock that began or ceased to be given.
        """
        before, self._stamp = self._stamp, stamp
        waited, self._arrival = max(0.0, arrival - self._arrival), arrival
        if before is None:
            return True
        if stamp and before:
            passed = (stamp - before) / NANOSECONDS
            if 0 < passed <= waited + CLOCK_JUMP_S:
                self.elapsed += passed
                return True
        self.elapsed += waited
        return stamp == 0 and before == 0
