# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled sequences: images with a box for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..geometry import Box
from ..images import list_images

TRUTH = 'groundtruth.txt'


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
        absent. The first row never is.
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


def read_sequence(folder: Path | str) -> Sequence:
    """Read a folder in the layout of GOT-10k.

    It holds the images, and ``groundtruth.txt`` with a line ``left,top,width,height`` per image:
    pixels, the corner 0-based, ``nan`` where the target is absent.

    Raises
    ------
    UserError
        The folder or its file is missing, a line is malformed, the numbers of images and lines
        differ, or the target is absent in the first image.
    """
    folder = Path(folder)
    images = list_images(folder)
    path = folder / TRUTH
    if not path.is_file():
        raise UserError(
            f'sequence {folder} has no {TRUTH}: expected one line left,top,width,height per image'
        )
    rows = [
        _parse_row(line, path, number)
        for number, line in enumerate(path.read_text('utf-8', errors='replace').splitlines(), 1)
        if line.strip()
    ]
    if len(rows) != len(images):
        raise UserError(
            f'sequence {folder} has {len(images)} images and {len(rows)} lines in {TRUTH}: '
            'expected as many of both'
        )
    boxes = np.array(rows, np.float64)
    if np.isnan(boxes[0]).any():
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
    found = sorted(path.parent for path in folder.glob(f'*/{TRUTH}'))
    if not found:
        raise UserError(
            f'folder {folder} holds no sequences: expected folders with images and {TRUTH} in it'
        )
    return [read_sequence(path) for path in found]


def _parse_row(line: str, path: Path, number: int) -> list[Any]:
    """Four numbers, or four NaN where any of them is: half a box is no box."""
    words = re.split(r'[,\s]+', line.strip())
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 4 or np.isinf(values).any():
        raise UserError(
            f'{path} line {number} is {line.strip()[:60]!r}: expected four numbers '
            'left,top,width,height, or nan,nan,nan,nan where the target is absent'
        )
    return [float('nan')] * 4 if np.isnan(values).any() else values
