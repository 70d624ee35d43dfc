# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The real-time protocol of VOT: images do not wait for the tracker.

Kristan et al., "The Visual Object Tracking VOT2017 challenge results", 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import math
import time

import numpy as np

from ...geometry import Box
from ...images import Image
from ...sequences import Sequence
from ..subjects import Answer, Subject
from ..traces import Trace
from .supervised import Supervised

Clock = Callable[[], float]


class RealTime(Supervised):
    """The supervised protocol with images that come at a fixed rate.

    The rules of vot-toolkit: an answer counts for the image it was asked for, and what it took
    beyond the time between two images is a delay. While the delay is longer than that time the
    tracker does not get the next image, its last answer counts once more, and the delay falls by
    that time; the rest of the delay is forgiven when it gets an image again. The first late
    answers after each start, the start itself included, cost nothing.

    A robot has no such luck. With `strict`, an answer counts from the image on that is still in
    view when it comes; until then the one before counts. No delay is forgiven, and the tracker
    gets the image that is in view when it is ready. So the VOT2017 paper words it.

    In the trace, `seconds` is NaN where the tracker did not get the image.

    Parameters
    ----------
    fps : float
        Images per second: 20 in all challenges.
    grace : int
        Late answers after a start that cost nothing: 3 in all challenges.
    skip : int
        See `Supervised`.
    strict : bool
        Whether an answer that comes late counts late.
    clock : callable
        Tells the time in seconds.
    """

    def __init__(
        self,
        fps: float = 20.0,
        grace: int = 3,
        skip: int = 5,
        strict: bool = False,
        clock: Clock = time.perf_counter,
    ) -> None:
        super().__init__(skip)
        self.fps = fps
        self.grace = grace
        self.strict = strict
        self.clock = clock
        self.name = 'realtime-strict' if strict else 'realtime'

    def run(self, subject: Subject, sequence: Sequence, index: int) -> Trace:
        """See `Protocol.run`."""
        pace = Held if self.strict else Paced
        paced = pace(subject, 1.0 / self.fps, self.grace, self.clock)
        trace = super().run(paced, sequence, index)
        seconds = trace.seconds.copy()
        # A start that was refused took no time that anybody measured.
        seconds[np.isfinite(seconds)] = paced.seconds
        return replace(trace, seconds=seconds)


class Paced:
    """A subject that misses the images which come while it is busy.

    Attributes
    ----------
    seconds : list of float
        What each call took the subject; NaN where it was not asked.
    """

    def __init__(self, subject: Subject, interval: float, grace: int, clock: Clock) -> None:
        self.name = subject.name
        self.seconds: list[float] = []
        self._subject = subject
        self._interval = interval
        self._grace = grace
        self._clock = clock
        self._left = 0
        self._delay = 0.0
        self._answer: Answer | None = None

    def start(self, image: Image, box: Box) -> None:
        """See `Subject.start`."""
        self._left = self._grace
        self._answer = Answer(box, math.nan, None)
        begin = self._clock()
        self._subject.start(image, box)
        self._delay = max(self._taken(begin) - self._interval, 0.0)

    def step(self, image: Image) -> Answer:
        """See `Subject.step`; the last answer while the subject is busy."""
        assert self._answer is not None, 'start comes first'
        if self._delay > self._interval:
            return self._miss()
        begin = self._clock()
        self._answer = self._subject.step(image)
        self._delay = max(self._taken(begin) - self._interval, 0.0)
        return self._answer

    def _miss(self) -> Answer:
        """Let an image go by."""
        assert self._answer is not None
        self._delay -= self._interval
        self.seconds.append(math.nan)
        return self._answer

    def _taken(self, begin: float) -> float:
        """Seconds that the subject is charged for what it did since `begin`."""
        taken = self._clock() - begin
        self.seconds.append(taken)
        if taken > self._interval and self._left:
            self._left -= 1
            return 0.0
        return taken


class Held(Paced):
    """A subject whose answer counts when it is there, and not before."""

    _next: Answer | None = None

    def start(self, image: Image, box: Box) -> None:
        """See `Subject.start`."""
        self._next = None
        super().start(image, box)

    def step(self, image: Image) -> Answer:
        """See `Subject.step`; the last answer that has come while this image is in view."""
        # The delay is how long the subject is busy yet when this image comes.
        if self._delay >= self._interval:
            return self._miss()
        self._answer = self._next or self._answer
        assert self._answer is not None, 'start comes first'
        begin = self._clock()
        self._next = self._subject.step(image)
        ready = self._delay + self._taken(begin)
        if ready <= self._interval:
            self._answer = self._next
        self._delay = max(ready - self._interval, 0.0)
        return self._answer
