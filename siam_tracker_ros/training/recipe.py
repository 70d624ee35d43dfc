# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a recipe is: all that `siam-tracker train` must know of something to train it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from ..errors import UserError
from ..models.siamese import Siamese
from ..settings import Scalar, Settings
from .fit import FitSettings
from .material import Material
from .objective import Objective
from .pair_material import PairMaterial
from .pairs import Pairs
from .response_objective import ResponseSettings
from .sources import Shot

LIGHT = 'light'


@dataclass(frozen=True)
class Recipe:
    """What is trained under a name.

    Attributes
    ----------
    summary : str
        What it is, for the command line's help.
    network : callable
        Makes the network.
    light : mapping
        Its arguments where training begins anew: what CPU cores can train in an hour and run at
        camera rate.
    learning, scenes : type
        Its settings tables.
    objective : callable
        Makes what it learns, from network, settings, the teacher, if there is one, and the
        tracker's settings of the weights that training begins from.
    material : callable
        Makes what it learns from, of both settings, the tracker's context and size of the
        exemplar, and the device.
    calibrate : callable, optional
        Fits its score after training, from network, held-out pairs, their number and a seed.
    others : mapping
        Arguments of other networks where training begins anew, by the words for them.
    variants : mapping
        Arguments by which networks differ from the light one, to measure what a part of it is
        worth, by the words for them. Of arguments that are mappings only what they name differs.
    extensions : mapping
        Arguments by which networks go beyond the light one, or beyond one that is trained, all of
        which they keep; by the words for them.
    frozen : bool
        Whether its backbone never learns here, and has to be given.
    told : callable
        Arguments of its network that the shots tell.
    """

    summary: str
    network: Callable[..., nn.Module]
    light: Mapping[str, Any]
    learning: type[FitSettings]
    scenes: type[Settings]
    objective: Callable[[Any, Any, Siamese | None, Mapping[str, Scalar]], Objective[Any, Any]]
    material: Callable[[Any, Any, float, int, torch.device], Material[Any, Any]] = PairMaterial
    calibrate: Callable[[Any, Pairs, int, int], dict[str, float]] | None = None
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    frozen: bool = False
    told: Callable[[Sequence[Shot]], Mapping[str, Any]] = lambda shots: {}

    @property
    def networks(self) -> list[str]:
        """Words for its networks."""
        return [LIGHT, *self.others, *self.variants, *self.extensions]

    @property
    def teachable(self) -> bool:
        """Whether it makes one response map, which a teacher may show and can be followed.

        A branch that sees more of an exemplar does not: teachers and followers are given less.
        """
        pairs = self.material is PairMaterial
        return pairs and issubclass(self.learning, ResponseSettings)

    def arguments(self, word: str) -> Mapping[str, Any]:
        """Arguments of the network that a word names.

        Raises
        ------
        UserError
            It names none of this recipe's.
        """
        if word not in self.networks:
            raise UserError(
                f'network is {word}: expected one of those of {self.summary}, '
                f'{", ".join(self.networks)}'
            )
        if word in self.others:
            return self.others[word]
        differing = {**self.variants, **self.extensions}.get(word, {})
        return {
            **self.light,
            **{
                name: {**self.light[name], **value} if isinstance(value, Mapping) else value
                for name, value in differing.items()
            },
        }
