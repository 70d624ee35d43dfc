# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules for regions of interest: which are taken, on which image, and why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
import math
from typing import Any

from ..errors import UserError
from ..geometry import MIN_TARGET_SIDE, Box, check_initial_box
from .image_rules import NANOSECONDS


class Refusal(IntEnum):
    """Why a region was refused; the numbers are the constants of InitResult."""

    NONE = 0
    NON_FINITE = 1
    NOT_POSITIVE = 2
    TOO_SMALL = 3
    OUTSIDE = 4
    WRONG_FRAME = 5
    TOO_OLD = 6
    NO_IMAGE = 7
    INACTIVE = 8
    TOO_MANY_TARGETS = 9
    TOO_NEW = 10
    TRACKER_ERROR = 11
    SUPERSEDED = 12


class RefusedRoi(Exception):  # noqa: N818 - the word of the interface
    """A region of interest that cannot be taken.

    Attributes
    ----------
    code : Refusal
    sentence : str
        For people.
    """

    def __init__(self, code: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class RoiRequest:
    """A region of interest as it was asked for.

    Attributes
    ----------
    box : Box
        In continuous pixels; unchecked.
    arrival : float
        Monotonic time, seconds.
    header : std_msgs/Header or None
        Echoed in the answer; None: the image's.
    stamp : int
        Of the image it was drawn on, nanoseconds; 0: taken on the next image.
    frame_id : str
        Empty: not given.
    id : str
        Wanted id; empty: a new one.
    class_id : str
        Kept with the target.
    replaces_all : bool
        Whether every other target is dropped.
    """

    box: Box
    arrival: float
    header: Any = None
    stamp: int = 0
    frame_id: str = ''
    id: str = ''
    class_id: str = ''
    replaces_all: bool = False


def stamp_ns(stamp: Any) -> int:
    """Nanoseconds of a builtin_interfaces/Time."""
    return int(stamp.sec) * NANOSECONDS + int(stamp.nanosec)


def from_detection(message: Any, arrival: float) -> RoiRequest:
    """Read a vision_msgs/Detection2D; its centre is a continuous position, as ours is.

    A rotated box becomes the upright one around it.
    """
    bbox = message.bbox
    width, height, theta = bbox.size_x, bbox.size_y, bbox.center.theta
    if theta != 0.0:
        sine, cosine = (
            (abs(math.sin(theta)), abs(math.cos(theta)))
            if math.isfinite(theta)
            else (math.nan, math.nan)
        )
        width, height = width * cosine + height * sine, width * sine + height * cosine
    centre = bbox.center.position
    return RoiRequest(
        box=Box(centre.x, centre.y, width, height),
        arrival=arrival,
        header=message.header,
        stamp=stamp_ns(message.header.stamp),
        frame_id=message.header.frame_id,
        id=message.id,
        class_id=message.results[0].hypothesis.class_id if message.results else '',
    )


def from_region(message: Any, arrival: float) -> RoiRequest:
    """Read a sensor_msgs/RegionOfInterest; its offsets are its left-top corner."""
    box = Box.from_ltwh(
        float(message.x_offset),
        float(message.y_offset),
        float(message.width),
        float(message.height),
    )
    return RoiRequest(box=box, arrival=arrival, replaces_all=True)


def check_box(box: Box, width: int, height: int) -> Box:
    """Return the box to start with, clipped to the image.

    Raises
    ------
    RefusedRoi
        For the reasons of `check_initial_box`.
    """
    try:
        return check_initial_box(box, width, height)
    except UserError as error:
        raise RefusedRoi(_code(box), str(error)) from error


def _code(box: Box) -> Refusal:
    """Name the first rule that a refused box breaks."""
    if not all(math.isfinite(v) for v in (box.cx, box.cy, box.w, box.h)):
        return Refusal.NON_FINITE
    if box.w <= 0 or box.h <= 0:
        return Refusal.NOT_POSITIVE
    if min(box.w, box.h) < MIN_TARGET_SIDE:
        return Refusal.TOO_SMALL
    return Refusal.OUTSIDE


def check_frame_id(request: RoiRequest, frame_id: str) -> None:
    """Refuse a region of another camera."""
    if request.frame_id and request.frame_id != frame_id:
        raise RefusedRoi(
            Refusal.WRONG_FRAME,
            f"the region's frame_id is {request.frame_id!r}, the image's is {frame_id!r}: "
            'both must be the same camera',
        )


class Start(Enum):
    """On which image tracking starts."""

    KEPT = 'kept'
    CURRENT = 'current'
    LATER = 'later'


def choose_image(request: RoiRequest, current: int) -> Start:
    """Choose the image for a region: the one it was drawn on, without a stamp the current one.

    Parameters
    ----------
    request : RoiRequest
    current : int
        Stamp of the image at hand, nanoseconds.
    """
    if request.stamp == 0 or request.stamp == current:
        return Start.CURRENT
    return Start.LATER if request.stamp > current else Start.KEPT


def to_detection(box: Box, id: str = '') -> Any:
    """Make the vision_msgs/Detection2D of a box, without a stamp and a frame."""
    # Late: the rest of this module is of use without ROS.
    from vision_msgs.msg import Detection2D

    message = Detection2D(id=id)
    # A message takes NumPy's numbers for other ones.
    x, y, w, h = map(float, (box.cx, box.cy, box.w, box.h))
    message.bbox.center.position.x, message.bbox.center.position.y = x, y
    message.bbox.size_x, message.bbox.size_y = w, h
    return message


def too_old(request: RoiRequest, newest: int, kept_seconds: float) -> RefusedRoi:
    """Refuse a region whose image is not kept any more.

    Parameters
    ----------
    request : RoiRequest
    newest : int
        Stamp of the image at hand, nanoseconds.
    kept_seconds : float
        How much is kept.
    """
    age = (newest - request.stamp) / NANOSECONDS
    return RefusedRoi(
        Refusal.TOO_OLD,
        f'the region was drawn on an image {age:.3f} s older than the newest one: only the last '
        f'{kept_seconds:.3f} s are kept (frame_buffer_seconds, frame_buffer_megabytes)',
    )


def superseded(request: RoiRequest, newer: Iterable[RoiRequest]) -> bool:
    """Tell whether a newer region replaces this one, whichever images they were drawn on.

    Parameters
    ----------
    request : RoiRequest
    newer : iterable of RoiRequest
        Those that came after it and can be taken: one that is refused replaces none. Whether its
        start then succeeds is not known yet: where that fails, the older one is gone as well.
    """
    return any(other.replaces_all or (other.id and other.id == request.id) for other in newer)
