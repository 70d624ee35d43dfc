# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers about the stream: what arrived, what was dropped and why, and how long a step takes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import threading

REPLACED = 'replaced'

DROPS: Mapping[str, str] = {
    REPLACED: 'a newer image came before its turn: the tracker is slower than the camera',
    'deactivated': 'it waited when the node was deactivated',
    'zero_size': 'its width or height is 0',
    'too_large': 'it has more pixels than `max_image_pixels`',
    'unknown_encoding': 'nobody here reads its encoding, or a file is neither JPEG nor PNG',
    'step_too_small': 'its rows are shorter than its pixels need',
    'data_too_short': 'its data end before its last pixel',
    'bad_endianness': '`is_bigendian` is neither 0 nor 1, where it matters',
    'odd_size': 'its encoding shares colour between pixels, and a side has an odd one',
    'bad_stamp': 'its stamp is no time',
    'corrupt_file': 'a compressed image is damaged',
    'tracker_error': 'the tracker failed in it; the log says how',
    'out_of_memory': 'no memory was left for it, twice in a row',
    'gpu_fault': 'the GPU has failed',
}
"""Why images are dropped, and what that means."""


@dataclass(frozen=True)
class Counts:
    """A consistent copy of the counters.

    ``received = processed + dropped``, plus at most one image that waits and one that is being
    processed.

    Attributes
    ----------
    received, processed : int
        Images.
    reasons : Counter
        Images dropped, by reason.
    regions : Counter
        Answers to regions of interest: accepted, or the name of the refusal.
    searched, left_out : int
        Kept images through which targets caught up with the camera, and those that there was no
        time for; each target counts for itself.
    """

    received: int = 0
    processed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    searched: int = 0
    left_out: int = 0

    @property
    def dropped(self) -> int:
        """Images dropped, for any reason."""
        return sum(self.reasons.values())


class Counters:
    """Counts since activation; used from the callbacks' and the worker's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._processed = 0
        self._reasons: Counter[str] = Counter()
        self._regions: Counter[str] = Counter()
        self._searched = 0
        self._left_out = 0

    def arrived(self, replaced: bool) -> None:
        """An image was stored; `replaced`: another one gave way for it."""
        with self._lock:
            self._received += 1
            if replaced:
                self._reasons[REPLACED] += 1

    def refused(self, reason: str) -> None:
        """An image was dropped as soon as it arrived."""
        with self._lock:
            self._received += 1
            self._reasons[reason] += 1

    def dropped(self, reason: str) -> None:
        """An image that had been stored was dropped."""
        with self._lock:
            self._reasons[reason] += 1

    def processed(self) -> None:
        """An image was tracked."""
        with self._lock:
            self._processed += 1

    def answered(self, name: str) -> None:
        """A region got its answer."""
        with self._lock:
            self._regions[name] += 1

    def caught_up(self, searched: int, left_out: int) -> None:
        """A target came this many kept images nearer to the camera."""
        with self._lock:
            self._searched += searched
            self._left_out += left_out

    def snapshot(self) -> Counts:
        """Copy all counts at once."""
        with self._lock:
            return Counts(
                self._received,
                self._processed,
                Counter(self._reasons),
                Counter(self._regions),
                self._searched,
                self._left_out,
            )


class Recent:
    """The last numbers of a series, for percentiles; one thread writes, others read."""

    def __init__(self, length: int = 300) -> None:
        self._values: deque[float] = deque(maxlen=length)

    def add(self, value: float) -> None:
        """Append a number; the oldest one leaves."""
        self._values.append(value)

    def clear(self) -> None:
        """Forget all numbers."""
        self._values.clear()

    def values(self) -> Sequence[float]:
        """Copy of the numbers, oldest first."""
        return tuple(self._values.copy())

    def percentile(self, share: float) -> float:
        """Nearest-rank percentile; `share` in [0, 1]; 0 where nothing was added."""
        ordered = sorted(self.values())
        if not ordered:
            return 0.0
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rate(times: Sequence[float], now: float, window: float = 2.0) -> float:
    """Events per second within the last `window` seconds before `now`."""
    return sum(1 for t in times if now - t <= window) / window
