# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A clip with known boxes, rendered from photographs that scikit-image installs.

A coffee cup moves over a portrait that a moving camera looks at. The cup changes its size and
turns a little, a second cup passes close by, and a cat passes in front of it. The photographs
are in the public domain or CC0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .errors import UserError, install
from .geometry import Box
from .images import Image, encode_jpeg, require_cv2
from .sequences import write_ground_truth

Floats = np.ndarray[Any, np.dtype[np.float32]]

WIDTH, HEIGHT = 640, 480
FRAME_RATE = 30.0
DEFAULT_SEED = 1
"""A clip on which untrained networks lose the target: on some others matching by luck suffices."""
COVERED = 0.1
"""Share of a pixel that the target must cover to count for its box: soft edges fade below it."""


@dataclass(frozen=True)
class RenderedFrame:
    """One image of the clip and what is known about it.

    Attributes
    ----------
    image : ndarray
        (480, 640, 3) uint8, BGR.
    box : Box
        The whole target, hidden parts included, in continuous pixels; always inside the image.
    visibility : float
        Share of the target that nothing hides, in [0, 1].
    """

    image: Image
    box: Box
    visibility: float


@dataclass(frozen=True)
class Sprite:
    """An object cut out of a photograph.

    Attributes
    ----------
    colour : ndarray
        (h, w, 3) float32, BGR in [0, 255].
    alpha : ndarray
        (h, w) float32 in [0, 1], falling off softly at the outline.
    """

    colour: Floats
    alpha: Floats

    def placed(self, pose: Pose) -> tuple[Floats, Floats]:
        """Return the sprite in an empty image: colour (480, 640, 3), alpha (480, 640)."""
        cv2 = require_cv2()
        height, width = self.alpha.shape
        matrix = similarity(pose, width / 2, height / 2)
        size = (WIDTH, HEIGHT)
        colour = cv2.warpAffine(self.colour, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        return colour, cv2.warpAffine(self.alpha, matrix, size, borderValue=0)


@dataclass(frozen=True)
class Pose:
    """Where a picture lies: centre in continuous pixels, scale, and angle in degrees."""

    x: float
    y: float
    scale: float
    angle: float


def similarity(pose: Pose, cx: float, cy: float) -> np.ndarray[Any, Any]:
    """Return `cv2.warpAffine`'s (2, 3) matrix that brings a picture's centre to a pose."""
    turn = math.radians(pose.angle)
    cos, sin = pose.scale * math.cos(turn), pose.scale * math.sin(turn)
    # OpenCV's coordinates count from the centre of the first pixel, ours from its corner.
    x, y, cx, cy = pose.x - 0.5, pose.y - 0.5, cx - 0.5, cy - 0.5
    return np.array([[cos, -sin, x - cos * cx + sin * cy], [sin, cos, y - sin * cx - cos * cy]])


def photograph(name: str) -> Image:
    """Return one of scikit-image's photographs: (H, W, 3) uint8, BGR.

    Raises
    ------
    UserError
        scikit-image is not installed.
    """
    try:
        from skimage import data
    except ImportError:
        raise UserError(
            'the rendered clip needs the photographs of scikit-image, which is not installed: '
            f'{install("eval")}, or give a video and a box'
        ) from None
    rgb = getattr(data, name)()
    return np.ascontiguousarray(rgb[:, :, ::-1])


def cut(photo: Image, ellipses: list[tuple[int, int, int, int]], width: int) -> Sprite:
    """Cut the union of some ellipses out of a photograph and resize it.

    Parameters
    ----------
    photo : ndarray
        (H, W, 3) uint8, BGR.
    ellipses : list of tuple of int
        Centre x and y, half width, half height; pixels of the photograph.
    width : int
        Width of the sprite in pixels.
    """
    cv2 = require_cv2()
    mask = np.zeros(photo.shape[:2], np.float32)
    for x, y, a, b in ellipses:
        cv2.ellipse(mask, (x, y), (a, b), 0, 0, 360, 1.0, -1)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    mask = cv2.GaussianBlur(mask, (0, 0), 2.0)
    # A margin, so that the soft edge is not cut off.
    top, left = max(rows[0] - 8, 0), max(columns[0] - 8, 0)
    area = (slice(top, rows[-1] + 9), slice(left, columns[-1] + 9))
    part, alpha = photo[area], mask[area]
    size = (width, round(width * part.shape[0] / part.shape[1]))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return Sprite(
        small.astype(np.float32),
        cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32),
    )


def lookalike(sprite: Sprite) -> Sprite:
    """Return another object of the same kind: mirrored, a little darker, with a shifted hue."""
    cv2 = require_cv2()
    hsv = cv2.cvtColor(sprite.colour[:, ::-1].astype(np.uint8), cv2.COLOR_BGR2HSV).astype(np.int32)
    hsv[..., 0] = (hsv[..., 0] + 12) % 180
    hsv[..., 2] = hsv[..., 2] * 85 // 100
    colour = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)
    return Sprite(colour.astype(np.float32), np.ascontiguousarray(sprite.alpha[:, ::-1]))


@lru_cache(maxsize=1)
def materials() -> tuple[Image, Sprite, Sprite, Sprite]:
    """Return background, target, distractor and occluder."""
    cv2 = require_cv2()
    portrait = photograph('astronaut')
    background = cv2.resize(portrait, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    cup = cut(photograph('coffee'), [(278, 226, 201, 163), (290, 112, 118, 95)], width=150)
    cat = cut(photograph('chelsea'), [(205, 165, 160, 130)], width=130)
    return background, cup, lookalike(cup), cat


class Clip:
    """A rendered clip, made frame by frame; the same seed makes the same clip.

    Parameters
    ----------
    frames : int
        Number of frames; the motion is the same for any number, faster or slower.
    seed : int
        Chooses the phases of the motion and the noise.

    Raises
    ------
    UserError
        scikit-image is not installed.
    """

    def __init__(self, frames: int = 150, seed: int = DEFAULT_SEED) -> None:
        self.frames = frames
        self.seed = seed
        self._background, self._target, self._distractor, self._occluder = materials()
        self._phase = np.random.default_rng(seed).uniform(0, 2 * math.pi, 8)

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[RenderedFrame]:
        return (self.frame(index) for index in range(self.frames))

    def frame(self, index: int) -> RenderedFrame:
        """Return one frame with all that is known about it."""
        return RenderedFrame(self.draw(index), *self.truth(index))

    def truth(self, index: int) -> tuple[Box, float]:
        """Return the box and the visibility of one frame without drawing it."""
        _, alpha = self._target.placed(self._target_pose(index))
        _, hiding = self._occluder.placed(self._occluder_pose(index))
        return enclosing(alpha), float((alpha * (1 - hiding)).sum() / alpha.sum())

    def draw(self, index: int, *, with_target: bool = True) -> Image:
        """Return the image alone, for comparison also without the target.

        Returns
        -------
        ndarray
            (480, 640, 3) uint8, BGR.
        """
        cv2 = require_cv2()
        matrix = similarity(self._camera(index), *(s / 2 for s in self._background.shape[1::-1]))
        canvas = cv2.warpAffine(
            self._background, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT
        ).astype(np.float32)
        # From back to front.
        layers = [(self._distractor, self._distractor_pose(index))]
        if with_target:
            layers.append((self._target, self._target_pose(index)))
        layers.append((self._occluder, self._occluder_pose(index)))
        for sprite, pose in layers:
            colour, alpha = sprite.placed(pose)
            canvas += alpha[:, :, None] * (colour - canvas)
        light = 1.0 + 0.12 * self._wave(index, 1.3, 7)
        noise = np.random.default_rng([self.seed, index]).normal(0.0, 3.0, canvas.shape)
        image: Image = np.clip(np.rint(canvas * light + noise), 0, 255).astype(np.uint8)
        return image

    def _time(self, index: int) -> float:
        """Time in the clip, from 0 at its first frame to 1 at its last."""
        return index / max(self.frames - 1, 1)

    def _wave(self, index: int, cycles: float, phase: int) -> float:
        """A sine with this number of cycles over the clip."""
        return math.sin(2 * math.pi * cycles * self._time(index) + float(self._phase[phase]))

    def _camera(self, index: int) -> Pose:
        """Where the background's centre lies in the image: pan, zoom and roll."""
        return Pose(
            WIDTH / 2 + 130 * self._wave(index, 1.1, 4),
            HEIGHT / 2 + 180 * self._wave(index, 0.8, 5),
            1.1 + 0.1 * self._wave(index, 0.7, 6),
            4 * self._wave(index, 1.0, 4),
        )

    def _target_pose(self, index: int) -> Pose:
        """A curve that keeps the largest target inside the image."""
        return Pose(
            WIDTH / 2 + 180 * self._wave(index, 1.7, 0) + 20 * self._wave(index, 4.3, 1),
            HEIGHT / 2 + 100 * self._wave(index, 1.2, 1) + 15 * self._wave(index, 5.1, 2),
            1.0 + 0.28 * self._wave(index, 1.4, 2),
            12 * self._wave(index, 2.1, 3),
        )

    def _distractor_pose(self, index: int) -> Pose:
        """A path that comes within a little more than one target's width, then withdraws."""
        target = self._target_pose(index)
        near = math.exp(-(((self._time(index) - 0.35) / 0.16) ** 2))
        distance = 150 * (2.4 - 1.45 * near) * target.scale
        direction = 2 * math.pi * (0.1 + 0.9 * self._time(index))
        return Pose(
            target.x + distance * math.cos(direction),
            target.y + distance * math.sin(direction),
            0.9 + 0.15 * self._wave(index, 0.9, 5),
            10 * self._wave(index, 1.6, 1),
        )

    def _occluder_pose(self, index: int) -> Pose:
        """A straight pass in front of the target's lower half, late in the clip."""
        target = self._target_pose(index)
        progress = (self._time(index) - 0.65) / 0.12
        return Pose(target.x + 150 * progress, target.y + 45, 1.0, 8 * self._wave(index, 1.0, 3))


def enclosing(alpha: Floats) -> Box:
    """Return the smallest box, in whole pixels, around all that an (H, W) alpha covers."""
    rows = np.flatnonzero((alpha > COVERED).any(axis=1))
    columns = np.flatnonzero((alpha > COVERED).any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return Box.from_ltwh(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


class LabelledImage(Protocol):
    """What is written of a frame, whoever rendered it."""

    @property
    def image(self) -> Image:
        """(H, W, 3) uint8, BGR."""

    @property
    def box(self) -> Box | None:
        """The target in continuous pixels; None where it is absent."""


def write_sequence(clip: Iterable[LabelledImage], folder: Path, quality: int = 95) -> None:
    """Write a clip in GOT-10k's layout: ``00000001.jpg`` … and a ``groundtruth.txt``.

    Each row of the latter is ``x,y,w,h``: left-top corner and size in 0-based pixels, ``nan``
    where the target is absent. `quality` is that of JPEG, in [0, 100].

    Raises
    ------
    UserError
        The folder cannot be written.
    """
    boxes = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index, frame in enumerate(clip):
            (folder / f'{index + 1:08d}.jpg').write_bytes(encode_jpeg(frame.image, quality))
            boxes.append(frame.box)
        write_ground_truth(folder, boxes)
    except OSError as error:
        raise UserError(
            f'cannot write the rendered clip to {folder} ({error}): '
            'choose a folder that can be written and has free space'
        ) from None
