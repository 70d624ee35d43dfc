# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The smallest piece of an evaluation: one pass of one tracker through one sequence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
import json
import socket
import time
import traceback
from typing import NamedTuple

import torch

from ..errors import UserError
from ..geometry import Box
from ..images import Image, require_cv2, silence_opencv
from ..runtime import refuse_small_memory
from ..sequences import Sequence
from .entrants import Entrant
from .protocols.base import Protocol
from .seeding import derive_seed, seed_everything
from .subjects import Answer, Subject
from .traces import Trace

# Hears how many frames of the unit are done.
Listener = Callable[[int], None]
# Often enough for a bar that moves, too seldom to be seen in the times of the frames.
TELL_SECONDS = 0.5


@dataclass(frozen=True)
class Key:
    """What tells a unit from all others of a run."""

    protocol: str
    tracker: str
    sequence: str
    index: int
    repetition: int

    def __str__(self) -> str:
        return (
            f'{self.tracker} on {self.sequence} '
            f'({self.protocol}, pass {self.index}, repetition {self.repetition})'
        )


@dataclass(frozen=True)
class Unit:
    """One pass of one tracker through one sequence, with all that a process needs to make it.

    Attributes
    ----------
    entrant : Entrant
    protocol : Protocol
    sequence : Sequence
    index : int
        Which of the protocol's passes.
    repetition : int
        Repetitions differ by the seed.
    fingerprint : mapping
        `Entrant.fingerprint` where the command was given; the process that makes the unit must
        have the same. Empty where nobody asks.
    """

    entrant: Entrant
    protocol: Protocol
    sequence: Sequence
    index: int = 0
    repetition: int = 0
    fingerprint: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """See `Key`."""
        return Key(
            self.protocol.name,
            self.entrant.label,
            self.sequence.name,
            self.index,
            self.repetition,
        )

    @property
    def frames(self) -> int:
        """Images of the sequence."""
        return len(self.sequence.images)


class Outcome(NamedTuple):
    """How a unit ended.

    Attributes
    ----------
    trace : Trace or None
        None where it failed.
    reason : str
        Why it failed, else empty.
    """

    trace: Trace | None
    reason: str = ''


def attempt(unit: Unit, seed: int, listener: Listener) -> Outcome:
    """Make a pass in this process; what goes wrong is told, not raised."""
    try:
        with refuse_small_memory(unit.entrant.device):
            return Outcome(_make(unit, seed, listener))
    except UserError as error:
        return Outcome(None, str(error))
    except Exception as error:
        # OpenCV's trackers raise whatever they like; the others shall go on.
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = ' '.join(str(error).split()) or 'no reason given'
        return Outcome(
            None, f'{type(error).__name__}: {reason} ({place.name}, line {place.lineno})'
        )


def _make(unit: Unit, seed: int, listener: Listener) -> Trace:
    use_threads(unit.entrant.threads)
    subject = _subject(unit.entrant, json.dumps(unit.fingerprint, sort_keys=True))
    # Not from the tracker's name: that may change without its results.
    seed_everything(derive_seed(seed, unit.sequence.name, unit.index, unit.repetition))
    return unit.protocol.run(_Watched(subject, listener), unit.sequence, unit.index)


def use_threads(count: int) -> None:
    """Let torch and OpenCV use so many CPU threads in this process."""
    silence_opencv()
    torch.set_num_threads(count)
    require_cv2().setNumThreads(count)


# The units come tracker by tracker: more than one would only fill the memory.
@lru_cache(maxsize=1)
def _subject(entrant: Entrant, fingerprint: str) -> Subject:
    """Make a tracker; another fingerprint means other weights behind the same name.

    Raises
    ------
    UserError
        This machine lacks what it needs, or has something else than the one that asks.
    """
    wanted = json.loads(fingerprint)
    here = json.loads(json.dumps(entrant.fingerprint())) if wanted else {}
    differ = sorted(name for name in wanted if wanted[name] != here.get(name))
    if differ:
        raise UserError(
            f'{socket.gethostname()} has {differ[0]} {here.get(differ[0])} for {entrant.label}, '
            f'the machine that gave the command {wanted[differ[0]]}: install the same on both'
        )
    return entrant.subject()


class _Watched:
    """A subject whose frames are counted for the progress bar."""

    def __init__(self, subject: Subject, listener: Listener) -> None:
        self.name = subject.name
        self._subject = subject
        self._listener = listener
        self._frames = 0
        self._told = time.monotonic()

    def start(self, image: Image, box: Box) -> None:
        """See `Subject.start`."""
        self._subject.start(image, box)
        self._count()

    def step(self, image: Image) -> Answer:
        """See `Subject.step`."""
        answer = self._subject.step(image)
        self._count()
        return answer

    def _count(self) -> None:
        self._frames += 1
        now = time.monotonic()
        if now - self._told > TELL_SECONDS:
            self._told = now
            self._listener(self._frames)
