# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training on labelled stills: the class of an image is the name of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import UserError
from ..geometry import Box
from ..settings import Settings, setting
from .augment import lit
from .fit import FitSettings
from .layers import Layer, Window, place, render, upload
from .material import Material
from .scenes import Images
from .sources import ImageCache, Shot


@dataclass(frozen=True)
class ClassScenes(Settings):
    """How an image becomes a crop."""

    least: float = setting(
        0.5, "smallest side of a crop, as a share of the image's longer side", low=0.05, high=1.0
    )
    most: float = setting(
        1.1, "largest side of a crop, as a share of the image's longer side", low=0.05, high=4.0
    )
    log_aspect: float = setting(
        0.25, 'spread of the aspect ratio (uniform in the logarithm)', low=0.0, high=1.0
    )
    rotation: float = setting(15.0, 'largest rotation', unit='deg', low=0.0, high=180.0)
    grey: float = setting(0.15, 'share of the images without colours', low=0.0, high=1.0)

    def check_together(self) -> None:
        """Refuse sizes that cross."""
        if self.least > self.most:
            raise UserError(f'least is {self.least}: expected at most most ({self.most})')


@dataclass(frozen=True)
class Labelled:
    """An image of a class.

    Attributes
    ----------
    image : Tensor
        (H, W, 3) uint8 RGB.
    label : int
        Number of the class.
    """

    image: Tensor
    label: int


@dataclass(frozen=True)
class ClassBatch:
    """Crops of N images.

    Attributes
    ----------
    images : Tensor
        (N, 3, S, S) float32, RGB in [0, 255].
    labels : Tensor
        (N,) int64.
    """

    images: Tensor
    labels: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """See `Crops.tensors`."""
        return self.images, self.labels


def classes_of(shots: Sequence[Shot]) -> list[str]:
    """Names of the classes of labelled stills, in the order of their numbers.

    Raises
    ------
    UserError
        There are fewer than two.
    """
    classes = sorted({shot.kind for shot in shots if len(shot.images) == 1})
    if len(classes) < 2:
        raise UserError(
            f'the stills are of {len(classes)} class(es): expected at least 2, each in a folder '
            'of its own, which names it'
        )
    return classes


class LabelledImages(Dataset[Labelled]):
    """An endless, seeded sequence of labelled stills: the same index always gives the same one.

    All are seen before any of them is seen again, in an order drawn anew each time.

    Parameters
    ----------
    shots : sequence of Shot
        Stills.
    classes : sequence of str
    seed : int
    """

    def __init__(self, shots: Sequence[Shot], classes: Sequence[str], seed: int) -> None:
        self.shots = list(shots)
        self.seed = seed
        self.cache = ImageCache()
        self._numbers = {name: number for number, name in enumerate(classes)}

    def __getitem__(self, index: int) -> Labelled:
        """Return image number `index`."""
        epoch, position = divmod(index, len(self.shots))
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.shots))
        shot = self.shots[order[position]]
        return Labelled(self.cache.read(shot.images[0])[0], self._numbers[shot.kind])


class ClassMaterial(Material[Labelled, ClassBatch]):
    """Labelled stills, and crops of most of each of them.

    Parameters
    ----------
    settings : FitSettings
    scenes : ClassScenes
    context, exemplar_size : float, int
        The tracker's own; images have no exemplar.
    device : torch.device
    """

    stills_only = True
    scenes: ClassScenes

    def __init__(
        self,
        settings: FitSettings,
        scenes: ClassScenes,
        context: float,
        exemplar_size: int,
        device: torch.device,
    ) -> None:
        self.size = settings.search_size
        self.scenes = scenes
        self.device = device
        self.classes: list[str] = []

    def usable(self, shots: Sequence[Shot]) -> list[Shot]:
        """See `Material.usable`: the stills; their classes are those of all that follows."""
        self.classes = classes_of(shots)
        return [shot for shot in shots if len(shot.images) == 1]

    def draw(self, shots: Sequence[Shot], seed: int) -> LabelledImages:
        """See `Material.draw`."""
        return LabelledImages(shots, self.classes, seed)

    def make(self, drawn: Sequence[Labelled], rng: np.random.Generator) -> ClassBatch:
        """See `Material.make`."""
        images = Images()
        layers = [
            [Layer(images.number(one.image), self._window(one.image, rng))] for one in drawn
        ]
        frames = upload(images.all, layers, self.device)
        labels = torch.tensor([one.label for one in drawn], device=self.device)
        return ClassBatch(render(frames, layers, self.size), labels)

    def _window(self, image: Tensor, rng: np.random.Generator) -> Window:
        """Where a crop is taken: anywhere in the image, mirrored or not."""
        s = self.scenes
        height, width = image.shape[:2]
        side = max(height, width) * math.exp(rng.uniform(math.log(s.least), math.log(s.most)))
        cx, cy = (
            rng.uniform(min(side, length) / 2, max(length - side / 2, length / 2))
            for length in (width, height)
        )
        angle = math.radians(rng.uniform(-s.rotation, s.rotation))
        aspect = rng.uniform(-s.log_aspect, s.log_aspect)
        window = place(Box(cx, cy, 1.0, 1.0), side, (0.0, 0.0), angle, aspect)
        return window * (rng.choice([-1.0, 1.0]), 1.0, 1.0)

    def varied(self, batch: ClassBatch) -> ClassBatch:
        """See `Material.varied`: each image in its own light, some without colours."""
        images = lit(batch.images, torch.arange(len(batch.images), device=self.device))
        grey = (torch.rand(len(images)) < self.scenes.grey).to(self.device)
        mean = images.mean(dim=1, keepdim=True)
        images = torch.where(grey[:, None, None, None], mean, images)
        return replace(batch, images=images.contiguous(memory_format=torch.channels_last))
