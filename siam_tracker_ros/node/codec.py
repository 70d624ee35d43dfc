# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image messages to arrays and back, with NumPy; OpenCV only for mosaics and shared colour.

A small codec of our own, because ``cv_bridge`` takes contradictory fields for empty arrays and
ties the node to one NumPy and one OpenCV. What only it knows goes through it where it is
installed.
"""

from __future__ import annotations

import array
from collections.abc import Callable
import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import require_cv2
from .image_rules import ENCODINGS, Encoding, MalformedImage, check_image

# ``bayer_rggb`` names the first two pixels of rows 0 and 1; OpenCV names those of rows 1 and 2
# from column 1.
OPENCV_CODES = {
    'bayer_rggb': 'COLOR_BayerBG2BGR',
    'bayer_bggr': 'COLOR_BayerRG2BGR',
    'bayer_gbrg': 'COLOR_BayerGR2BGR',
    'bayer_grbg': 'COLOR_BayerGB2BGR',
    'uyvy': 'COLOR_YUV2BGR_UYVY',
    'yuyv': 'COLOR_YUV2BGR_YUY2',
}


def decode_image(message: Any, max_pixels: int) -> NDArray[np.uint8]:
    """Turn a sensor_msgs/Image into an array.

    Parameters
    ----------
    message : sensor_msgs/Image
    max_pixels : int
        Largest allowed width times height.

    Returns
    -------
    ndarray
        (H, W, 3) uint8, BGR, or (H, W) where the image is grey; it may share the message's memory.

    Raises
    ------
    MalformedImage
        See `check_image`; also an encoding that nobody here knows.
    """
    encoding = check_image(message, max_pixels)
    if encoding is None:
        return _decode_elsewhere(message)
    raw = _as_array(message, encoding)
    if encoding.depth == 2:
        # 65535 / 255 is 257: rounded, as cv_bridge does.
        raw = (raw.astype(np.uint32) + 128) // 257
    pixels = raw.astype(np.uint8, copy=False)
    if encoding.layout == 'grey':
        return np.asarray(pixels[:, :, 0])
    if encoding.layout in OPENCV_CODES:
        cv2 = require_cv2()
        code = getattr(cv2, OPENCV_CODES[encoding.layout])
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code), np.uint8)
    if encoding.layout.startswith('rgb'):
        return np.asarray(pixels[:, :, 2::-1])
    return np.asarray(pixels[:, :, :3])


def _as_array(message: Any, encoding: Encoding) -> NDArray[Any]:
    """View the checked data as (H, W, channels), without the padding of its rows."""
    kind = np.dtype(np.uint8 if encoding.depth == 1 else '>u2' if message.is_bigendian else '<u2')
    view: NDArray[Any] = np.ndarray(
        shape=(message.height, message.width, encoding.channels),
        dtype=kind,
        buffer=message.data,
        strides=(message.step, encoding.pixel_bytes, encoding.depth),
    )
    return view


def _decode_elsewhere(message: Any) -> NDArray[np.uint8]:
    """Ask ``cv_bridge`` for an encoding that is not in our table."""
    to_array = bridge()
    if to_array is None:
        raise MalformedImage(
            'unknown_encoding',
            f'encoding is {message.encoding!r}: expected one of {", ".join(ENCODINGS)}, '
            'or install cv_bridge for others',
        )
    try:
        image = np.asarray(to_array(message, 'bgr8'))
    except Exception as error:
        # Besides its own error it raises TypeError, AttributeError and cv2.error.
        raise MalformedImage(
            'unknown_encoding', f'cv_bridge cannot convert encoding {message.encoding!r} ({error})'
        ) from error
    if image.shape != (message.height, message.width, 3) or image.dtype != np.uint8:
        raise MalformedImage(
            'unknown_encoding',
            f'cv_bridge made {image.shape} of {image.dtype} from encoding {message.encoding!r}',
        )
    return image


def bridge() -> Callable[[Any, str], Any] | None:
    """``cv_bridge``'s converter, or None where it is missing or broken."""
    try:
        module = importlib.import_module('cv_bridge')
    except Exception:
        # One built for another NumPy fails in more ways than ImportError.
        return None
    converter: Callable[[Any, str], Any] = module.CvBridge().imgmsg_to_cv2
    return converter


def fill_image(message: Any, image: NDArray[Any], encoding: str) -> Any:
    """Write an array into a sensor_msgs/Image; its header is left alone.

    Parameters
    ----------
    message : sensor_msgs/Image
    image : ndarray
        (H, W) or (H, W, C), of the type that `encoding` names.
    encoding : str
        Name as in sensor_msgs.
    """
    image = np.ascontiguousarray(image)
    message.height, message.width = image.shape[:2]
    message.encoding = encoding
    message.is_bigendian = 0
    message.step = image.strides[0]
    # Anything else than an array('B') is checked or copied number by number in rclpy.
    data = array.array('B')
    data.frombytes(image.reshape(-1).view(np.uint8).data)
    message.data = data
    return message
