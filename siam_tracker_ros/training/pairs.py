# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drawing pairs: which two images, and which object in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..geometry import Box
from .sources import ImageCache, Shot


@dataclass(frozen=True)
class View:
    """An image and the object in it.

    Attributes
    ----------
    image : Tensor
        (H, W, 3) uint8 RGB.
    box : Box
        In continuous pixels of `image`.
    """

    image: Tensor
    box: Box


@dataclass(frozen=True)
class Pair:
    """One object seen twice.

    Attributes
    ----------
    exemplar, search : View
    shot : int
        Number of the scene: pairs of one number may show the same object.
    kind : str
        Kind of the object.
    """

    exemplar: View
    search: View
    shot: int
    kind: str


def draw_box(image: Tensor, rng: np.random.Generator) -> Box:
    """Draw a box where there are no labels: the one with most structure of a few random ones.

    Two draws in three have a side of 0.12 to 0.5 of the image's short side, anywhere; the others
    are large and near the centre, where photographers put what they photograph.
    """
    height, width = image.shape[:2]
    short = min(height, width)
    best, most = None, -1.0
    for _ in range(4):
        aspect = np.exp(rng.uniform(-0.9, 0.9) / 2)
        if rng.random() < 1 / 3:
            side = short * rng.uniform(0.4, 0.8)
            cx, cy = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.4, 0.6)
        else:
            side = short * np.exp(rng.uniform(np.log(0.12), np.log(0.5)))
            cx, cy = width * rng.uniform(0.1, 0.9), height * rng.uniform(0.1, 0.9)
        box = Box(float(cx), float(cy), float(side * aspect), float(side / aspect)).clipped(
            width, height
        )
        if box is None:
            continue
        left, top, right, bottom = (int(v) for v in box.ltrb)
        patch = image[top : bottom + 1 : 2, left : right + 1 : 2].float().mean(dim=2)
        structure = float(patch.diff(dim=0).abs().sum() + patch.diff(dim=1).abs().sum()) / max(
            patch.numel(), 1
        )
        if structure > most:
            best, most = box, structure
    assert best is not None
    return best


class Pairs(Dataset[Pair]):
    """An endless, seeded sequence of pairs: the same index always gives the same pair.

    Parameters
    ----------
    shots : sequence of Shot
    seed : int
    max_gap : int
        Largest distance of the two images of a sequence, in frames.
    sequence_share : float
        Share of pairs drawn from sequences, where there are any; the rest are stills.
    """

    def __init__(
        self, shots: Sequence[Shot], seed: int, max_gap: int = 100, sequence_share: float = 0.5
    ) -> None:
        self.shots = list(shots)
        scenes = [shot.place for shot in self.shots]
        first = {scene: i for i, scene in reversed(list(enumerate(scenes)))}
        self._scenes = [first[scene] for scene in scenes]
        self.seed = seed
        self.max_gap = max_gap
        self.cache = ImageCache()
        self._stills = [i for i, s in enumerate(self.shots) if len(s.images) == 1]
        self._sequences = [i for i, s in enumerate(self.shots) if len(s.images) > 1]
        self._share = sequence_share if self._stills else 1.0

    def __getitem__(self, index: int) -> Pair:
        """Return pair number `index`."""
        rng = np.random.default_rng((self.seed, index))
        from_sequence = bool(self._sequences) and rng.random() < self._share
        pool = self._sequences if from_sequence else self._stills
        number = pool[int(rng.integers(len(pool)))]
        shot = self.shots[number]
        if len(shot.images) == 1:
            view = view_or_draw(self.cache, shot, 0, rng)
            return Pair(view, view, self._scenes[number], shot.kind)
        visible = shot.visible
        first = int(rng.integers(len(visible)))
        near = [i for i in visible if abs(i - visible[first]) <= self.max_gap]
        return Pair(
            view_of(self.cache, shot, visible[first]),
            view_of(self.cache, shot, near[int(rng.integers(len(near)))]),
            self._scenes[number],
            shot.kind,
        )


def view_of(cache: ImageCache, shot: Shot, index: int) -> View:
    """Return the view of a shot's object in one of the images that show it."""
    image, factor = cache.read(shot.images[index])
    box = shot.boxes[index]
    assert box is not None
    return View(image, box.scaled(factor))


def view_or_draw(cache: ImageCache, shot: Shot, index: int, rng: np.random.Generator) -> View:
    """Return the view of a shot's object; of a still without labels, a box that is drawn in it."""
    if shot.boxes[index] is not None:
        return view_of(cache, shot, index)
    image, _ = cache.read(shot.images[index])
    return View(image, draw_box(image, rng))


class Window(torch.utils.data.Sampler[int]):
    """What is left of a run: indices [start, stop), every `world`-th from `rank` on."""

    def __init__(self, start: int, stop: int, rank: int = 0, world: int = 1) -> None:
        self.indices = range(start + rank, stop, world)

    def __iter__(self):  # type: ignore[no-untyped-def]
        """Iterate over the indices."""
        return iter(self.indices)

    def __len__(self) -> int:
        """Return the number of indices."""
        return len(self.indices)
