# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Siamese region proposal blocks, and the weighted sum of several (SiamRPN++, 3.3 and 3.4).

A block has a side for the template and one for the search features, whose layers are not shared:
classes and deltas need an asymmetrical comparison (section 3.4). What the template's side makes is
the kernel of a correlation. It is computed once for a target, and then meets every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor, nn

from .correlation import depthwise_correlation, up_channel_correlation

BACKGROUND, TARGET = 0, 1
"""Classes of an anchor."""

CLASSES, DELTAS = 2, 4
"""Numbers that are predicted for an anchor: its logits, and its deltas."""

Kernels = tuple[Tensor, Tensor]
"""What a template is to a block: the kernels for classes and for deltas, (N, ...) each."""


@dataclass(frozen=True)
class ProposalMaps:
    """What is predicted for k anchors at each of M x M cells.

    Attributes
    ----------
    classes : Tensor
        (N, 2, k, M, M) logits, S of Eq. 2: background, target.
    deltas : Tensor
        (N, 4, k, M, M), B of Eq. 2: see `anchors.decode`.
    """

    classes: Tensor
    deltas: Tensor

    @classmethod
    def from_channels(cls, classes: Tensor, deltas: Tensor) -> ProposalMaps:
        """Part the channels (N, 2 k, M, M) and (N, 4 k, M, M): the anchor changes fastest."""
        n, _, rows, columns = classes.shape
        return cls(
            classes.reshape(n, CLASSES, -1, rows, columns),
            deltas.reshape(n, DELTAS, -1, rows, columns),
        )

    @property
    def logits(self) -> Tensor:
        """(N, k, M, M) logit of target against background, in float32.

        The sigmoid of it is what a softmax makes of the two logits.
        """
        classes = self.classes.float()
        return classes[:, TARGET] - classes[:, BACKGROUND]


def _adapted(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


class DepthwiseBranch(nn.Module):
    """DW-XCorr for classes or for deltas (section 3.4, Fig. 4c).

    Parameters
    ----------
    channels : int
        Channels of the features, and of all layers but the last.
    outputs : int
        Channels of the map.
    """

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.template = _adapted(channels)
        self.search = _adapted(channels)
        self.fuse = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, outputs, 1),
        )

    def forward(self, kernel: Tensor, x: Tensor) -> Tensor:
        """(N, C, h - 2, w - 2) of `template`, (N, C, H, W) features -> (N, outputs, M, M)."""
        out: Tensor = self.fuse(depthwise_correlation(kernel, self.search(x)))
        return out


class UpChannelBranch(nn.Module):
    """UP-XCorr for classes or for deltas (section 3.4, Fig. 4b).

    The sum over all products of a kernel is divided by the root of their number, which the papers
    do not do: there are thousands, and as many gradients, with which a network that is not trained
    has logits in the hundreds and learns only by tiny steps. SiamFC's code divides by a thousand.

    Parameters
    ----------
    channels : int
        Channels of the features.
    outputs : int
        Channels of the map: the template becomes as many kernels, by one heavy convolution.
    """

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.Conv2d(channels, channels * outputs, 3)
        self.search = nn.Conv2d(channels, channels, 3)

    def template(self, z: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, outputs, C, h - 2, w - 2)."""
        raised: Tensor = self.up(z)
        kernels = raised.reshape(z.shape[0], -1, z.shape[1], *raised.shape[2:])
        # Once for a target, and before the sum, which float16 may not hold.
        return kernels / math.sqrt(kernels[0, 0].numel())

    def forward(self, kernels: Tensor, x: Tensor) -> Tensor:
        """Kernels of `template`, (N, C, H, W) features -> (N, outputs, M, M)."""
        return up_channel_correlation(kernels, self.search(x))


class RPN(nn.Module):
    """One Siamese region proposal block, P in the paper (section 3.2, Fig. 3).

    Parameters
    ----------
    classes, deltas : DepthwiseBranch or UpChannelBranch
        One for each, because their comparisons differ.
    """

    def __init__(
        self,
        classes: DepthwiseBranch | UpChannelBranch,
        deltas: DepthwiseBranch | UpChannelBranch,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.deltas = deltas
        self.adjust: nn.Module = nn.Identity()

    def template(self, z: Tensor) -> Kernels:
        """Kernels of template features: (N, C, h, w) -> (N, ...) each."""
        return self.classes.template(z), self.deltas.template(z)

    def search(self, kernels: Kernels, x: Tensor) -> ProposalMaps:
        """Predictions from each target's kernels and its own search features, (N, C, H, W)."""
        classes, deltas = kernels
        return ProposalMaps.from_channels(
            self.classes(classes, x), self.adjust(self.deltas(deltas, x))
        )


class DepthwiseRPN(RPN):
    """The block of SiamRPN++: template and search features are correlated channel by channel.

    Its kernels are (N, C, h - 2, w - 2).

    Parameters
    ----------
    channels : int
        Channels of the features, C.
    anchors : int
        Anchors of a cell, k.
    """

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__(
            DepthwiseBranch(channels, CLASSES * anchors),
            DepthwiseBranch(channels, DELTAS * anchors),
        )


class UpChannelRPN(RPN):
    """The block of SiamRPN, which C-RPN keeps: a kernel of all channels for every output.

    Its kernels are (N, 2 k, C, h - 2, w - 2) and (N, 4 k, C, h - 2, w - 2).

    Parameters
    ----------
    channels : int
        Channels of the features, C.
    anchors : int
        Anchors of a cell, k.
    """

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__(
            UpChannelBranch(channels, CLASSES * anchors),
            UpChannelBranch(channels, DELTAS * anchors),
        )
        # In published code, not in SiamRPN's paper: a correlation's sums need not be deltas.
        self.adjust = nn.Conv2d(DELTAS * anchors, DELTAS * anchors, 1)


BLOCKS: Mapping[str, Callable[[int, int], RPN]] = {
    'depthwise': DepthwiseRPN,
    'up_channel': UpChannelRPN,
}
"""Blocks by the words that choose one; each is made of channels and anchors."""


class Aggregation(nn.Module):
    """``S = sum_l alpha_l S_l``, ``B = sum_l beta_l B_l``: layer-wise aggregation (Eq. 2).

    The weights of classes and deltas are separated "since their domains are different". The paper
    does not bound them; in pysot a softmax makes them shares.

    Parameters
    ----------
    levels : int
        Maps that are summed.
    weighted : bool
        Whether the shares are learned; else all are equal, as in pysot's model for OTB.
    """

    alpha: Tensor
    beta: Tensor

    def __init__(self, levels: int, weighted: bool = True) -> None:
        super().__init__()
        for name in ('alpha', 'beta'):
            equal = torch.zeros(levels)
            if weighted:
                self.register_parameter(name, nn.Parameter(equal))
            else:
                self.register_buffer(name, equal, persistent=False)

    def forward(self, maps: Sequence[ProposalMaps]) -> ProposalMaps:
        """Join the maps of all levels, which have one shape."""
        classes = torch.stack([level.classes for level in maps], dim=-1)
        deltas = torch.stack([level.deltas for level in maps], dim=-1)
        return ProposalMaps(classes @ self.alpha.softmax(0), deltas @ self.beta.softmax(0))
