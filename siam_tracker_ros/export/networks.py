# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks whose heavy parts are graphs: what `models.interfaces` asks for, by an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.classification import ClassificationNetwork, Head
from ..models.interfaces import MatchingNetwork, PatchNetwork, SemanticNetwork
from ..models.proposing import ProposalNetwork, Proposals
from ..models.rpn import ProposalMaps
from ..models.semantic import Semantic
from ..models.siamese import Siamese
from .graphs import graph_name

Run = Callable[..., tuple[Tensor, ...]]
"""A graph: its inputs in, its outputs out."""

Engine = Callable[[str], Run]
"""Gives the graph of a name."""


def _both(engine: Engine, part: str) -> tuple[Run, Run]:
    return engine(graph_name(part, 'template')), engine(graph_name(part, 'search'))


class MatchingGraphs:
    """A `Siamese` as graphs.

    Parameters
    ----------
    network : Siamese
        What they were made from.
    engine : callable
    part : str
        See `graphs.graph_name`.
    """

    def __init__(self, network: Siamese, engine: Engine, part: str) -> None:
        self.stride = network.stride
        self._template, self._search = _both(engine, part)

    def template(self, z: Tensor) -> Tensor:
        """See `Siamese.template`."""
        return self._template(z)[0]

    def search(self, template: Tensor, x: Tensor) -> Tensor:
        """See `Siamese.search`."""
        return self._search(template, x)[0]


class SemanticGraphs:
    """A `Semantic` as graphs; see `MatchingGraphs`."""

    def __init__(self, network: Semantic, engine: Engine, part: str) -> None:
        self.surroundings = network.surroundings
        self.layer_names = network.layer_names
        self.bias = network.bias.detach()
        self._template, self._search = _both(engine, part)

    def template(self, z: Tensor) -> Tensor:
        """See `Semantic.template`."""
        return self._template(z)[0]

    def layer_maps(self, template: Tensor, x: Tensor) -> Tensor:
        """See `Semantic.layer_maps`."""
        return self._search(template, x)[0]


class ProposalGraphs:
    """A `ProposalNetwork` as graphs; boxes are decoded in torch.

    Parameters
    ----------
    network : ProposalNetwork
        What they were made from.
    engine : callable
    part : str
        See `graphs.graph_name`.
    """

    def __init__(self, network: ProposalNetwork, engine: Engine, part: str) -> None:
        self.stride = network.stride
        self._network = network
        self._template, self._search = _both(engine, part)

    def template(self, z: Tensor) -> tuple[Tensor, ...]:
        """See `ProposalNetwork.template`."""
        return self._template(z)

    def propose(self, template: Sequence[Tensor], x: Tensor) -> Proposals:
        """See `ProposalNetwork.propose`."""
        found = self._search(*template, x)
        maps = [ProposalMaps(*pair) for pair in zip(found[::2], found[1::2])]
        return self._network.proposals(maps)


class PatchGraphs:
    """A `ClassificationNetwork` whose convolutions are a graph; what learns stays in torch.

    Parameters
    ----------
    network : ClassificationNetwork
        What it was made from, on the CPU, in float32.
    engine : callable
    part : str
        The graph's name.
    """

    def __init__(self, network: ClassificationNetwork, engine: Engine, part: str) -> None:
        self.dimension, self.device, self.dtype = network.dimension, network.device, network.dtype
        self._network = network
        self._maps = engine(part)

    def maps(self, crops: Tensor) -> Tensor:
        """See `ClassificationNetwork.maps`."""
        return self._maps(crops)[0]

    def new_head(self, generator: torch.Generator) -> Head:
        """See `ClassificationNetwork.new_head`."""
        return self._network.new_head(generator)


@dataclass(frozen=True)
class TwofoldGraphs:
    """A `SASiam` as graphs."""

    appearance: MatchingNetwork
    semantic: SemanticNetwork


@dataclass(frozen=True)
class CascadedGraphs:
    """A `CascadedSiamese` as graphs."""

    matching: MatchingNetwork
    classification: PatchNetwork
