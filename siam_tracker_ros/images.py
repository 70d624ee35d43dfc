# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image files: reading, writing, and the one place where OpenCV is imported.

Images are (H, W, 3) uint8 arrays, BGR, as OpenCV has them.
"""

from __future__ import annotations

from functools import lru_cache
import importlib
import os
from pathlib import Path
import re
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .outputs import check_output_file

Image: TypeAlias = NDArray[np.uint8]

# Endings of the files that count as images of a folder.
SUFFIXES = frozenset({'.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp'})


def silence_opencv() -> None:
    """Keep OpenCV and its FFmpeg from writing to stderr; for programs, before `require_cv2`.

    What they would say of a damaged video, hundreds of lines, we say in one sentence. A user who
    has set these variables keeps what they say.
    """
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')


@lru_cache(maxsize=1)
def require_cv2() -> ModuleType:
    """Return the module ``cv2``.

    Importing it may fail in more ways than being absent: the build with a GUI needs libGL, which
    a bare Linux does not have, and a build for another NumPy raises AttributeError.

    Raises
    ------
    UserError
        It cannot be imported; the sentence holds the reason and the cure.
    """
    try:
        return importlib.import_module('cv2')
    except Exception as error:
        reason = ' '.join(str(error).split())
        raise UserError(
            f'OpenCV cannot be imported ({reason}): install the build that needs no display with '
            '`pip uninstall -y opencv-python opencv-contrib-python` and then '
            '`pip install --force-reinstall opencv-python-headless`'
        ) from error


def decode_image(data: bytes | NDArray[np.uint8], name: str) -> Image:
    """Decode a compressed image.

    Parameters
    ----------
    data : bytes or ndarray
        Contents of an image file.
    name : str
        What to call it in the message.

    Returns
    -------
    ndarray
        (H, W, 3) uint8, BGR.

    Raises
    ------
    UserError
        It is not an image that OpenCV reads, or it is damaged.
    """
    cv2 = require_cv2()
    array = np.frombuffer(data, np.uint8)
    image = None
    if array.size:
        try:
            image = cv2.imdecode(array, cv2.IMREAD_COLOR)
        except cv2.error:
            # An image above OpenCV's limit of pixels raises where a damaged one returns None.
            image = None
    if image is None:
        raise UserError(
            f'{name} is not a readable image ({array.size} bytes): it is damaged or of a kind '
            'that OpenCV does not know; write it again as JPEG or PNG'
        )
    return np.asarray(image, np.uint8)


def read_image(path: Path | str) -> Image:
    """Read an image file.

    Raises
    ------
    UserError
        No such file, not allowed to read it, or not an image.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f'image {path} cannot be read ({error.strerror}): give the path of an image file'
        ) from error
    return decode_image(data, f'image {path}')


def encode_jpeg(image: Image, quality: int = 95) -> bytes:
    """Compress an image as JPEG; `quality` is in [0, 100]."""
    cv2 = require_cv2()
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def write_image(path: Path | str, image: Image) -> Path:
    """Write an image file of the kind that its ending names.

    Raises
    ------
    UserError
        Unknown ending, or the place cannot be written.
    """
    cv2 = require_cv2()
    path = check_output_file(path, 'image')
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(
            f'image {path} has an unknown ending: expected one of {", ".join(sorted(SUFFIXES))}'
        )
    _, data = cv2.imencode(path.suffix.lower(), image)
    path.write_bytes(bytes(data))
    return path


def list_images(folder: Path | str) -> list[Path]:
    """Image files of a folder, in the order of the numbers in their names.

    ``2.jpg`` comes before ``10.jpg``: a camera's counter need not have leading zeros. Hidden files
    are passed over: macOS leaves a ``._2.jpg``, which is no image, beside each.

    Raises
    ------
    UserError
        No such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f'folder {folder} does not exist: give a folder of images')
    # Entries of a scan know what they are: benchmarks have half a million images.
    with os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in entries
            if os.path.splitext(entry.name)[1].lower() in SUFFIXES
            and not entry.name.startswith('.')
            and entry.is_file()
        ]
    if not names:
        raise UserError(
            f'folder {folder} holds no images: '
            f'expected files ending in {", ".join(sorted(SUFFIXES))}'
        )
    return [folder / name for name in sorted(names, key=_natural_order)]


def _natural_order(name: str) -> list[tuple[int, str]]:
    """Sort key that compares runs of digits as numbers."""
    parts = re.split(r'([0-9]+)', name)
    return [(int(part), '') if part.isdecimal() else (-1, part) for part in parts]
