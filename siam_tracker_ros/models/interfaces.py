# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What trackers ask of networks, whether torch runs them or another engine does.

The modules of this package are such networks, and so are those of `export.networks`, whose heavy
parts are graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from .classification import Head
from .proposing import Proposals

T = TypeVar('T')


class MatchingNetwork(Protocol):
    """See `Siamese`."""

    @property
    def stride(self) -> int:
        """Pixels of a crop between two cells."""

    def template(self, z: Tensor) -> Tensor:
        """See `Siamese.template`."""

    def search(self, template: Tensor, x: Tensor) -> Tensor:
        """See `Siamese.search`."""


class SemanticNetwork(Protocol):
    """See `Semantic`."""

    @property
    def surroundings(self) -> int:
        """See `Siamese`."""

    @property
    def layer_names(self) -> tuple[str, ...]:
        """See `Semantic`."""

    @property
    def bias(self) -> Tensor:
        """What is added to the sum of the layers' maps."""

    def template(self, z: Tensor) -> Tensor:
        """See `Semantic.template`."""

    def layer_maps(self, template: Tensor, x: Tensor) -> Tensor:
        """See `Semantic.layer_maps`."""


class TwofoldNetwork(Protocol):
    """See `SASiam`."""

    @property
    def appearance(self) -> MatchingNetwork:
        """The branch that is SiamFC's network."""

    @property
    def semantic(self) -> SemanticNetwork:
        """The branch of a classifier's features."""


class ProposingNetwork(Protocol):
    """See `ProposalNetwork`."""

    @property
    def stride(self) -> int:
        """Pixels of a crop between two cells."""

    def template(self, z: Tensor) -> tuple[Tensor, ...]:
        """See `ProposalNetwork.template`."""

    def propose(self, template: Sequence[Tensor], x: Tensor) -> Proposals:
        """See `ProposalNetwork.propose`."""


class PatchNetwork(Protocol):
    """See `ClassificationNetwork`."""

    @property
    def dimension(self) -> int:
        """Numbers of a patch's features, D."""

    @property
    def device(self) -> torch.device:
        """Where its layers are."""

    @property
    def dtype(self) -> torch.dtype:
        """Number format of its crops."""

    def maps(self, crops: Tensor) -> Tensor:
        """See `ClassificationNetwork.maps`."""

    def new_head(self, generator: torch.Generator) -> Head:
        """See `ClassificationNetwork.new_head`."""


class CascadedNetwork(Protocol):
    """See `CascadedSiamese`."""

    @property
    def matching(self) -> MatchingNetwork:
        """The subnetwork that finds candidates."""

    @property
    def classification(self) -> PatchNetwork:
        """The subnetwork that tells which of them is the target."""


def placed(network: T, device: torch.device, dtype: torch.dtype) -> T:
    """A network in evaluation mode, where it runs; what an engine runs is there already.

    Parameters
    ----------
    network : MatchingNetwork, SemanticNetwork, ProposingNetwork or PatchNetwork
        Changed in place where it is torch's.
    device : torch.device
    dtype : torch.dtype
        Number format of its layers.
    """
    if isinstance(network, nn.Module):
        network.eval().to(device=device, dtype=dtype)
        # Convolution and pooling of one image are quicker with the channels innermost.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
