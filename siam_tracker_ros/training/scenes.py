# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Making crops from pairs: shift, scale, rotation, foreign backgrounds, pasted objects.

Every random choice is made first and without pixels, as a plan of layers for each crop; `layers`
then renders all crops of the batch at once. Layers come from the other pairs of the batch, so
nothing more is decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..geometry import Box, context_side
from ..settings import Settings, setting
from .bending import bend
from .layers import Layer, Mask, Window, place, render, seen_size, upload
from .pairs import Pair, View


@dataclass(frozen=True)
class ShiftSettings(Settings):
    """Where and how large a target is in its search crop."""

    shift: float = setting(
        40.0, 'largest shift of the target in the search crop', unit='px', low=0.0, high=128.0
    )
    log_scale: float = setting(
        0.18, 'spread of the search scale (uniform in the logarithm)', low=0.0, high=1.0
    )


@dataclass(frozen=True)
class SceneSettings(ShiftSettings):
    """How pairs become crops."""

    log_aspect: float = setting(
        0.12, 'spread of the aspect ratio (uniform in the logarithm)', low=0.0, high=1.0
    )
    rotation: float = setting(12.0, 'largest rotation', unit='deg', low=0.0, high=180.0)
    jitter: float = setting(
        4.0, 'largest shift of the exemplar crop', unit='px', low=0.0, high=32.0
    )
    foreign: float = setting(
        0.5, 'share of search crops whose background is another image', low=0.0, high=1.0
    )
    foreign_exemplar: float = setting(
        0.15, 'share of exemplar crops whose background is another image', low=0.0, high=1.0
    )
    distractors: float = setting(
        0.5, 'share of search crops with another object pasted in', low=0.0, high=1.0
    )
    occluders: float = setting(
        0.3, 'share of search crops with the target partly covered', low=0.0, high=1.0
    )
    bend: float = setting(
        0.0,
        'largest spread of a smooth distortion of the search crop',
        unit='px',
        low=0.0,
        high=32.0,
    )


@dataclass(frozen=True)
class Batch:
    """Crops of N pairs.

    Attributes
    ----------
    exemplars : Tensor
        (N, 3, Z, Z) float32, RGB in [0, 255]; with their surroundings, where these are wanted.
    searches : Tensor
        (N, 3, X, X) float32, RGB in [0, 255].
    boxes : Tensor
        (N, 4) the target's box, (cx, cy, w, h), in pixels of the search crop from its middle.
    foreign : Tensor
        (N, N) bool: entry (i, j) is True where exemplar j is certainly absent from search crop i.
    """

    exemplars: Tensor
    searches: Tensor
    boxes: Tensor
    foreign: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """See `Crops.tensors`."""
        return self.exemplars, self.searches, self.boxes, self.foreign

    @property
    def centres(self) -> Tensor:
        """(N, 2) places of the targets' centres."""
        return self.boxes[:, :2]


@dataclass(frozen=True)
class _Plan:
    """All that is drawn for a batch, before any pixel is touched."""

    images: list[Tensor]
    exemplars: list[list[Layer]]
    searches: list[list[Layer]]
    boxes: list[list[float]]
    foreign: np.ndarray[Any, np.dtype[np.bool_]]


class Images:
    """The images that the layers of a batch show, each once."""

    def __init__(self) -> None:
        self.all: list[Tensor] = []
        self._numbers: dict[int, int] = {}

    def number(self, image: Tensor) -> int:
        """Which of them an image is; it becomes one of them."""
        # `all` keeps the image alive, so its id stays its own.
        number = self._numbers.setdefault(id(image), len(self.all))
        if number == len(self.all):
            self.all.append(image)
        return number


class SceneMaker:
    """Turns pairs into a `Batch`, on one device.

    Parameters
    ----------
    settings : SceneSettings
    exemplar_size, search_size : int
        Sides of the crops in pixels.
    context : float
        The tracker's context.
    device : torch.device
    surroundings : int
        Pixels that are seen beyond an exemplar, both sides together.
    """

    def __init__(
        self,
        settings: SceneSettings,
        exemplar_size: int,
        search_size: int,
        context: float,
        device: torch.device,
        surroundings: int = 0,
    ) -> None:
        self.settings = settings
        self.exemplar_size = exemplar_size
        self.search_size = search_size
        self.context = context
        self.device = device
        self.surroundings = surroundings

    def make(self, pairs: Sequence[Pair], rng: np.random.Generator) -> Batch:
        """Crop all pairs.

        Parameters
        ----------
        pairs : sequence of Pair
        rng : numpy Generator
            Source of all randomness.
        """
        plan = self._plan(pairs, rng)
        frames = upload(plan.images, [*plan.exemplars, *plan.searches], self.device)
        searches = render(frames, plan.searches, self.search_size)
        boxes = torch.tensor(plan.boxes, device=self.device)
        if self.settings.bend > 0:
            searches = bend(searches, boxes[:, :2], self.settings.bend, rng)
        return Batch(
            render(frames, plan.exemplars, self.exemplar_size + self.surroundings),
            searches,
            boxes,
            torch.from_numpy(plan.foreign).to(self.device, non_blocking=True),
        )

    def _plan(self, pairs: Sequence[Pair], rng: np.random.Generator) -> _Plan:
        images = Images()
        n = len(pairs)
        same = np.array([[a.shot == b.shot for b in pairs] for a in pairs])
        exemplars, searches, boxes = [], [], []
        for i, pair in enumerate(pairs):
            others = [j for j in range(n) if pairs[j].shot != pair.shot]
            exemplars.append(self._exemplar(pairs, i, others, images, rng))
            layers, box, used = self._search(pairs, i, others, images, rng)
            searches.append(layers)
            boxes.append(box)
            # Pairs of one shot show one object: whoever lent a layer may be seen, and its kin.
            shown = {pairs[j].shot for j in used}
            same[i] |= np.array([pair.shot in shown for pair in pairs])
        return _Plan(images.all, exemplars, searches, boxes, ~same)

    def _exemplar(
        self,
        pairs: Sequence[Pair],
        i: int,
        others: list[int],
        images: Images,
        rng: np.random.Generator,
    ) -> list[Layer]:
        s, size = self.settings, self.exemplar_size + self.surroundings
        view = pairs[i].exemplar
        at = rng.uniform(-s.jitter, s.jitter, 2) / size
        side = context_side(view.box.w, view.box.h, self.context) * math.exp(
            rng.uniform(-0.05, 0.05)
        )
        side *= size / self.exemplar_size
        window = place(view.box, side, (float(at[0]), float(at[1])), 0.0, 0.0)
        if others and rng.random() < s.foreign_exemplar:
            below, _ = self._background(pairs, others, images, rng)
            return [below, self._masked(view, window, images, rng)]
        return [Layer(images.number(view.image), window)]

    def _search(
        self,
        pairs: Sequence[Pair],
        i: int,
        others: list[int],
        images: Images,
        rng: np.random.Generator,
    ) -> tuple[list[Layer], list[float], list[int]]:
        s, size = self.settings, self.search_size
        view = pairs[i].search
        used: list[int] = []
        shift = rng.uniform(-s.shift, s.shift, 2)
        at = (float(shift[0] / size), float(shift[1] / size))
        window = self._random_window(view.box, at, rng)
        if others and rng.random() < s.foreign:
            below, j = self._background(pairs, others, images, rng)
            layers = [below, self._masked(view, window, images, rng)]
            used.append(j)
        else:
            layers = [Layer(images.number(view.image), window)]
        if others and rng.random() < s.distractors:
            alike = [j for j in others if pairs[j].kind == pairs[i].kind] or others
            j = int(rng.choice(alike))
            turn, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.28, 0.5)
            aside = (at[0] + reach * math.cos(turn), at[1] + reach * math.sin(turn))
            layers.append(self._pasted(pairs[j].search, aside, 0.0, images, rng))
            used.append(j)
        if others and rng.random() < s.occluders:
            j = int(rng.choice(others))
            turn, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.2)
            over = (at[0] + reach * math.cos(turn), at[1] + reach * math.sin(turn))
            layers.append(self._pasted(pairs[j].search, over, 0.5, images, rng))
            used.append(j)
        width, height = seen_size(view.box, window)
        return layers, [*shift.tolist(), width * size, height * size], used

    def _random_window(
        self, box: Box, at: tuple[float, float], rng: np.random.Generator, grow: float = 0.0
    ) -> Window:
        s = self.settings
        side = context_side(box.w, box.h, self.context) * self.search_size / self.exemplar_size
        side *= math.exp(rng.uniform(-s.log_scale, s.log_scale) + grow)
        angle = math.radians(rng.uniform(-s.rotation, s.rotation))
        return place(box, side, at, angle, rng.uniform(-s.log_aspect, s.log_aspect))

    def _background(
        self,
        pairs: Sequence[Pair],
        others: list[int],
        images: Images,
        rng: np.random.Generator,
    ) -> tuple[Layer, int]:
        """Another pair's image, away from its edges where possible, and which pair."""
        j = int(rng.choice(others))
        image = pairs[j].search.image
        height, width = image.shape[:2]
        side = min(height, width) * rng.uniform(0.5, 1.0)
        cx = rng.uniform(side / 2, max(width - side / 2, side / 2))
        cy = rng.uniform(side / 2, max(height - side / 2, side / 2))
        box = Box(float(cx), float(cy), 1.0, 1.0)
        return Layer(images.number(image), place(box, side, (0.0, 0.0), 0.0, 0.0)), j

    def _masked(
        self, view: View, window: Window, images: Images, rng: np.random.Generator
    ) -> Layer:
        mask = Mask(view.box, rng.uniform(2.0, 6.0), rng.uniform(0.02, 0.12))
        return Layer(images.number(view.image), window, mask)

    def _pasted(
        self,
        view: View,
        at: tuple[float, float],
        grow: float,
        images: Images,
        rng: np.random.Generator,
    ) -> Layer:
        """Another object to lay over; `grow` > 0 widens its window, so it looks smaller."""
        return self._masked(view, self._random_window(view.box, at, rng, grow), images, rng)
