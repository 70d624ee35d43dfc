# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which parts of a network become graphs.

The part for the template runs once for a target, the part for the search in every frame. Boxes are
decoded, and layers that learn are applied, in torch: that is little work, and it depends on
settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..models.cascaded import CascadedSiamese
from ..models.classification import PATCH_SIZE, STRIDE
from ..models.dsiam import DSiam
from ..models.proposing import ProposalNetwork
from ..models.sasiam import SASiam
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
    if isinstance(network, SASiam):
        return [
            *_siamese(network.appearance, exemplar, 'appearance_'),
            *_semantic(network, exemplar),
        ]
    if isinstance(network, CascadedSiamese):
        classification = Graph(
            'classification',
            network.classification.maps,
            {'patches': (PATCHES, 3, SIDE, SIDE)},
            ('maps',),
            STRIDE,
            PATCH_SIZE % STRIDE,
        )
        return [*_siamese(network.matching, exemplar, 'matching_'), classification]
    if isinstance(network, ProposalNetwork):
        return _proposing(network, exemplar)
    if isinstance(network, Siamese) and not isinstance(network, DSiam):
        return _siamese(network, exemplar)
    raise UserError(
        'dsiam cannot be exported: each frame transforms its features in ways that no graph has; '
        'use backend torch for it, or export siamfc, which has the same features'
    )


def _siamese(network: Siamese, exemplar: int, prefix: str = '') -> list[Graph]:
    return [
        _template(network.template, exemplar + network.surroundings, ('template',), prefix),
        Graph(
            f'{prefix}search',
            network.search,
            {
                'template': (TARGETS, *_kept(network.template, exemplar)),
                'crops': (TARGETS, SCALES, 3, SIDE, SIDE),
            },
            ('maps',),
        ),
    ]


def _semantic(network: SASiam, exemplar: int) -> list[Graph]:
    branch = network.semantic
    side = exemplar + branch.surroundings
    return [
        _template(branch.template, side, ('template',), 'semantic_'),
        Graph(
            'semantic_search',
            branch.layer_maps,
            {
                'template': (TARGETS, *_kept(branch.template, side)),
                'crops': (TARGETS, SCALES, 3, SIDE, SIDE),
            },
            ('layer_maps',),
        ),
    ]


def _proposing(network: ProposalNetwork, exemplar: int) -> list[Graph]:
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
        _template(network.template, exemplar, kernels),
        Graph(
            'search',
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
    prefix: str = '',
) -> Graph:
    return Graph(f'{prefix}template', call, {'crops': (TARGETS, 3, side, side)}, outputs)


def _kept(template: Callable[[Tensor], Tensor], side: int) -> Shape:
    """Shape of what is kept of a target, without the dimension of targets."""
    with torch.no_grad():
        return tuple(template(torch.zeros(1, 3, side, side)).shape[1:])
