# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which image is shown, and which result over it: those with the same stamp."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import threading
from typing import TypeVar

PATIENCE_S = 1.0
"""Where no result has come for longer, images are shown without one; a slow tracker has more."""

SLOWNESS = 3.0
"""It has the time that its last result took, this many times."""

MOST_KEPT = 128
"""A tracker that takes two seconds finds its image of a camera with 60 images per second."""

MOST_BYTES = 128_000_000
"""Of what waits; a raw image of 1920x1080 has 6.2 MB, its file some 0.1 MB."""

T = TypeVar('T')


@dataclass(frozen=True)
class TargetView:
    """One target in one image, as a page shows it.

    Attributes
    ----------
    id, state : str
        The state in lower case: new, tracked, uncertain, lost or removed.
    box : tuple of float
        Left, top, width and height in continuous pixels of the image.
    score : float
        In [0, 1].
    age : float
        Seconds since it was started.
    reason : str
        Whether and why the model learned from this image.
    window : tuple of float or None
        Left, top, width and height of the response map.
    """

    id: str
    state: str
    box: tuple[float, float, float, float]
    score: float
    age: float
    reason: str
    window: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Status:
    """What the tracker says of one image.

    Attributes
    ----------
    stamp : int
        Of the image, nanoseconds.
    tracker : str
        Registered name.
    targets : sequence of TargetView
        The primary one first.
    latency : float or None
        From the stamp to the publication of the result, seconds; None where it is not known.
    step : float
        Decoding and tracking, seconds.
    """

    stamp: int
    tracker: str
    targets: Sequence[TargetView]
    latency: float | None
    step: float


class Picture:
    """An image that becomes a JPEG file when the first page wants it, or memory is short.

    Parameters
    ----------
    stamp : int
        Nanoseconds.
    frame_id : str
    width, height : int
        Of the camera's image; the file may be smaller.
    size : int
        Bytes of the message.
    encode : callable
        Makes the file; called once at most, from any thread. The message is let go with it.

    Attributes
    ----------
    is_file : bool
        Whether the file was made, or cannot be.
    size : int
        Bytes that are held: those of the message, then those of the file.
    """

    def __init__(
        self, stamp: int, frame_id: str, width: int, height: int, size: int,
        encode: Callable[[], bytes],
    ) -> None:  # fmt: skip
        self.stamp = stamp
        self.frame_id = frame_id
        self.width = width
        self.height = height
        self.size = size
        self.is_file = False
        self._encode: Callable[[], bytes] | None = encode
        self._file = b''
        self._lock = threading.Lock()

    def jpeg(self) -> bytes:
        """Return the file; further pages get the same one.

        Raises
        ------
        UserError
            Of `encode`, the first time; the file is empty then.
        """
        with self._lock:
            encode, self._encode = self._encode, None
            if encode is not None:
                try:
                    self._file = encode()
                finally:
                    self.size, self.is_file = len(self._file), True
            return self._file


@dataclass(frozen=True)
class View:
    """An image, and the result that belongs to it; None: there is none."""

    picture: Picture
    status: Status | None


class Pairing:
    """Puts images and results with the same stamp together.

    Each comes on its own way, and either may be the first. A result never stands over another
    image than its own. The order is that of arrival: stamps may jump, as those of a bag that
    loops. Without stamps, all of them zero, the newest of both belong together.
    """

    def __init__(self) -> None:
        self._pictures: OrderedDict[int, tuple[Picture, float]] = OrderedDict()
        self._statuses: OrderedDict[int, Status] = OrderedDict()
        self._waiting_since: float | None = None
        self._patience = PATIENCE_S
        self._view: View | None = None

    def add_picture(self, picture: Picture, now: float) -> None:
        """Take an image that came at the monotonic time `now`."""
        _put(self._pictures, picture.stamp, (picture, now))
        if self._waiting_since is None:
            self._waiting_since = now
        self._match(picture.stamp, now)

    def surplus(self) -> Picture | None:
        """Return an image whose file must be made for want of memory; None: all is well.

        It is the oldest raw one; the newest stays raw. To be called until nothing is left: where
        all are files already, the oldest leave.
        """
        while len(self._pictures) > 1 and self._held() > MOST_BYTES:
            older = [picture for picture, _ in self._pictures.values()][:-1]
            raw = next((picture for picture in older if not picture.is_file), None)
            if raw is not None:
                return raw
            self._pictures.popitem(last=False)
        return None

    def add_status(self, status: Status, now: float) -> None:
        """Take a result that came at the monotonic time `now`."""
        view = self._view
        is_again = view is not None and view.status is not None and (
            view.status.stamp == status.stamp
        )
        if view is not None and is_again and (status.stamp or not self._pictures):
            # Of the image that is shown, such as when the node is deactivated.
            self._view = View(view.picture, status)
            return
        _put(self._statuses, status.stamp, status)
        self._match(status.stamp, now)

    def view(self, now: float) -> View | None:
        """Return what to show at the monotonic time `now`; None before the first image."""
        since = self._waiting_since
        if since is not None and now - since > self._patience and self._pictures:
            newest, _ = next(reversed(self._pictures.values()))
            if self._view is None or self._view.picture is not newest:
                self._view = View(newest, None)
        return self._view

    def _match(self, stamp: int, now: float) -> None:
        if stamp not in self._pictures or stamp not in self._statuses:
            return
        picture, arrival = self._pictures[stamp]
        self._view = View(picture, self._statuses.pop(stamp))
        self._patience = max(PATIENCE_S, SLOWNESS * (now - arrival))
        # What came before is never shown any more.
        while self._pictures.popitem(last=False)[0] != stamp:
            pass
        self._waiting_since = None

    def _held(self) -> int:
        return sum(picture.size for picture, _ in self._pictures.values())


def _put(table: OrderedDict[int, T], stamp: int, value: T) -> None:
    """Append, in place of an older one with this stamp; the oldest leaves where it is full."""
    table.pop(stamp, None)
    table[stamp] = value
    if len(table) > MOST_KEPT:
        table.popitem(last=False)
