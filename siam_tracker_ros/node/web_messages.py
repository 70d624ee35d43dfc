# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between ROS messages and what the page's server knows."""

from __future__ import annotations

from functools import partial
import math
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from std_msgs.msg import Header

from siam_tracker_ros.msg import TargetStatus

from ..errors import UserError
from ..geometry import Box
from ..images import encode_jpeg, require_cv2
from ..web.commands import Start
from ..web.condition import Health
from ..web.pairing import Picture, Status, TargetView
from .codec import decode_image
from .compressed import decode_compressed, encoded_size
from .image_rules import (
    MOST_PIXELS,
    NANOSECONDS,
    MalformedImage,
    check_image,
    check_size,
    check_stamp,
)
from .roi import stamp_ns, to_detection

STATES = {
    TargetStatus.NEW: 'new',
    TargetStatus.TRACKED: 'tracked',
    TargetStatus.UNCERTAIN: 'uncertain',
    TargetStatus.LOST: 'lost',
    TargetStatus.REMOVED: 'removed',
}
LEVELS = {
    DiagnosticStatus.OK: 'ok',
    DiagnosticStatus.WARN: 'warning',
    DiagnosticStatus.ERROR: 'error',
    DiagnosticStatus.STALE: 'stale',
}
QUALITY = 75
"""Of the JPEG files that pages show."""


def picture(message: Any, width: int) -> Picture:
    """Take an image message; its pixels are read when a page wants them.

    Parameters
    ----------
    message : sensor_msgs/Image or CompressedImage
    width : int
        Wider images are shrunk to it, pixels.

    Raises
    ------
    MalformedImage
        Its fields are wrong.
    """
    compressed = not hasattr(message, 'encoding')
    if compressed:
        check_stamp(message.header.stamp)
        size = encoded_size(bytes(message.data))
        check_size(*size, MOST_PIXELS)
    else:
        check_image(message, MOST_PIXELS)
        size = message.width, message.height
    encode = partial(_encode, message, decode_compressed if compressed else decode_image, width)
    stamp = stamp_ns(message.header.stamp)
    return Picture(stamp, message.header.frame_id, *size, len(message.data), encode)


def _encode(message: Any, decode: Any, width: int) -> bytes:
    cv2 = require_cv2()
    try:
        pixels = decode(message, MOST_PIXELS)
    except MalformedImage as error:
        raise UserError(error.sentence) from error
    if pixels.shape[1] > width:
        height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return encode_jpeg(np.ascontiguousarray(pixels), QUALITY)


def status(message: Any) -> Status:
    """Read a TrackerStatus."""
    return Status(
        stamp=stamp_ns(message.header.stamp),
        tracker=message.tracker,
        targets=[target(entry) for entry in message.targets],
        latency=_finite(message.latency_seconds) if message.latency_seconds >= 0 else None,
        step=_finite(message.step_seconds),
    )


def target(message: Any) -> TargetView:
    """Read a TargetStatus."""
    window = None
    if message.score_map_size_x > 0:
        window = _corner(
            message.score_map_center_x, message.score_map_center_y,
            message.score_map_size_x, message.score_map_size_y,
        )  # fmt: skip
    return TargetView(
        id=message.id,
        state=STATES.get(message.state, 'unknown'),
        box=_corner(message.center_x, message.center_y, message.size_x, message.size_y),
        score=_finite(message.score),
        age=_finite(message.age_seconds),
        reason=message.update_reason,
        window=window,
    )


def _corner(cx: float, cy: float, w: float, h: float) -> tuple[float, float, float, float]:
    return _finite(cx - w / 2), _finite(cy - h / 2), _finite(w), _finite(h)


def _finite(value: float) -> float:
    # Our node publishes no other, but JSON has no word for them.
    return value if math.isfinite(value) else 0.0


def health(message: Any, node: str) -> Health | None:
    """Find what a node says of itself in a DiagnosticArray; None: nothing."""
    for entry in message.status:
        if entry.name == f'{node}: tracker':
            values = {pair.key: pair.value for pair in entry.values}
            return Health(
                LEVELS.get(entry.level, 'stale'), entry.message, values.get('state', ''), values
            )
    return None


def saying(message: Any) -> tuple[str, str]:
    """Put an InitResult into words: whether it is an acceptance or a refusal, and a sentence."""
    if not message.accepted:
        return 'refused', f'The box was refused: {message.reason}.'
    cut = ', without its part outside the image' if message.clipped else ''
    return 'accepted', f'Target {message.id} is followed{cut}.'


def region(start: Start, frame_id: str) -> Any:
    """Make the Detection2D of a box that was drawn."""
    message = to_detection(Box.from_ltwh(*start.box), start.id)
    seconds, nanoseconds = divmod(start.stamp, NANOSECONDS)
    message.header = Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)
    return message
