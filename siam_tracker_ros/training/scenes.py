# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Making crops from pairs: shift, scale, rotation, foreign backgrounds, pasted objects.

Every crop is a stack of layers, each an affine window on some image with a soft mask around some
box, taken with the cropping that the tracker uses. Layers come from the other pairs of the batch,
so nothing more is decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, context_side
from ..settings import Settings, setting
from .pairs import Pair, View


@dataclass(frozen=True)
class SceneSettings(Settings):
    """How pairs become crops."""

    shift: float = setting(
        40.0, 'largest shift of the target in the search crop', unit='px', low=0.0, high=128.0
    )
    log_scale: float = setting(
        0.18, 'spread of the search scale (uniform in the logarithm)', low=0.0, high=1.0
    )
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


@dataclass(frozen=True)
class Batch:
    """Crops of N pairs.

    Attributes
    ----------
    exemplars : Tensor
        (N, 3, Z, Z) float32, RGB in [0, 255].
    searches : Tensor
        (N, 3, X, X) float32, RGB in [0, 255].
    centres : Tensor
        (N, 2) place of the target's centre, x and y, in pixels of the search crop from its middle.
    foreign : Tensor
        (N, N) bool: entry (i, j) is True where exemplar j is certainly absent from search crop i.
    """

    exemplars: Tensor
    searches: Tensor
    centres: Tensor
    foreign: Tensor


def place(
    box: Box, side: float, at: tuple[float, float], angle: float, log_aspect: float
) -> Tensor:
    """Affine window in which a box appears at a chosen place.

    Parameters
    ----------
    box : Box
        In image pixels.
    side : float
        Side of the window in image pixels.
    at : tuple of float
        Where the box's centre shall lie, in crop coordinates [-0.5, 0.5].
    angle : float
        Rotation, in radians.
    log_aspect : float
        Logarithm of the stretch of x against y.

    Returns
    -------
    Tensor
        (2, 3), see `Frame.sample`.
    """
    stretch = math.exp(log_aspect / 2)
    cos, sin = math.cos(angle) * side, math.sin(angle) * side
    linear = torch.tensor([[cos * stretch, -sin / stretch], [sin * stretch, cos / stretch]])
    centre = torch.tensor([box.cx, box.cy])
    return torch.cat([linear, (centre - linear @ torch.tensor(at)).unsqueeze(1)], dim=1)


def bounds(affine: Tensor) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of an affine window, in image pixels."""
    corners = torch.tensor(
        [[-0.5, -0.5, 1.0], [0.5, -0.5, 1.0], [-0.5, 0.5, 1.0], [0.5, 0.5, 1.0]]
    )
    points = corners @ affine.T
    low, high = points.amin(dim=0).tolist(), points.amax(dim=0).tolist()
    return low[0], low[1], high[0], high[1]


def soft_mask(
    affine: Tensor, box: Box, size: int, power: float, softness: float, device: torch.device
) -> Tensor:
    """Opacity of the box's object in a crop, (1, size, size): a superellipse, soft at its edge."""
    steps = (torch.arange(size, dtype=torch.float32, device=device) + 0.5) / size - 0.5
    a = affine.to(device)
    x = a[0, 0] * steps.view(1, -1) + a[0, 1] * steps.view(-1, 1) + (a[0, 2] - box.cx)
    y = a[1, 0] * steps.view(1, -1) + a[1, 1] * steps.view(-1, 1) + (a[1, 2] - box.cy)
    radius = ((x / (box.w / 2)).abs() ** power + (y / (box.h / 2)).abs() ** power) ** (1 / power)
    return torch.sigmoid((1.0 - radius) / softness).unsqueeze(0)


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
    """

    def __init__(
        self,
        settings: SceneSettings,
        exemplar_size: int,
        search_size: int,
        context: float,
        device: torch.device,
    ) -> None:
        self.settings = settings
        self.exemplar_size = exemplar_size
        self.search_size = search_size
        self.context = context
        self.device = device

    def make(self, pairs: Sequence[Pair], rng: np.random.Generator) -> Batch:
        """Crop all pairs.

        Parameters
        ----------
        pairs : sequence of Pair
        rng : numpy Generator
            Source of all randomness.
        """
        n = len(pairs)
        same = torch.tensor([[a.shot == b.shot for b in pairs] for a in pairs])
        exemplars, searches, centres = [], [], []
        for i, pair in enumerate(pairs):
            others = [j for j in range(n) if pairs[j].shot != pair.shot]
            exemplars.append(self._exemplar(pairs, i, others, rng))
            crop, centre, used = self._search(pairs, i, others, rng)
            searches.append(crop)
            centres.append(centre)
            # Pairs of one shot show one object: whoever lent a layer may be seen, and its kin.
            shown = {pairs[j].shot for j in used}
            same[i] |= torch.tensor([pair.shot in shown for pair in pairs])
        return Batch(
            torch.cat(exemplars),
            torch.cat(searches),
            torch.tensor(centres, device=self.device),
            ~same.to(self.device),
        )

    def _exemplar(
        self, pairs: Sequence[Pair], i: int, others: list[int], rng: np.random.Generator
    ) -> Tensor:
        s, size = self.settings, self.exemplar_size
        view = pairs[i].exemplar
        at = rng.uniform(-s.jitter, s.jitter, 2) / size
        side = context_side(view.box.w, view.box.h, self.context) * math.exp(
            rng.uniform(-0.05, 0.05)
        )
        affine = place(view.box, side, (float(at[0]), float(at[1])), 0.0, 0.0)
        crop = self._layer(view, affine, size)
        if others and rng.random() < s.foreign_exemplar:
            below, _ = self._background(pairs, others, size, rng)
            crop = self._over(crop, view, affine, below, rng)
        return crop

    def _search(
        self, pairs: Sequence[Pair], i: int, others: list[int], rng: np.random.Generator
    ) -> tuple[Tensor, list[float], list[int]]:
        s, size = self.settings, self.search_size
        view = pairs[i].search
        used: list[int] = []
        shift = rng.uniform(-s.shift, s.shift, 2)
        at = (float(shift[0] / size), float(shift[1] / size))
        affine = self._random_window(view.box, at, rng)
        crop = self._layer(view, affine, size)
        if others and rng.random() < s.foreign:
            below, j = self._background(pairs, others, size, rng)
            crop = self._over(crop, view, affine, below, rng)
            used.append(j)
        if others and rng.random() < s.distractors:
            alike = [j for j in others if pairs[j].kind == pairs[i].kind] or others
            j = int(rng.choice(alike))
            turn, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.28, 0.5)
            aside = (at[0] + reach * math.cos(turn), at[1] + reach * math.sin(turn))
            crop = self._paste(crop, pairs[j].search, aside, 0.0, rng)
            used.append(j)
        if others and rng.random() < s.occluders:
            j = int(rng.choice(others))
            turn, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.2)
            over = (at[0] + reach * math.cos(turn), at[1] + reach * math.sin(turn))
            crop = self._paste(crop, pairs[j].search, over, 0.5, rng)
            used.append(j)
        return crop, [float(shift[0]), float(shift[1])], used

    def _random_window(
        self, box: Box, at: tuple[float, float], rng: np.random.Generator, grow: float = 0.0
    ) -> Tensor:
        s = self.settings
        side = context_side(box.w, box.h, self.context) * self.search_size / self.exemplar_size
        side *= math.exp(rng.uniform(-s.log_scale, s.log_scale) + grow)
        angle = math.radians(rng.uniform(-s.rotation, s.rotation))
        return place(box, side, at, angle, rng.uniform(-s.log_aspect, s.log_aspect))

    def _layer(self, view: View, affine: Tensor, size: int) -> Tensor:
        frame = Frame(view.image.to(self.device))
        return frame.sample(affine.unsqueeze(0).to(self.device), size, None, bounds(affine))

    def _background(
        self, pairs: Sequence[Pair], others: list[int], size: int, rng: np.random.Generator
    ) -> tuple[Tensor, int]:
        """A crop of another pair's image, away from its edges where possible, and which pair."""
        j = int(rng.choice(others))
        image = pairs[j].search.image
        height, width = image.shape[:2]
        side = min(height, width) * rng.uniform(0.5, 1.0)
        cx = rng.uniform(side / 2, max(width - side / 2, side / 2))
        cy = rng.uniform(side / 2, max(height - side / 2, side / 2))
        box = Box(float(cx), float(cy), 1.0, 1.0)
        affine = place(box, side, (0.0, 0.0), 0.0, 0.0)
        return self._layer(View(image, box), affine, size), j

    def _over(
        self, crop: Tensor, view: View, affine: Tensor, below: Tensor, rng: np.random.Generator
    ) -> Tensor:
        mask = soft_mask(
            affine,
            view.box,
            crop.shape[-1],
            rng.uniform(2.0, 6.0),
            rng.uniform(0.02, 0.12),
            self.device,
        )
        return crop * mask + below * (1.0 - mask)

    def _paste(
        self,
        crop: Tensor,
        view: View,
        at: tuple[float, float],
        grow: float,
        rng: np.random.Generator,
    ) -> Tensor:
        """Lay another object over a crop; `grow` > 0 widens its window, so it looks smaller."""
        affine = self._random_window(view.box, at, rng, grow)
        return self._over(self._layer(view, affine, crop.shape[-1]), view, affine, crop, rng)
