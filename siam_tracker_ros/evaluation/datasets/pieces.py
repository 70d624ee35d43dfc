# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What several readers share: images by number, conventions of corners, partly labelled sets."""

from __future__ import annotations

from pathlib import Path
import re

import numpy as np
from numpy.typing import NDArray

from ...errors import UserError
from ...images import list_images
from ...labels import read_lines

Array = NDArray[np.float64]

BY_CORNER = 'left,top,width,height, 0-based: as they stand'
FROM_ONE = 'left,top,width,height, 1-based: left - 1, top - 1'


def from_one_based(boxes: Array) -> Array:
    """Convert (N, 4) boxes whose first pixel is (1, 1): pixel 1 covers [0, 1)."""
    return np.asarray(boxes - (1.0, 1.0, 0.0, 0.0))


def numbered_images(folder: Path, first: int, last: int) -> tuple[Path, ...]:
    """The images whose names end in the numbers from `first` to `last`.

    Raises
    ------
    UserError
        Some of them are missing.
    """
    return _with_numbers(folder, list_images(folder), first, last)


def all_numbered(folder: Path, first: int, ending: str = '') -> tuple[Path, ...]:
    """All images of a folder, or those with an ending; their numbers must leave no gap.

    Where a benchmark labels the first images only, nothing else shows that one is missing, and
    every answer behind it would be compared with the wrong image.

    Parameters
    ----------
    folder : Path
    first : int
        Number of the first image.
    ending : str
        Of the names; others are passed over.

    Raises
    ------
    UserError
        Some of them are missing, or an image has another name.
    """
    images = [path for path in list_images(folder) if path.name.endswith(ending)]
    if not images:
        raise UserError(f'folder {folder} holds no image that ends in {ending}: unpack it again')
    return _with_numbers(folder, images, first, first + len(images) - 1)


def _with_numbers(folder: Path, images: list[Path], first: int, last: int) -> tuple[Path, ...]:
    numbers = {_number(path): path for path in images}
    found = tuple(numbers[number] for number in range(first, last + 1) if number in numbers)
    if len(found) != last - first + 1:
        raise UserError(
            f'folder {folder} holds {len(found)} of the {last - first + 1} images with the '
            f'numbers {first} to {last}: unpack it again, none may be missing'
        )
    return found


def check_counts(name: str, images: int, rows: int, labels: Path) -> None:
    """Refuse a sequence that has another number of rows than of images."""
    if rows != images:
        raise UserError(
            f'sequence {name} has {images} images and {rows} lines in {labels}: '
            'expected as many of both'
        )


def fill_up(boxes: Array, count: int) -> tuple[Array, NDArray[np.bool_] | None]:
    """Add rows of NaN where only the first images are labelled.

    Returns
    -------
    boxes : ndarray
        (count, 4)
    labelled : ndarray or None
        (count,) bool; None where all are labelled.
    """
    missing = count - len(boxes)
    if missing <= 0:
        return boxes, None
    padded = np.pad(boxes, ((0, missing), (0, 0)), constant_values=np.nan)
    return padded, np.arange(count) < len(boxes)


def unlabelled_where_empty(boxes: Array) -> NDArray[np.bool_] | None:
    """For sets that know no absence: a row without a box was not labelled. None where all were."""
    labelled = np.asarray(~np.isnan(boxes).any(axis=1))
    return None if labelled.all() else labelled


def listed(root: Path, labels: str) -> list[str]:
    """Names in ``list.txt``; without that file, of the folders that hold a file of labels."""
    path = root / 'list.txt'
    if path.is_file():
        return [line.strip() for line in read_lines(path) if line.strip()]
    return sorted(found.parent.name for found in root.glob(f'*/{labels}'))


def abbreviations(text: str) -> tuple[str, ...]:
    """Attributes from a list of abbreviations, however they are separated."""
    return tuple(re.findall(r'[A-Z]+', text))


def _number(path: Path) -> int:
    digits = re.search(r'[0-9]+$', path.stem)
    return int(digits[0]) if digits else -1
