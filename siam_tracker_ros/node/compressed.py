# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be known about a JPEG or PNG file without decoding it.

A decoder allocates what the header promises and paints what is missing grey, so the size is
checked before and the end of the data must be there.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import require_cv2
from .image_rules import MalformedImage, check_size, check_stamp

PNG_SIGNATURE = b'\x89PNG\r\n\x1a\n'
JPEG_START = b'\xff\xd8'
JPEG_END = b'\xff\xd9'
JPEG_SCAN = 0xDA
# Start-of-frame markers hold the size; DHT, JPG and DAC lie in the same range.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def decode_compressed(message: Any, max_pixels: int) -> NDArray[np.uint8]:
    """Decode a sensor_msgs/CompressedImage that holds JPEG or PNG.

    Returns
    -------
    ndarray
        (H, W, 3) uint8, BGR. An EXIF orientation is ignored: a box's pixels are the sensor's.

    Raises
    ------
    MalformedImage
        Empty, of another format, too large, truncated or corrupt.
    """
    check_stamp(message.header.stamp)
    data = bytes(message.data)
    if not data:
        raise MalformedImage('data_too_short', 'data is empty: expected a JPEG or PNG file')
    width, height = encoded_size(data)
    check_size(width, height, max_pixels)
    cv2 = require_cv2()
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        image = None
    if image is None or image.shape[:2] != (height, width):
        raise MalformedImage('corrupt_file', f'the {width}x{height} file cannot be decoded')
    return np.asarray(image, np.uint8)


def encoded_size(data: bytes) -> tuple[int, int]:
    """Width and height that a complete JPEG or PNG file promises.

    Raises
    ------
    MalformedImage
        Neither JPEG nor PNG, or its end is missing.
    """
    if data.startswith(PNG_SIGNATURE):
        return _png_size(data)
    if data.startswith(JPEG_START):
        return _jpeg_size(data)
    raise MalformedImage(
        'unknown_encoding', f'data begins with {data[:4].hex()}: expected a JPEG or PNG file'
    )


def _png_size(data: bytes) -> tuple[int, int]:
    if len(data) < 33 or data[12:16] != b'IHDR' or b'IEND' not in data[-64:]:
        raise MalformedImage('corrupt_file', 'the PNG file is truncated or damaged')
    width, height = struct.unpack('>II', data[16:24])
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the marker segments up to the first scan."""
    size: tuple[int, int] | None = None
    place = len(JPEG_START)
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in JPEG_BARE:
            place += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[place + 2:place + 4], 'big')
        if marker in JPEG_FRAMES and place + 9 <= len(data):
            height, width = struct.unpack('>HH', data[place + 5:place + 9])
            size = (width, height)
        if marker == JPEG_SCAN and size is not None:
            # Scan data never holds this pair; cameras may pad behind it.
            if data.rfind(JPEG_END) <= place:
                raise MalformedImage('corrupt_file', 'the JPEG file has no end: it is truncated')
            return size
        place += 2 + length
    raise MalformedImage('corrupt_file', 'the JPEG file is damaged: no scan was found in it')
