# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled sequences in the layout of GOT-10k: images with a box for each, read and written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math
from pathlib import Path
import re

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .geometry import Box
from .images import list_images

GROUND_TRUTH = 'groundtruth.txt'
ABSENT = (math.nan,) * 4


@dataclass(frozen=True)
class Sequence:
    """A labelled sequence.

    Attributes
    ----------
    name : str
    images : tuple of Path
        N image files in the order of time.
    boxes : ndarray
        (N, 4) float64: left, top, width, height in continuous pixels; NaN where the target is
        absent.
    """

    name: str
    images: tuple[Path, ...]
    boxes: NDArray[np.float64]

    @property
    def first_box(self) -> Box:
        """The box that tracking starts with."""
        return Box.from_ltwh(*self.boxes[0].tolist())

    @property
    def present(self) -> NDArray[np.bool_]:
        """(N,) whether the target is in the image."""
        return np.asarray(~np.isnan(self.boxes).any(axis=1))

    def box(self, index: int) -> Box | None:
        """The target in one image, None where it is absent."""
        box = Box.from_ltwh(*self.boxes[index].tolist())
        return box if box.is_valid else None


def read_sequence(folder: Path | str, first_visible: bool = True) -> Sequence:
    """Read a folder in the layout of GOT-10k.

    It holds the images, and ``groundtruth.txt`` with a line ``left,top,width,height`` per image:
    pixels, the corner 0-based, ``nan`` or no area where the target is absent.

    Parameters
    ----------
    folder : Path or str
    first_visible : bool
        Whether to refuse a sequence whose target is absent in the first image, where tracking
        starts.

    Raises
    ------
    UserError
        The folder or its file is missing, a line is malformed, the numbers of images and lines
        differ, or the target is absent in the first image.
    """
    folder = Path(folder)
    images = list_images(folder)
    path = folder / GROUND_TRUTH
    if not path.is_file():
        raise UserError(
            f'sequence {folder} has no {GROUND_TRUTH}: '
            'expected one line left,top,width,height per image'
        )
    # What is not text becomes a line that is refused.
    rows = [
        _parse_row(line, path, number)
        for number, line in enumerate(path.read_text('utf-8', errors='replace').splitlines(), 1)
        if line.strip()
    ]
    if len(rows) != len(images):
        raise UserError(
            f'sequence {folder} has {len(images)} images and {len(rows)} lines in {GROUND_TRUTH}: '
            'expected as many of both'
        )
    boxes = np.array(rows, np.float64)
    if first_visible and np.isnan(boxes[0]).any():
        raise UserError(
            f'sequence {folder}: the target is absent in the first image: '
            'cut the sequence so that it starts with the target in view'
        )
    return Sequence(folder.name, tuple(images), boxes)


def read_sequences(folder: Path | str) -> list[Sequence]:
    """Read every sequence of a folder, in the order of their names.

    Raises
    ------
    UserError
        No such folder, no sequence in it, or one of them is malformed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f'folder {folder} does not exist: give a folder of sequences')
    found = sorted(path.parent for path in folder.glob(f'*/{GROUND_TRUTH}'))
    if not found:
        raise UserError(
            f'folder {folder} holds no sequences: '
            f'expected folders with images and {GROUND_TRUTH} in it'
        )
    return [read_sequence(path) for path in found]


def write_ground_truth(folder: Path, boxes: Iterable[Box | None]) -> None:
    """Write the labels of a sequence, to a hundredth of a pixel; None where it is absent."""
    rows = (ABSENT if box is None else box.ltwh for box in boxes)
    text = ''.join(','.join(f'{value:.2f}' for value in row) + '\n' for row in rows)
    (folder / GROUND_TRUTH).write_text(text, encoding='ascii')


def _parse_row(line: str, path: Path, number: int) -> tuple[float, ...]:
    """Four numbers, or `ABSENT` where any of them is NaN or there is no area."""
    words = re.split(r'[,\s]+', line.strip())
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        values = ()
    if len(values) != 4 or any(map(math.isinf, values)):
        raise UserError(
            f'{path} line {number} is {line.strip()[:60]!r}: expected four numbers '
            'left,top,width,height, or nan,nan,nan,nan where the target is absent'
        )
    return values if Box.from_ltwh(*values).is_valid else ABSENT
