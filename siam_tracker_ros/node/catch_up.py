# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Targets that started on a kept image, until they have caught up with the camera.

They are followed through the kept images in the time that the camera's own images leave, one image
at a time and all those that are behind it together. What there is no time for is left out, evenly
along the way, so that each is searched in the camera's image again within half a second after its
start was computed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .frame_buffer import FrameBuffer, KeptImage
from .statistics import Counters
from .targets import Followed

LIVE_WITHIN_S = 0.5
"""A target is searched in the camera's own image again within this time after it was started."""

MOST_WAITED = 2
"""So many of the camera's images without time for a turn are a tracker that cannot keep up."""


@dataclass
class Behind:
    """A target on its way.

    Attributes
    ----------
    followed : Followed
    first : int
        Stamp of the image it started on, nanoseconds.
    reached : int
        Stamp of the last image that it was searched in.
    begun : float
        Monotonic time when its start had been computed, seconds.
    waited : int
        How many of the camera's images came in a row, after that of its start, without time for a
        turn.
    """

    followed: Followed
    first: int
    reached: int
    begun: float
    waited: int = -1


class CatchUp:
    """The targets on their way, and what is their turn.

    Parameters
    ----------
    buffer : FrameBuffer
    counters : Counters
        Told of every kept image that a target was searched in, or that was left out for it.
    step_seconds : float
        How long a search takes; plans are made with it. To be set after each search.
    """

    def __init__(
        self, buffer: FrameBuffer, counters: Counters, step_seconds: float = 0.0
    ) -> None:
        self._buffer = buffer
        self._counters = counters
        self._behind: list[Behind] = []
        self.step_seconds = step_seconds
        self._had_turn = False

    def __contains__(self, followed: Followed) -> bool:
        return any(behind.followed is followed for behind in self._behind)

    def add(self, followed: Followed, stamp: int, now: float) -> None:
        """Let a target that has just started on a kept image catch up; see `Behind`."""
        self._behind.append(Behind(followed, stamp, stamp, now))

    def keep(self, alive: Collection[Followed]) -> None:
        """Forget those that were dropped or started anew."""
        self._behind = [behind for behind in self._behind if behind.followed in alive]

    def clear(self) -> None:
        """Let none catch up any more."""
        self._behind = []

    def turn(self, newest: int, now: float) -> tuple[KeptImage, list[Behind]] | None:
        """Choose the next kept image, and the targets to be searched in it.

        The target that is furthest behind decides. It takes the next image as long as it is ahead
        of its plan, an even pace from its first image to the newest one, else the image where its
        plan will be after the search.

        Parameters
        ----------
        newest : int
            Stamp of the camera's last image that was tracked.
        now : float
            Monotonic time, seconds.
        """
        ready = [behind for behind in self._behind if self._has_time(behind, now)]
        if not ready:
            return None
        last = min(ready, key=lambda behind: behind.reached)
        images = self._buffer.between(last.reached, newest)
        if not images:
            return None
        share = (now + self.step_seconds - last.begun) / (self._until(last) - last.begun)
        plan = last.first + share * (newest - last.first)
        image = next((image for image in images if image.stamp >= plan), images[-1])
        return image, [behind for behind in ready if behind.reached < image.stamp]

    def passed(self, image: KeptImage, targets: Collection[Behind], searched: bool) -> None:
        """Note that targets are past an image; not `searched`: it could not be read."""
        self._had_turn = True
        for behind in targets:
            passed = len(self._buffer.between(behind.reached, image.stamp))
            self._counters.caught_up(int(searched), max(0, passed - searched))
            behind.reached = image.stamp

    def join(self, current: int, now: float) -> list[Followed]:
        """Take out those to be searched in the camera's next image.

        Nothing lies between, there is no time to search in what does, or the camera's last images
        left no time to bring any target nearer: to wait would only widen the gap.

        Parameters
        ----------
        current : int
            Stamp of that image, nanoseconds.
        now : float
            Monotonic time, seconds.
        """
        joining, staying = [], []
        for behind in self._behind:
            left_out = len(self._buffer.between(behind.reached, current - 1))
            behind.waited = 0 if self._had_turn else behind.waited + 1
            if left_out and behind.waited < MOST_WAITED and self._has_time(behind, now):
                staying.append(behind)
            else:
                self._counters.caught_up(0, left_out)
                joining.append(behind.followed)
        self._behind = staying
        self._had_turn = False
        return joining

    def _until(self, behind: Behind) -> float:
        """When to end, so that the camera's next image comes and is searched in time."""
        return behind.begun + LIVE_WITHIN_S - self._buffer.interval() - self.step_seconds

    def _has_time(self, behind: Behind, now: float) -> bool:
        return now + self.step_seconds < self._until(behind)
