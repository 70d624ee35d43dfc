# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an image message must be before anything reads its pixels.

Pure functions over objects with the fields of sensor_msgs/Image and CompressedImage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NANOSECONDS = 1_000_000_000
MOST_PIXELS = 7680 * 4320
"""Larger images are dropped where nobody says otherwise."""


class MalformedImage(Exception):  # noqa: N818 - the word of the interface
    """An image message that cannot be used.

    Attributes
    ----------
    code : str
        Short reason, counted in the diagnostics.
    sentence : str
        For people: what was wrong and what was expected.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Encoding:
    """How the pixels of one encoding lie in memory.

    Attributes
    ----------
    channels : int
        Numbers per pixel.
    depth : int
        Bytes per number.
    layout : str
        What the numbers are: grey, bgr, rgb, bgra, rgba, bayer_*, uyvy or yuyv.
    """

    channels: int
    depth: int
    layout: str

    @property
    def pixel_bytes(self) -> int:
        """Bytes per pixel."""
        return self.channels * self.depth


ENCODINGS: Mapping[str, Encoding] = {
    'mono8': Encoding(1, 1, 'grey'),
    'mono16': Encoding(1, 2, 'grey'),
    '8UC1': Encoding(1, 1, 'grey'),
    'bgr8': Encoding(3, 1, 'bgr'),
    'bgr16': Encoding(3, 2, 'bgr'),
    'rgb8': Encoding(3, 1, 'rgb'),
    'rgb16': Encoding(3, 2, 'rgb'),
    '8UC3': Encoding(3, 1, 'bgr'),
    'bgra8': Encoding(4, 1, 'bgra'),
    'bgra16': Encoding(4, 2, 'bgra'),
    'rgba8': Encoding(4, 1, 'rgba'),
    'rgba16': Encoding(4, 2, 'rgba'),
    '8UC4': Encoding(4, 1, 'bgra'),
    'bayer_rggb8': Encoding(1, 1, 'bayer_rggb'),
    'bayer_bggr8': Encoding(1, 1, 'bayer_bggr'),
    'bayer_gbrg8': Encoding(1, 1, 'bayer_gbrg'),
    'bayer_grbg8': Encoding(1, 1, 'bayer_grbg'),
    'yuv422': Encoding(2, 1, 'uyvy'),
    'uyvy': Encoding(2, 1, 'uyvy'),
    'yuv422_yuy2': Encoding(2, 1, 'yuyv'),
    'yuyv': Encoding(2, 1, 'yuyv'),
}
"""The encodings that the codec reads itself, by their names in sensor_msgs."""


def check_image(message: Any, max_pixels: int) -> Encoding | None:
    """Check every field of an image before its pixels are touched.

    Parameters
    ----------
    message : sensor_msgs/Image
    max_pixels : int
        Largest allowed width times height.

    Returns
    -------
    Encoding or None
        None: not an encoding of ours, ``cv_bridge`` may know it.

    Raises
    ------
    MalformedImage
        The fields contradict each other or a rule.
    """
    check_stamp(message.header.stamp)
    width, height = message.width, message.height
    check_size(width, height, max_pixels)
    encoding = ENCODINGS.get(message.encoding)
    if encoding is None:
        return None
    row = width * encoding.pixel_bytes
    if message.step < row:
        raise MalformedImage(
            'step_too_small',
            f'step is {message.step} bytes: {width} pixels of {message.encoding} need {row}',
        )
    needed = message.step * (height - 1) + row
    if len(message.data) < needed:
        raise MalformedImage(
            'data_too_short',
            f'data holds {len(message.data)} bytes: {width}x{height} {message.encoding} with step '
            f'{message.step} needs {needed}',
        )
    if encoding.depth > 1 and message.is_bigendian not in (0, 1):
        raise MalformedImage(
            'bad_endianness', f'is_bigendian is {message.is_bigendian}: expected 0 or 1'
        )
    if encoding.layout in ('uyvy', 'yuyv') and width % 2:
        raise MalformedImage(
            'odd_size', f'width is {width}: {message.encoding} shares colour between two columns'
        )
    if encoding.layout.startswith('bayer') and (width % 2 or height % 2):
        raise MalformedImage(
            'odd_size', f'size is {width}x{height}: {message.encoding} needs even numbers'
        )
    return encoding


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse an empty image or one of more than `max_pixels`."""
    if width < 1 or height < 1:
        raise MalformedImage('zero_size', f'size is {width}x{height}: expected at least 1x1')
    if width * height > max_pixels:
        raise MalformedImage(
            'too_large',
            f'size is {width}x{height}: more than the {max_pixels} pixels of max_image_pixels',
        )


def check_stamp(stamp: Any) -> None:
    """Refuse a time that is none: negative, or with a second or more of nanoseconds."""
    if stamp.sec < 0 or not 0 <= stamp.nanosec < NANOSECONDS:
        raise MalformedImage(
            'bad_stamp',
            f'stamp is {stamp.sec} s and {stamp.nanosec} ns: expected a time since 1970 '
            'and less than a second of nanoseconds',
        )
