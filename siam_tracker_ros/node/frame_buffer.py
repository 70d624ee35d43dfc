# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera's last images, for regions that were drawn on one of them.

Messages are kept as they came: not copied, and decoded only where a region needs them. A raw image
costs its size, a compressed one its file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exchange import CameraImage
from .pauses import Pauses
from .roi import stamp_ns
from .timeline import Timeline

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class KeptImage:
    """An image as it came.

    Attributes
    ----------
    stamp : int
        Nanoseconds.
    elapsed : float
        Time of the stream, seconds.
    arrival : float
        Monotonic time, seconds.
    message : sensor_msgs/Image or CompressedImage
    """

    stamp: int
    elapsed: float
    arrival: float
    message: Any

    @property
    def size(self) -> int:
        """Bytes of its data."""
        return len(self.message.data)


@dataclass(frozen=True)
class Extent:
    """How much is kept."""

    images: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0


class FrameBuffer:
    """Images with rising stamps, oldest first, bounded in seconds and in bytes.

    The newest image is kept whatever its size: it is being tracked. Where stamps do not rise, jump
    ahead or are zero, nothing older can be told by its stamp any more and is dropped. The
    callbacks' thread adds, the worker's thread reads.

    Parameters
    ----------
    decode : callable
        Image message to (H, W, 3) or (H, W) array; raises `MalformedImage`.
    seconds, megabytes : float
        Bounds; see `NodeSettings`.
    """

    def __init__(
        self, decode: Callable[[Any], NDArray[np.uint8]], seconds: float, megabytes: float
    ) -> None:
        self._decode = decode
        self._lock = threading.Lock()
        self._images: deque[KeptImage] = deque()
        self._bytes = 0
        self._timeline = Timeline()
        self._pauses = Pauses()
        self.limit(seconds, megabytes)

    def limit(self, seconds: float, megabytes: float) -> None:
        """Change the bounds."""
        with self._lock:
            self._seconds = seconds
            self._most_bytes = int(megabytes * MEGABYTE)
            self._evict()

    def put(self, message: Any, arrival: float) -> None:
        """Keep an image that has just come; `arrival` is monotonic, in seconds."""
        stamp = stamp_ns(message.header.stamp)
        with self._lock:
            follows = self._timeline.advance(stamp, arrival)
            self._pauses.add(self._timeline.elapsed, arrival, follows)
            if not follows or not stamp:
                self._images.clear()
                self._bytes = 0
            image = KeptImage(stamp, self._timeline.elapsed, arrival, message)
            self._images.append(image)
            self._bytes += image.size
            self._evict()

    def _evict(self) -> None:
        images = self._images
        while len(images) > 1 and (
            self._bytes > self._most_bytes
            or images[-1].elapsed - images[0].elapsed > self._seconds
        ):
            self._bytes -= images.popleft().size

    def nearest(self, stamp: int, until: int) -> KeptImage | None:
        """Return the image with a stamp, or the nearest one where that image never came.

        Only those up to the stamp `until` count. None: `stamp` does not lie between them.
        """
        images = self.between(-1, until)
        after = bisect_left(images, stamp, key=lambda image: image.stamp)
        if after == len(images):
            return None
        if images[after].stamp == stamp:
            return images[after]
        around = images[after - 1:after + 1] if after else []
        return min(around, key=lambda image: abs(image.stamp - stamp), default=None)

    def between(self, after: int, until: int) -> list[KeptImage]:
        """Return the images with stamps later than `after`, `until` included, oldest first."""
        images = self._snapshot()
        first = bisect_right(images, after, key=lambda image: image.stamp)
        return images[first:bisect_right(images, until, key=lambda image: image.stamp)]

    def decoded(self, image: KeptImage) -> CameraImage:
        """Decode an image.

        Raises
        ------
        MalformedImage
        """
        message = image.message
        return CameraImage(message.header, self._decode(message), image.arrival)

    def interval(self) -> float:
        """Median time between arrivals, which a pause does not change; 0 where it is not known.

        In seconds.
        """
        arrivals = [image.arrival for image in self._snapshot()]
        gaps = [now - before for before, now in pairwise(arrivals)]
        # Not NumPy's, which imports a module of 10 ms when it is called first, within an image.
        return median(gaps) if gaps else 0.0

    def paused_between(self, after: float, until: float) -> bool:
        """Whether the camera ended a pause between these arrivals; see `Pauses.between`."""
        with self._lock:
            return self._pauses.between(after, until)

    def extent(self) -> Extent:
        """Tell how much is kept."""
        with self._lock:
            if not self._images:
                return Extent()
            seconds = self._images[-1].elapsed - self._images[0].elapsed
            return Extent(len(self._images), seconds, self._bytes / MEGABYTE)

    def _snapshot(self) -> list[KeptImage]:
        with self._lock:
            return list(self._images)
