# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training on pairs: one object seen twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from ..models.semantic import Semantic
from ..settings import setting
from .augment import photometric
from .fit import FitSettings
from .material import Material
from .pairs import Pair, Pairs
from .scenes import Batch, SceneMaker, SceneSettings
from .sources import Shot


@dataclass(frozen=True)
class PairSettings(FitSettings):
    """How long and how fast a network learns, and from which pairs."""

    sequence_share: float = setting(
        0.5, 'share of pairs from sequences, where there are any', low=0.0, high=1.0
    )
    max_gap: int = setting(
        100, 'largest distance of the images of a pair', unit='frames', low=1, source='SiamFC 3'
    )


class PairMaterial(Material[Pair, Batch]):
    """Pairs, and crops that `SceneMaker` makes of them.

    Parameters
    ----------
    settings : PairSettings
    scenes : SceneSettings
    context, exemplar_size : float, int
        The tracker's own.
    device : torch.device

    Attributes
    ----------
    surroundings : int
        Pixels that are seen beyond an exemplar, both sides together.
    """

    # Each gives the others their backgrounds.
    fewest = 2
    surroundings: ClassVar[int] = 0

    def __init__(
        self,
        settings: PairSettings,
        scenes: SceneSettings,
        context: float,
        exemplar_size: int,
        device: torch.device,
    ) -> None:
        self.settings = settings
        self.scenes = scenes
        self.maker = SceneMaker(
            scenes, exemplar_size, settings.search_size, context, device, self.surroundings
        )
        self.augment = photometric()

    def draw(self, shots: Sequence[Shot], seed: int) -> Pairs:
        """See `Material.draw`."""
        return Pairs(shots, seed, self.settings.max_gap, self.settings.sequence_share)

    def make(self, drawn: Sequence[Pair], rng: np.random.Generator) -> Batch:
        """See `Material.make`."""
        return self.maker.make(drawn, rng)

    def varied(self, batch: Batch) -> Batch:
        """See `Material.varied`; exemplars and search crops change each in its own way."""
        exemplars, searches = (
            self.augment(crop).contiguous(memory_format=torch.channels_last)
            for crop in (batch.exemplars, batch.searches)
        )
        return replace(batch, exemplars=exemplars, searches=searches)


class SurroundedMaterial(PairMaterial):
    """Pairs whose exemplars are seen with what surrounds them (SA-Siam, section 3.1: z^s)."""

    surroundings = Semantic.surroundings
