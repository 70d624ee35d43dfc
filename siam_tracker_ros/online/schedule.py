# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When lessons are worked on: at once, some iterations a frame, or on a stream beside tracking."""

from __future__ import annotations

from abc import ABC, abstractmethod
from weakref import WeakKeyDictionary

import torch

from .learner import Lesson


class Schedule(ABC):
    """A way to work on lessons.

    Attributes
    ----------
    frames : int
        How many frames a lesson may take at most; samples must stay as long (`SampleMemory`).
    """

    frames: int

    @abstractmethod
    def begin(self, lesson: Lesson) -> bool:
        """Start a lesson, after the frame that asked for it; returns as `advance` does."""

    @abstractmethod
    def advance(self, lesson: Lesson) -> bool:
        """Work on a lesson in another frame; returns whether its head may be used."""


class AtOnce(Schedule):
    """The whole lesson in the frame that asked for it, as in MDNet: the frame waits."""

    frames = 0

    def begin(self, lesson: Lesson) -> bool:
        """See `Schedule.begin`."""
        lesson.advance()
        return True

    def advance(self, lesson: Lesson) -> bool:
        """See `Schedule.advance`: nothing is left to do."""
        return True


class Sliced(Schedule):
    """So many iterations in each frame: no frame waits long. For CPUs.

    Parameters
    ----------
    iterations : int
        Iterations in a frame.
    longest : int
        Iterations of the longest lesson.
    """

    def __init__(self, iterations: int, longest: int) -> None:
        self.iterations = iterations
        self.frames = -(-longest // iterations)

    def begin(self, lesson: Lesson) -> bool:
        """See `Schedule.begin`."""
        return False

    def advance(self, lesson: Lesson) -> bool:
        """See `Schedule.advance`."""
        lesson.advance(self.iterations)
        return lesson.done


class Beside(Schedule):
    """The whole lesson on a CUDA stream of its own, while frames are tracked with the old head.

    In which frame the new head comes depends on how quick the device is, at the latest in the last
    of `frames`, which waits for it.

    Parameters
    ----------
    device : torch.device
        A CUDA device.
    frames : int
        Frames that a lesson may take before it is waited for.
    """

    def __init__(self, device: torch.device, frames: int = 4) -> None:
        self.frames = frames
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # Weak: a lesson whose targets were dropped or have their heads is not asked for again.
        self._begun: WeakKeyDictionary[Lesson, tuple[torch.cuda.Event, int]] = (
            WeakKeyDictionary()
        )

    def begin(self, lesson: Lesson) -> bool:
        """See `Schedule.begin`."""
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        for tensor in lesson.tensors:
            # It is the current stream's memory, which would be given away as soon as the targets
            # are dropped, while the other one still works with it.
            tensor.record_stream(self._stream)
        with torch.cuda.stream(self._stream):
            lesson.advance()
            event.record(self._stream)
        self._begun[lesson] = (event, self.frames)
        return False

    def advance(self, lesson: Lesson) -> bool:
        """See `Schedule.advance`."""
        event, left = self._begun[lesson]
        if left <= 1:
            event.synchronize()
        if not event.query():  # type: ignore[no-untyped-call]
            self._begun[lesson] = (event, left - 1)
            return False
        # It stays listed: the targets of a lesson may be asked for one after the other.
        torch.cuda.current_stream(self._stream.device).wait_event(event)
        return True


def make_schedule(device: torch.device, iterations: int, longest: int) -> Schedule:
    """The schedule for a device.

    Parameters
    ----------
    device : torch.device
    iterations : int
        Iterations in a frame; 0 works on lessons at once, on every device.
    longest : int
        Iterations of the longest lesson.
    """
    if iterations == 0:
        return AtOnce()
    return Beside(device) if device.type == 'cuda' else Sliced(iterations, longest)
