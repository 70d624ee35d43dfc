# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled sequences in the layout of GOT-10k: images with a box for each, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .geometry import Box
from .images import list_images, read_image
from .labels import read_boxes

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
        absent, or where nobody labelled it.
    polygons : ndarray or None
        (N, 4, 2) float64 corners in continuous pixels, NaN as above, of a set with rotated
        boxes; `boxes` then holds their axis-aligned bounds.
    labelled : ndarray or None
        (N,) whether somebody looked at the image; all of them where None. The servers of some
        benchmarks keep all but the first label to themselves.
    frame_labels : mapping of str to ndarray
        What a benchmark says of each image besides the box: (N,) each, under its own name.
    attributes : tuple of str
        What a benchmark says makes the sequence hard.
    resolution : tuple of int or None
        Width and height of the images, where the benchmark tells them.
    """

    name: str
    images: tuple[Path, ...]
    boxes: NDArray[np.float64]
    polygons: NDArray[np.float64] | None = None
    labelled: NDArray[np.bool_] | None = None
    frame_labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    resolution: tuple[int, int] | None = None

    @property
    def first_box(self) -> Box:
        """The box that tracking starts with."""
        return Box.from_ltwh(*self.boxes[0].tolist())

    @property
    def present(self) -> NDArray[np.bool_]:
        """(N,) whether the target is known to be in the image: its box has an area."""
        known = ~np.isnan(self.boxes).any(axis=1)
        return np.asarray(known & (self.boxes[:, 2:] > 0).all(axis=1))

    @property
    def absent(self) -> NDArray[np.bool_]:
        """(N,) whether the target is known not to be in the image."""
        looked = True if self.labelled is None else self.labelled
        return np.asarray(~self.present & looked)

    def box(self, index: int) -> Box | None:
        """The target in one image, None where it is absent."""
        box = Box.from_ltwh(*self.boxes[index].tolist())
        return box if box.is_valid else None

    def beginning(self, count: int) -> Sequence:
        """The same with its first images only, `count` of them or all."""
        return replace(
            self,
            images=self.images[:count],
            boxes=self.boxes[:count],
            polygons=None if self.polygons is None else self.polygons[:count],
            labelled=None if self.labelled is None else self.labelled[:count],
            frame_labels={name: labels[:count] for name, labels in self.frame_labels.items()},
        )


def image_size(sequence: Sequence) -> tuple[int, int] | None:
    """Width and height of a sequence's images; None where neither it nor a file tells."""
    return sequence.resolution or _measured(sequence.images[0])


@lru_cache(maxsize=1024)
def _measured(path: Path) -> tuple[int, int] | None:
    if not path.is_file():
        return None
    height, width = read_image(path).shape[:2]
    return width, height


def folder_name(folder: Path) -> str:
    """Name of a folder, also where it was given as ``.`` or ``..``; links keep their own."""
    return os.path.basename(os.path.abspath(folder))


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
    boxes = read_boxes(path)
    if len(boxes) != len(images):
        raise UserError(
            f'sequence {folder} has {len(images)} images and {len(boxes)} lines in '
            f'{GROUND_TRUTH}: expected as many of both'
        )
    if first_visible and np.isnan(boxes[0]).any():
        raise UserError(
            f'sequence {folder}: the target is absent in the first image: '
            'cut the sequence so that it starts with the target in view'
        )
    return Sequence(folder_name(folder), tuple(images), boxes)


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
