# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which networks become graphs: for each kind, the graphs it is made of and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ..errors import UserError
from ..models.cascaded import CascadedSiamese
from ..models.dsiam import DSiam
from ..models.proposing import ProposalNetwork
from ..models.sasiam import SASiam
from ..models.siamese import Siamese
from .folder import Folder
from .graphs import Graph, matching, patches, proposing, semantic
from .networks import (
    CascadedGraphs,
    Engine,
    MatchingGraphs,
    PatchGraphs,
    ProposalGraphs,
    Run,
    SemanticGraphs,
    TwofoldGraphs,
)
from .session import Session


@dataclass(frozen=True)
class Kind:
    """A kind of network, or of a part of one.

    Attributes
    ----------
    graphs : callable
        Lists its graphs for a network, the side of the exemplar's crop in pixels, and the part's
        name, which is empty for a whole network.
    runs : callable
        Makes what runs them for a network, an engine and that name.
    """

    graphs: Callable[[Any, int, str], list[Graph]]
    runs: Callable[[Any, Engine, str], object]


def _together(parts: Mapping[str, Kind], whole: Callable[..., object]) -> Kind:
    """A network of parts, which have the names of its attributes; `whole` takes what runs them."""

    def graphs(network: nn.Module, exemplar: int, _: str) -> list[Graph]:
        return [
            graph
            for name, kind in parts.items()
            for graph in kind.graphs(getattr(network, name), exemplar, name)
        ]

    def runs(network: nn.Module, engine: Engine, _: str) -> object:
        return whole(
            **{
                name: kind.runs(getattr(network, name), engine, name)
                for name, kind in parts.items()
            }
        )

    return Kind(graphs, runs)


MATCHING = Kind(matching, MatchingGraphs)
KINDS: Mapping[type[nn.Module], Kind] = {
    Siamese: MATCHING,
    ProposalNetwork: Kind(proposing, ProposalGraphs),
    CascadedSiamese: _together(
        {'matching': MATCHING, 'classification': Kind(patches, PatchGraphs)}, CascadedGraphs
    ),
    SASiam: _together(
        {'appearance': MATCHING, 'semantic': Kind(semantic, SemanticGraphs)}, TwofoldGraphs
    ),
}


def kind_of(network: nn.Module) -> Kind:
    """Return the kind of a registered tracker's network.

    Raises
    ------
    UserError
        It has no graphs.
    """
    if isinstance(network, DSiam):
        raise UserError(
            'dsiam cannot be exported: each frame transforms its features in ways that no graph '
            'has; use backend torch for it, or export siamfc, which has the same features'
        )
    return next(kind for base, kind in KINDS.items() if isinstance(network, base))


def graphs_of(network: nn.Module, exemplar: int) -> list[Graph]:
    """List the graphs of a network.

    Parameters
    ----------
    network : Module
        Of a registered tracker, in evaluation mode, on the CPU, in float32.
    exemplar : int
        Side of the exemplar's crop in pixels, which its graph is made for.

    Raises
    ------
    UserError
        There are none for this network, or none for this exemplar.
    """
    if exemplar % 8 != 7:
        raise UserError(
            f'exemplar_size is {exemplar}: a graph wants crops of a multiple of 8 and 7 px more, '
            'as 127; use backend torch for others'
        )
    return kind_of(network).graphs(network, exemplar, '')


def running(network: nn.Module, folder: Folder) -> object:
    """A network whose graphs ONNX Runtime runs.

    Parameters
    ----------
    network : Module
        What they were made from.
    folder : Folder

    Returns
    -------
    object
        What `models.interfaces` asks of its kind.

    Raises
    ------
    UserError
        There are none for this network, ONNX Runtime is missing, or it refuses a graph.
    """

    def engine(name: str) -> Run:
        return Session(folder, name)

    return kind_of(network).runs(network, engine, '')
