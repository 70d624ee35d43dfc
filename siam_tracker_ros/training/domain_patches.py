# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is seen of a domain: patches of its object, and of what is around it (MDNet 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np
import torch
from torch import Tensor

from ..geometry import Box
from ..models.classification import BACKGROUND, FOREGROUND, PATCH_SIZE
from ..online.patches import patch_windows
from ..online.sampling import Draw, Spread, box_row, gaussian, sample, uniform, whole
from .domains import DomainSettings, Visit
from .layers import Layer, Mask, Window, bounds, place, render, upload
from .pairs import View

# Changes of the scale, in steps of 1.05 (MDNet code).
SCALE_STEPS = 5.0


@dataclass(frozen=True)
class Patches:
    """Patches of V visits.

    Attributes
    ----------
    images : Tensor
        (V * P, 3, 107, 107) float32, RGB in [0, 255], visit after visit.
    labels : Tensor
        (V, P) int64, `FOREGROUND` or `BACKGROUND`.
    views : Tensor
        (V, P) int64, which view of its visit a patch was taken from.
    domains : list of int
        V numbers.
    """

    images: Tensor
    labels: Tensor
    views: Tensor
    domains: list[int]


class PatchMaker:
    """Turns visits into `Patches`, on one device.

    Parameters
    ----------
    settings : DomainSettings
    device : torch.device
    """

    def __init__(self, settings: DomainSettings, device: torch.device) -> None:
        self.settings = settings
        self.device = device

    def make(self, visits: Sequence[Visit], rng: np.random.Generator) -> Patches:
        """Crop all visits.

        Parameters
        ----------
        visits : sequence of Visit
        rng : numpy Generator
            Source of every random choice.
        """
        images: list[Tensor] = []
        crops: list[list[Layer]] = []
        labels: list[list[int]] = []
        views: list[list[int]] = []
        for visit in visits:
            labels.append([])
            views.append([])
            laid = [bool(rng.random() < self.settings.foreign) for _ in visit.views]
            backdrop = len(images)
            if any(laid):
                images.append(visit.backdrop)
            lenders = range(len(images), len(images) + len(visit.others))
            images.extend(other.image for other in visit.others)
            for number, (view, foreign) in enumerate(zip(visit.views, laid)):
                pasted = [
                    self._pasted(view, other, image, rng)
                    for other, image in zip(visit.others, lenders)
                ]
                boxes, kinds = self._boxes(view, pasted, rng)
                below = (backdrop, visit.backdrop) if foreign else None
                crops.extend(self._layers(view, boxes, len(images), below, pasted, rng))
                images.append(view.image)
                labels[-1].extend(kinds)
                views[-1].extend([number] * len(kinds))
        return Patches(
            render(upload(images, crops, self.device), crops, PATCH_SIZE),
            torch.tensor(labels, device=self.device),
            torch.tensor(views, device=self.device),
            [visit.domain for visit in visits],
        )

    def _boxes(
        self, view: View, pasted: Sequence[_Pasted], rng: np.random.Generator
    ) -> tuple[Tensor, list[int]]:
        """Boxes of one view, (N, 4), and what each shows."""
        s = self.settings
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        target = box_row(view.box)
        size = (view.image.shape[1], view.image.shape[0])
        positives, negatives = s.positives // s.views, s.negatives // s.views
        near, background = gaussian(Spread(0.1, SCALE_STEPS)), (0.0, s.negative_overlap)
        shares = [(negatives // 3 + i) // len(pasted) for i in range(len(pasted))]
        rest = negatives - sum(shares)
        draws = [
            (near, positives, (s.positive_overlap, 1.0)),
            *(
                (_around(near, other.box), share, background)
                for other, share in zip(pasted, shares)
            ),
            (uniform(Spread(1.0, SCALE_STEPS)), (rest + 1) // 2, background),
            (whole(*size, SCALE_STEPS), rest // 2, background),
        ]
        boxes = [sample(d, target, n, bounds, size, generator) for d, n, bounds in draws if n]
        return torch.cat(boxes), [FOREGROUND] * positives + [BACKGROUND] * negatives

    def _layers(
        self,
        view: View,
        boxes: Tensor,
        image: int,
        below: tuple[int, Tensor] | None,
        pasted: Sequence[_Pasted],
        rng: np.random.Generator,
    ) -> list[list[Layer]]:
        """The crops of one view's boxes, which all see one rotated and stretched scene.

        `image` is the number of the view's image; `below` number and pixels of the one that the
        object is laid on, if any; `pasted` lies on top.
        """
        s = self.settings
        centre = (view.box.cx, view.box.cy)
        angle = math.radians(rng.uniform(-s.rotation, s.rotation))
        turn = place(
            Box(0.0, 0.0, 1.0, 1.0), 1.0, (0.0, 0.0), angle, rng.uniform(-1, 1) * s.log_stretch
        )
        # About the object's centre, so that its box stays its box.
        upright = list(patch_windows(boxes).double().numpy())
        windows = [_moved(window, turn[:, :2], centre, centre) for window in upright]
        above = [
            [other.layer(window) for other in pasted if other.reaches(window)]
            for window in upright
        ]
        if below is None:
            return [[Layer(image, window), *top] for window, top in zip(windows, above)]
        backdrop, pixels = below
        height, width = pixels.shape[:2]
        # Small on it, so that its surroundings are seen, too.
        zoom = min(height, width) * rng.uniform(0.08, 0.3) / math.sqrt(view.box.area)
        spot = (rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height)
        mask = Mask(view.box, rng.uniform(2.0, 6.0), rng.uniform(0.02, 0.12))
        return [
            [
                Layer(backdrop, _moved(window, zoom * np.eye(2), centre, spot)),
                Layer(image, window, mask),
                *top,
            ]
            for window, top in zip(windows, above)
        ]

    def _pasted(
        self, view: View, other: View, image: int, rng: np.random.Generator
    ) -> _Pasted:
        """Another object beside a view's, of about its size; `image` is its image's number."""
        box, theirs = view.box, other.box
        zoom = math.sqrt(theirs.area / box.area) * math.exp(rng.uniform(-0.3, 0.3))
        angle, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.9, 1.6)
        height, width = view.image.shape[:2]
        spot = (
            min(max(box.cx + reach * math.cos(angle) * box.w, 0.0), width),
            min(max(box.cy + reach * math.sin(angle) * box.h, 0.0), height),
        )
        turn = math.radians(rng.uniform(-self.settings.rotation, self.settings.rotation))
        linear = place(Box(0.0, 0.0, 1.0, 1.0), zoom, (0.0, 0.0), turn, 0.0)[:, :2]
        mask = Mask(theirs, rng.uniform(2.0, 6.0), rng.uniform(0.02, 0.12))
        return _Pasted(
            Box(*spot, theirs.w / zoom, theirs.h / zoom),
            image,
            linear,
            (theirs.cx, theirs.cy),
            mask,
        )


@dataclass(frozen=True)
class _Pasted:
    """An object that is laid over a view.

    Attributes
    ----------
    box : Box
        Where it lies in the view.
    image : int
        Number of its own image.
    linear : ndarray
        (2, 2) from the view's pixels to its image's.
    centre : tuple of float
        In its image.
    mask : Mask
    """

    box: Box
    image: int
    linear: Window
    centre: tuple[float, float]
    mask: Mask

    def reaches(self, window: Window) -> bool:
        """Whether a window on the view may show any of it; its edge fades outside its box."""
        left, top, right, bottom = bounds(window)
        seen = Box.from_ltwh(left, top, right - left, bottom - top)
        reach = 2.0 * max(self.box.w, self.box.h)
        return seen.intersection(Box(self.box.cx, self.box.cy, reach, reach)) > 0

    def layer(self, window: Window) -> Layer:
        """What a window on the view shows of it."""
        spot = (self.box.cx, self.box.cy)
        return Layer(self.image, _moved(window, self.linear, spot, self.centre), self.mask)


def _around(draw: Draw, box: Box) -> Draw:
    """Draw around a box that is not the target's."""
    row = box_row(box)
    return lambda target, count, generator: draw(row, count, generator)


def _moved(
    window: Window, linear: Window, origin: tuple[float, float], image: tuple[float, float]
) -> Window:
    """A window seen through ``p -> linear (p - origin) + image``."""
    shifted = linear @ (window[:, 2] - origin) + image
    return np.column_stack([linear @ window[:, :2], shifted])
