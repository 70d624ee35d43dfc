# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who appears in a rendered sequence: objects, backgrounds and others, cut out of shots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..geometry import Box
from ..images import require_cv2
from .lending import Lenders
from .motion import Floats
from .pairs import View, draw_box, view_or_draw
from .sources import ImageCache, Shot

# Share of a thing's surroundings that its soft edge may show, on either side.
MARGIN = 0.3


class Cast:
    """Shots that lend their objects and their images.

    Parameters
    ----------
    shots : sequence of Shot
        Of two scenes or more, because the background is another one's.

    Attributes
    ----------
    lenders : Lenders

    Raises
    ------
    UserError
        See `Lenders`.
    """

    def __init__(self, shots: Sequence[Shot]) -> None:
        self.shots = list(shots)
        self.lenders = Lenders(self.shots)
        self._cache = ImageCache()

    def view(self, number: int, rng: np.random.Generator) -> View:
        """Return the object of a shot in one of its images, or a box of a still."""
        shot = self.shots[number]
        index = shot.visible[int(rng.integers(len(shot.visible)))]
        return view_or_draw(self._cache, shot, index, rng)

    def backdrop(self, number: int, rng: np.random.Generator) -> Tensor:
        """Return an image of another shot, (H, W, 3) uint8 RGB."""
        shot = self.shots[self.lenders.draw(number, rng)]
        image, _ = self._cache.read(shot.images[int(rng.integers(len(shot.images)))])
        return image

    def kin(self, number: int, view: View, rng: np.random.Generator) -> View:
        """Return an object like a shot's: of its kind, of its image, or itself a bit altered."""
        which = rng.random()
        if which < 0.5:
            return self.view(self.lenders.draw(number, rng, alike=True), rng)
        if which < 0.7:
            boxes = [draw_box(view.image, rng) for _ in range(6)]
            return View(view.image, min(boxes, key=view.box.iou))
        return altered(view, rng)


def altered(view: View, rng: np.random.Generator) -> View:
    """An object in other colours, and often mirrored."""
    colours = torch.from_numpy(np.exp(rng.uniform(-0.3, 0.3, 3)).astype(np.float32))
    image = (view.image * colours).clamp_(0.0, 255.0).to(torch.uint8)
    if rng.random() < 0.5:
        return View(image, view.box)
    box = Box(image.shape[1] - view.box.cx, view.box.cy, view.box.w, view.box.h)
    return View(image.flip(1), box)


def cut_out(image: Tensor, shown: Floats, size: Floats) -> tuple[Tensor, Floats]:
    """Keep of an image what a thing shows of it, no finer than it is shown.

    Parameters
    ----------
    image : Tensor
        (H, W, 3) uint8 RGB.
    shown, size : ndarray
        (T, 4) and (T, 2), see `motion.Thing`.

    Returns
    -------
    tuple
        What is kept, and `shown` in its pixels.
    """
    reach = shown[:, 2:] * (0.5 + MARGIN)
    whole = (image.shape[1], image.shape[0])
    left, top = np.maximum(np.floor((shown[:, :2] - reach).min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil((shown[:, :2] + reach).max(axis=0)), whole).astype(int)
    finest = (size / shown[:, 2:]).max(axis=0)
    kept, factor = reduced(image[top:bottom, left:right], finest)
    return kept, (shown - (left, top, 0.0, 0.0)) * np.tile(factor, 2)


def reduced(image: Tensor, factors: Floats) -> tuple[Tensor, Floats]:
    """An image made smaller by factors of x and y, and by which it was after rounding.

    What is shown small would flicker if it were sampled from all of its pixels.
    """
    whole = np.array([image.shape[1], image.shape[0]])
    size = np.maximum(np.rint(whole * np.minimum(factors, 1.0)), 1).astype(int)
    if (size == whole).all():
        return image, np.ones(2)
    cv2 = require_cv2()
    small = cv2.resize(image.numpy(), size.tolist(), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small), size / whole
