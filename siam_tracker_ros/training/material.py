# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a training run is shown: all of it that depends on what one example is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from ..settings import Settings
from .sources import Shot


class Crops(Protocol):
    """What an objective is given in one step."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Its parts, in the order of the objective's arguments."""


D = TypeVar('D')
B = TypeVar('B', bound=Crops)


class Material(ABC, Generic[D, B]):
    """Draws examples from shots, and makes batches of them.

    Attributes
    ----------
    scenes : Settings
        How crops are made; a resumed run must share them.
    fewest : int
        Shots that training needs.
    stills_only : bool
        Whether videos are of no use.
    """

    scenes: Settings
    fewest: ClassVar[int] = 1
    stills_only: ClassVar[bool] = False

    def usable(self, shots: Sequence[Shot]) -> list[Shot]:
        """Shots that anything can be drawn from.

        Raises
        ------
        UserError
            There are none.
        """
        return list(shots)

    @abstractmethod
    def draw(self, shots: Sequence[Shot], seed: int) -> Dataset[D]:
        """Return an endless, seeded sequence of examples of usable shots."""

    @abstractmethod
    def make(self, drawn: Sequence[D], rng: np.random.Generator) -> B:
        """Make a batch.

        Parameters
        ----------
        drawn : sequence
            Examples.
        rng : numpy Generator
            Source of all randomness.
        """

    @abstractmethod
    def varied(self, batch: B) -> B:
        """The same batch in other light, with the channels innermost; torch draws how."""
