# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The graphs of a network, or of a part of one.

The part for the template runs once for a target, the part for the search in every frame. Boxes are
decoded, and layers that learn are applied, in torch: that is little work, and it depends on
settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.classification import PATCH_SIZE, STRIDE, ClassificationNetwork
from ..models.proposing import ProposalNetwork
from ..models.semantic import Semantic
from ..models.siamese import Siamese

TARGETS, SCALES, PATCHES, SIDE = 'targets', 'scales', 'patches', 'side'
"""Free dimensions: targets of a step, crops of each of them, patches, and a crop's side."""

EXAMPLE_TARGETS, EXAMPLE_SCALES, EXAMPLE_STEPS = 2, 3, 24
"""Sizes that a graph is traced with."""

Shape = tuple[int | str, ...]
"""Of an input: numbers, and the names of free dimensions."""


@dataclass(frozen=True)
class Graph:
    """A part of a network that is a graph of its own.

    Attributes
    ----------
    name : str
        Its file's, without the ending.
    call : callable
        What it computes of its inputs: one tensor or a tuple of them.
    inputs : mapping of str to tuple
        Their shapes, in the order of the call.
    outputs : tuple of str
        Names of the results.
    step, rest : int
        A free side is a multiple of `step` and `rest` more, so that cells are left over at no end.
    """

    name: str
    call: Callable[..., Tensor | tuple[Tensor, ...]]
    inputs: Mapping[str, Shape]
    outputs: tuple[str, ...]
    step: int = 8
    rest: int = 7

    def example(self) -> tuple[Tensor, ...]:
        """Inputs that it is traced with."""
        sizes = {
            TARGETS: EXAMPLE_TARGETS,
            PATCHES: EXAMPLE_TARGETS,
            SCALES: EXAMPLE_SCALES,
            SIDE: self.step * EXAMPLE_STEPS + self.rest,
        }
        return tuple(
            torch.zeros([sizes[n] if isinstance(n, str) else n for n in shape])
            for shape in self.inputs.values()
        )


def graph_name(part: str, word: str) -> str:
    """Name of a graph of a part; a network that is not made of parts has an empty one."""
    return f'{part}_{word}' if part else word


def matching(network: Siamese, exemplar: int, part: str) -> list[Graph]:
    """List the graphs of a matching network; see `kinds.Kind`."""
    return [
        _template(network.template, exemplar + network.surroundings, ('template',), part),
        Graph(
            graph_name(part, 'search'),
            network.search,
            {
                'template': (TARGETS, *_kept(network.template, exemplar)),
                'crops': (TARGETS, SCALES, 3, SIDE, SIDE),
            },
            ('maps',),
        ),
    ]


def semantic(network: Semantic, exemplar: int, part: str) -> list[Graph]:
    """List the graphs of a semantic branch."""
    side = exemplar + network.surroundings
    return [
        _template(network.template, side, ('template',), part),
        Graph(
            graph_name(part, 'search'),
            network.layer_maps,
            {
                'template': (TARGETS, *_kept(network.template, side)),
                'crops': (TARGETS, SCALES, 3, SIDE, SIDE),
            },
            ('layer_maps',),
        ),
    ]


def patches(network: ClassificationNetwork, exemplar: int, part: str) -> list[Graph]:
    """List the graph of a classifier of patches, which has the part's name."""
    inputs: Mapping[str, Shape] = {'patches': (PATCHES, 3, SIDE, SIDE)}
    return [Graph(part, network.maps, inputs, ('maps',), STRIDE, PATCH_SIZE % STRIDE)]


def proposing(network: ProposalNetwork, exemplar: int, part: str) -> list[Graph]:
    """List the graphs of a proposal network."""
    with torch.no_grad():
        template = network.template(torch.zeros(1, 3, exemplar, exemplar))
        crop = torch.zeros(1, 3, exemplar + 64, exemplar + 64)
        stages = len(network.maps(template, crop))
    kernels = tuple(f'template_{k}' for k in range(len(template)))

    def maps(*inputs: Tensor) -> tuple[Tensor, ...]:
        *template, crops = inputs
        found = network.maps(template, crops)
        return tuple(tensor for stage in found for tensor in (stage.classes, stage.deltas))

    return [
        _template(network.template, exemplar, kernels, part),
        Graph(
            graph_name(part, 'search'),
            maps,
            {
                **{name: (TARGETS, *kernel.shape[1:]) for name, kernel in zip(kernels, template)},
                'crops': (TARGETS, 3, SIDE, SIDE),
            },
            tuple(f'{word}_{k}' for k in range(stages) for word in ('classes', 'deltas')),
        ),
    ]


def _template(
    call: Callable[..., Tensor | tuple[Tensor, ...]],
    side: int,
    outputs: tuple[str, ...],
    part: str,
) -> Graph:
    crops: Mapping[str, Shape] = {'crops': (TARGETS, 3, side, side)}
    return Graph(graph_name(part, 'template'), call, crops, outputs)


def _kept(template: Callable[[Tensor], Tensor], side: int) -> Shape:
    """Shape of what is kept of a target, without the dimension of targets."""
    with torch.no_grad():
        return tuple(template(torch.zeros(1, 3, side, side)).shape[1:])
