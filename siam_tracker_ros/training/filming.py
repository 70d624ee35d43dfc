# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From things that move to images with a box: layers, shutter, lens, light and sensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import math

import numpy as np
import torch
from torch import Tensor

from ..frames import FrameStack
from ..geometry import Box
from ..images import Image, require_cv2
from .layers import Layer, place, render, upload
from .motion import Floats, Thing, at_time

CPU = torch.device('cpu')
# Distance from the centre, in radii, beyond which nothing is seen of the softest edge.
FADED = 1.6
# Most images whose mean is one of an open shutter, and the pixels that a thing moves from one of
# them to the next, where they are enough.
MOST_EXPOSURES = 6
EXPOSURE_STEP = 2.0


@dataclass(frozen=True)
class TrackFrame:
    """One image of a track and what is known about it.

    Attributes
    ----------
    pixels : Tensor
        (S, S, 3) uint8 RGB.
    box : Box or None
        The target in continuous pixels, see `Track`; None where it is absent.
    visible : float
        Share of the target that is in the frame and that nothing covers, in [0, 1].
    """

    pixels: Tensor
    box: Box | None
    visible: float

    @property
    def image(self) -> Image:
        """The image as files have it: (S, S, 3) uint8, BGR."""
        return np.ascontiguousarray(self.pixels.numpy()[:, :, ::-1])


@dataclass(frozen=True)
class Camera:
    """How the scene becomes images; T frames.

    Attributes
    ----------
    window : ndarray
        (T, 3) centre x and y and side of what is seen of the background, in its pixels.
    tone : ndarray
        (T, 4) gain of red, green and blue, and gamma.
    shutter : ndarray
        (T,) how long the shutter is open, in frames.
    defocus : ndarray
        (T,) standard deviation of the blur in pixels.
    noise : float
        Standard deviation in grey levels.
    """

    window: Floats
    tone: Floats
    shutter: Floats
    defocus: Floats
    noise: float


class Track:
    """A rendered sequence of one target.

    The box of a frame is the upright box around the target's outline, cut off at the border of
    the frame. The outline is the superellipse at which the target's mask is half opaque; what
    lies over the target does not change its box. It is absent, without a box, where less than
    `visible` of the area inside the outline is in the frame and under nothing.

    Parameters
    ----------
    images : list of Tensor
        (H, W, 3) uint8 RGB; the first is the background.
    things : list of Thing
        From the lowest to the highest.
    target : int
        Which of them is the target.
    camera : Camera
    size : int
        S, the side of the frames in pixels.
    visible : float
        Share of the target that must be seen.
    seed : tuple of int
        Of the noise.
    """

    def __init__(
        self,
        images: list[Tensor],
        things: list[Thing],
        target: int,
        camera: Camera,
        size: int,
        visible: float,
        seed: tuple[int, ...],
    ) -> None:
        self._images = images
        self._things = things
        # A thing that is this far outside doesn't even show its soft edge.
        self._near = [
            np.all(abs(thing.at - size / 2) < size / 2 + FADED * thing.reach(), axis=1)
            for thing in things
        ]
        self._camera = camera
        self._seed = seed
        self._frames: FrameStack | None = None
        self.size = size
        #: (T,) share of the target that is seen.
        self.visible = things[target].visible(size, things[target + 1 :])
        self._moved = np.abs(np.diff(things[target].at, axis=0, append=np.nan)).max(axis=1)
        #: T boxes, None where the target is absent.
        self.boxes = [
            box.clipped(size, size) if share > 0.0 and share >= visible else None
            for box, share in zip(things[target].boxes(), self.visible.tolist())
        ]

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[TrackFrame]:
        return (self[t] for t in range(len(self)))

    def __getitem__(self, t: int) -> TrackFrame:
        """Render one frame, the same whichever were rendered before."""
        t = range(len(self))[t]
        if self._frames is None:
            times = [time for k in range(len(self)) for time in self._exposures(k)]
            everything = [self._layers(time, self._things) for time in times]
            self._frames = upload(self._images, everything, CPU)
        around = slice(max(t - 1, 0), t + 2)
        things = [thing for thing, near in zip(self._things, self._near) if near[around].any()]
        crops = [self._layers(time, things) for time in self._exposures(t)]
        seen = render(self._frames, crops, self.size).mean(dim=0)
        return TrackFrame(self._developed(seen, t), self.boxes[t], float(self.visible[t]))

    def _exposures(self, t: int) -> list[float]:
        """Times whose mean is the image: more where more moves while the shutter is open."""
        shutter = float(self._camera.shutter[t])
        if shutter <= 0.0:
            return [float(t)]
        moved = self._moved[max(t - 1, 0) : t + 1]
        way = shutter * float(np.nanmax(moved, initial=0.0))
        count = math.ceil(min(max(way / EXPOSURE_STEP, 2.0), MOST_EXPOSURES))
        return [t + shutter * ((k + 0.5) / count - 0.5) for k in range(count)]

    def _layers(self, t: float, things: Sequence[Thing]) -> list[Layer]:
        x, y, side = at_time(self._camera.window, t).tolist()
        ground = Layer(0, place(Box(x, y, 1.0, 1.0), side, (0.0, 0.0), 0.0, 0.0))
        return [ground, *(thing.layer(t, self.size) for thing in things)]

    def _developed(self, seen: Tensor, t: int) -> Tensor:
        """What lens, light and sensor make of (3, S, S) float: (S, S, 3) uint8."""
        cv2, camera = require_cv2(), self._camera
        picture = seen.permute(1, 2, 0).contiguous().numpy()
        if camera.defocus[t] > 0.2:
            picture = cv2.GaussianBlur(picture, (0, 0), float(camera.defocus[t]))
        levels = np.linspace(0.0, 1.0, 256)[:, None] ** camera.tone[t, 3] * camera.tone[t, :3]
        table = np.clip(np.rint(255.0 * levels), 0, 255).astype(np.uint8)[None]
        picture = cv2.LUT(np.clip(np.rint(picture), 0, 255).astype(np.uint8), table)
        if camera.noise > 0.0:
            rng = np.random.default_rng((*self._seed, t))
            grain = rng.standard_normal(picture.shape, dtype=np.float32) * camera.noise
            picture = np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)
        return torch.from_numpy(picture)
