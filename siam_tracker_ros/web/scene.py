# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all open pages show; written from the thread of ROS, read from that of the server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import threading
import time
from typing import Any, Generic, TypeVar

from ..errors import UserError
from .condition import Condition, Facts, Health, judge
from .pairing import Pairing, Picture, Status, TargetView, View

MOST_SAMPLES = 900
"""Half a minute of a camera with 30 images per second."""

MOST_SAYINGS = 32

T = TypeVar('T')


@dataclass(frozen=True)
class Sample:
    """What the plots show of one result; `time` is monotonic, seconds."""

    time: float
    latency: float | None
    step: float
    targets: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Saying:
    """A sentence for people; `kind` is accepted, refused or complaint."""

    kind: str
    sentence: str


class Numbered(Generic[T]):
    """The last items, each with a number, so that every reader gets each of them once."""

    def __init__(self, most: int) -> None:
        self.count = 0
        self._items: deque[T] = deque(maxlen=most)

    def add(self, item: T) -> None:
        """Append an item; the oldest leaves where there are too many."""
        self._items.append(item)
        self.count += 1

    def clear(self) -> None:
        """Forget all; numbers go on, so that readers miss nothing that follows."""
        self._items.clear()

    def since(self, count: int) -> list[T]:
        """Return those after the first `count`, as far as they are kept."""
        new = min(self.count - count, len(self._items))
        return list(self._items)[len(self._items) - new :]


class Scene:
    """Everything that pages show.

    Parameters
    ----------
    node : str
        Full name of the tracker's node.
    clock : callable
        Monotonic time, seconds.

    Attributes
    ----------
    on_change : callable
        Called from either thread after something has changed.
    """

    def __init__(self, node: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.node = node
        self.on_change: Callable[[], None] = lambda: None
        self._clock = clock
        self._lock = threading.Lock()
        self._samples: Numbered[Sample] = Numbered(MOST_SAMPLES)
        self._sayings: Numbered[Saying] = Numbered(MOST_SAYINGS)
        self.restart()

    def restart(self) -> None:
        """Forget what was seen: nobody has looked since then."""
        with self._lock:
            self._pairing = Pairing()
            self._samples.clear()
            self._topic: str | None = None
            self._status: Status | None = None
            self._health: Health | None = None
            self._times: dict[str, float] = {'look': self._clock()}

    def add_picture(self, picture: Picture) -> None:
        """Take an image of the camera."""
        with self._lock:
            self._times['picture'] = self._clock()
            self._pairing.add_picture(picture, self._times['picture'])
        # Pages are served while a file is made.
        while (surplus := self._surplus()) is not None:
            self.encode(surplus)
        self.on_change()

    def _surplus(self) -> Picture | None:
        with self._lock:
            return self._pairing.surplus()

    def encode(self, picture: Picture) -> bytes:
        """Return an image's file; where none can be made, pages are told, and it is empty."""
        try:
            return picture.jpeg()
        except UserError as error:
            self.say('complaint', f'an image cannot be shown: {error}')
            return b''

    def add_status(self, status: Status) -> None:
        """Take a result."""
        targets = tuple((t.id, t.state, t.score) for t in status.targets)
        with self._lock:
            now = self._times['status'] = self._clock()
            self._status = status
            self._pairing.add_status(status, now)
            self._samples.add(Sample(now, status.latency, status.step, targets))
        self.on_change()

    def add_health(self, health: Health) -> None:
        """Take what the node says of itself."""
        with self._lock:
            self._times['health'] = self._clock()
            self._health = health
        self.on_change()

    def say(self, kind: str, sentence: str) -> None:
        """Tell all pages something; what is said again and again is said once."""
        with self._lock:
            if self._sayings.since(self._sayings.count - 1) == [Saying(kind, sentence)] and (
                kind == 'complaint'
            ):
                return
            self._sayings.add(Saying(kind, sentence))
        self.on_change()

    def use_topic(self, topic: str | None) -> None:
        """Learn where the images come from."""
        with self._lock:
            self._topic = topic

    def view(self) -> View | None:
        """Return the image to show, with its result."""
        with self._lock:
            return self._pairing.view(self._clock())

    def latest_sayings(self) -> int:
        """Number of sentences so far: who asks only for what follows begins there."""
        with self._lock:
            return self._sayings.count

    def news(self, samples: int, sayings: int) -> tuple[dict[str, Any], int, int]:
        """Return what a page shows beside the image.

        Parameters
        ----------
        samples, sayings : int
            What the page has already.

        Returns
        -------
        dict
            Ready for JSON.
        int, int
            What the page has then.
        """
        with self._lock:
            now = self._clock()
            health, condition = self._health, self._condition(now)
            news = {
                'node': self.node,
                'topic': self._topic,
                'now': now,
                'condition': vars(condition),
                'targets': [vars(target) for target in self._targets(condition)],
                'health': None if health is None else {**vars(health)},
                'samples': [vars(sample) for sample in self._samples.since(samples)],
                'sayings': [vars(saying) for saying in self._sayings.since(sayings)],
            }
            return news, self._samples.count, self._sayings.count

    def _targets(self, condition: Condition) -> Sequence[TargetView]:
        """Those of the newest result; a node that is not active has none."""
        if self._status is None or condition.word in ('absent', 'idle', 'fault'):
            return ()
        return self._status.targets

    def _condition(self, now: float) -> Condition:
        def age(what: str) -> float | None:
            return now - self._times[what] if what in self._times else None

        return judge(
            Facts(
                self.node, self._topic, self._health, age('health'), self._status, age('status'),
                age('picture'), now - self._times['look'],
            )
        )  # fmt: skip
