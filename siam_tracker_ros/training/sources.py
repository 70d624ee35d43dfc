# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What lies in a user's folders: still images, labelled sequences and videos."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import UserError
from ..geometry import Box
from ..images import SUFFIXES as IMAGE_SUFFIXES
from ..images import read_image, require_cv2
from ..sequences import GROUND_TRUTH, read_sequence

VIDEO_SUFFIXES = frozenset({'.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpg', '.webm'})


@dataclass(frozen=True)
class Shot:
    """A still image, or a run of images of one object.

    Attributes
    ----------
    images : tuple of Path
        One or more.
    boxes : tuple of Box or None
        The object in each image, in continuous pixels; None where it is absent, and for a still
        without labels.
    kind : str
        Objects of one kind serve each other as distractors: the name of the folder.
    scene : str
        Shots of one scene may show each other's objects; empty where no other shot does.
    """

    images: tuple[Path, ...]
    boxes: tuple[Box | None, ...]
    kind: str
    scene: str = ''

    @property
    def place(self) -> str:
        """What it shares with all shots that may show its object, and with copies of itself."""
        return self.scene or str(self.images[0])

    @property
    def visible(self) -> list[int]:
        """Indices of the images that can be drawn from."""
        if len(self.images) == 1:
            return [0]
        return [i for i, box in enumerate(self.boxes) if box is not None]


@dataclass
class Sources:
    """Everything that was found."""

    shots: list[Shot] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)


def discover(folders: Iterable[Path | str]) -> Sources:
    """Find stills, sequences and videos below some folders, in a fixed order.

    A folder that holds ``groundtruth.txt`` is a labelled sequence in GOT-10k's layout; every other
    image is a still; files with a video's suffix are videos.

    Raises
    ------
    UserError
        A folder does not exist, holds nothing usable, or its labels don't fit its images.
    """
    found = Sources()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise UserError(f'training data {folder}: there is no such folder')
        before = len(found.shots) + len(found.videos)
        _walk(folder, found)
        if len(found.shots) + len(found.videos) == before:
            raise UserError(
                f'training data {folder}: no image ({", ".join(sorted(IMAGE_SUFFIXES))}), no '
                'video '
                f'({", ".join(sorted(VIDEO_SUFFIXES))}) and no {GROUND_TRUTH} with two boxes '
                'below it'
            )
    return found


def _walk(folder: Path, found: Sources) -> None:
    files = sorted(folder.iterdir())
    if (folder / GROUND_TRUTH).is_file():
        sequence = read_sequence(folder, first_visible=False)
        boxes = tuple(sequence.box(index) for index in range(len(sequence.images)))
        shot = Shot(sequence.images, boxes, sequence.name)
        if len(shot.visible) > 1:
            found.shots.append(shot)
        return
    stills = [f for f in files if f.suffix.lower() in IMAGE_SUFFIXES and f.is_file()]
    found.shots.extend(Shot((image,), (None,), folder.name) for image in stills)
    found.videos.extend(f for f in files if f.suffix.lower() in VIDEO_SUFFIXES and f.is_file())
    for sub in files:
        if sub.is_dir():
            _walk(sub, found)


class ImageCache:
    """Decoded images, resized to a working size, in bounded memory.

    Parameters
    ----------
    max_side : int
        Longer images are reduced to this side, in pixels: crops never need more.
    max_bytes : int
        Memory for decoded images.
    """

    def __init__(self, max_side: int = 640, max_bytes: int = 2 << 30) -> None:
        self.max_side = max_side
        self.max_bytes = max_bytes
        self._bytes = 0
        self._images: OrderedDict[Path, tuple[Tensor, float]] = OrderedDict()

    def read(self, path: Path) -> tuple[Tensor, float]:
        """Return the image, (H, W, 3) uint8 RGB, and the factor by which it was reduced.

        Raises
        ------
        UserError
            The file cannot be decoded.
        """
        if path in self._images:
            self._images.move_to_end(path)
            return self._images[path]
        image = read_image(path)
        factor = min(1.0, self.max_side / max(image.shape[:2]))
        if factor < 1.0:
            size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
            cv2 = require_cv2()
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        item = (torch.from_numpy(np.ascontiguousarray(image[:, :, ::-1])), factor)
        self._images[path] = item
        self._bytes += item[0].numel()
        while self._bytes > self.max_bytes and len(self._images) > 1:
            _, (old, _) = self._images.popitem(last=False)
            self._bytes -= old.numel()
        return item


def split(shots: Sequence[Shot], share: float, seed: int) -> tuple[list[Shot], list[Shot]]:
    """Divide shots into training and held-out ones, the same way for the same seed."""
    order = np.random.default_rng(seed).permutation(len(shots))
    held = set(order[: round(share * len(shots))].tolist())
    return (
        [s for i, s in enumerate(shots) if i not in held],
        [s for i, s in enumerate(shots) if i in held],
    )
