# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a network learns: all of a training run that depends on the kind of the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from torch import Tensor, nn

from ..settings import Settings
from .material import B

N = TypeVar('N', bound=nn.Module)


class Objective(nn.Module, ABC, Generic[N, B]):
    """Crops in, loss out: one forward pass, as engines for several devices expect it.

    ``forward`` takes the ``tensors`` of a batch and returns its loss, and the parts of that.

    Attributes
    ----------
    columns : tuple of str
        Names of the parts of the loss and of the measures, in the order of ``metrics.csv``.
    headline : str
        The measure that is shown while a run goes on.
    network : Module
        What learns.
    rim : int
        What crops show more on each side than the usual ones, in pixels; the network's tracker is
        to show it the same.
    """

    columns: ClassVar[tuple[str, ...]]
    headline: ClassVar[str]
    network: N
    rim: int = 0
    forward: Callable[..., tuple[Tensor, dict[str, Tensor]]]

    @abstractmethod
    def measure(self, network: N, batches: Sequence[B]) -> dict[str, float]:
        """Judge a network of this kind by held-out batches."""

    @abstractmethod
    def rate(self, step: int) -> float:
        """Learning rate of a step."""

    def groups(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """Parameters, and the share of the rate with which they learn."""
        return [(self.network.parameters(), 1.0)]

    def prepare(self, step: int) -> bool:
        """Get the network ready for a step; returns whether other parameters learn from now on."""
        return False

    def check(self, scenes: Settings) -> None:
        """Refuse scenes that the network cannot learn from, before anything is made of them.

        Parameters
        ----------
        scenes : Settings
            How crops are made.

        Raises
        ------
        UserError
            They do not go together.
        """

    def facts(self) -> dict[str, object]:
        """What a resumed run must share with the one that was stopped, beside the settings."""
        return {}
