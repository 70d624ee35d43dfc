# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AlexNets of stride 8 without padding: the feature extractors of SiamFC and what grew of it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .base import CroppedBackbone, check_levels

# Numbers of the convolutions that have the stride of 8.
DEEP = (3, 4, 5)

# SiamFC, Table 1. Running statistics over many small batches: siamfc's published code uses these
# two.
EPSILON, MOMENTUM = 1e-6, 0.05


class FiveConvolutions(CroppedBackbone):
    """Five convolutions without padding, total stride 8 (SiamFC, Table 1).

    Without padding every cell sees only real pixels and the map is an exact translation of the
    input's, which is what lets a cross-correlation search a larger image. A 127 px input gives 6 x
    6 cells, 255 px gives 22 x 22, 287 px gives 26 x 26.

    Parameters
    ----------
    layers : sequence of Module
        The convolutions, with what belongs to each of them. Those behind the last level are left
        out.
    widths : sequence of int
        Their output channels.
    levels : sequence of int
        Numbers of the convolutions that are levels, rising: of 3, 4 and 5.

    Raises
    ------
    ValueError
        A level is not among them, or they do not rise.
    """

    stride = 8

    def __init__(
        self, layers: Sequence[nn.Module], widths: Sequence[int], levels: Sequence[int]
    ) -> None:
        check_levels(levels, DEEP)
        # Each of the last convolutions takes a cell off each side. A level is of one size alone
        # and beside others: that which conv5 would have.
        super().__init__(
            [widths[number - 1] for number in levels], [DEEP[-1] - number for number in levels]
        )
        self._numbers = tuple(levels)
        for number, layer in enumerate(layers[: levels[-1]], start=1):
            self.add_module(f'conv{number}', layer)
        self.initialise()

    def pyramid(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features of the convolutions that are levels.

        Those of conv3, conv4 and conv5 are 10, 8 and 6 cells of a crop of 127 px, and 26, 24 and
        22 of 255 px, as C-RPN has them (Fig. 2).
        """
        found = {}
        for number, layer in enumerate(self.children(), start=1):
            x = found[number] = layer(x)
        return tuple(found[number] for number in self._numbers)


class AlexNet(FiveConvolutions):
    """SiamFC's AlexNet.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the five convolutions; the paper's are 96, 256, 384, 384, 256.
    groups : int
        Groups of convolutions 2, 4 and 5 (2 in the paper).
    levels : sequence of int
        See `FiveConvolutions`.
    """

    def __init__(
        self,
        widths: Sequence[int] = (96, 256, 384, 384, 256),
        groups: int = 2,
        levels: Sequence[int] = DEEP,
    ) -> None:
        w1, w2, w3, w4, w5 = widths
        # Pooled before the ReLU, which is the same in a quarter of the cells: both keep the order.
        layers = (
            nn.Sequential(
                nn.Conv2d(3, w1, 11, stride=2, bias=False),
                _batch_norm(w1),
                nn.MaxPool2d(3, stride=2),
                nn.ReLU(inplace=True),
            ),
            nn.Sequential(
                nn.Conv2d(w1, w2, 5, groups=groups, bias=False),
                _batch_norm(w2),
                nn.MaxPool2d(3, stride=2),
                nn.ReLU(inplace=True),
            ),
            nn.Sequential(
                nn.Conv2d(w2, w3, 3, bias=False),
                _batch_norm(w3),
                nn.ReLU(inplace=True),
            ),
            nn.Sequential(
                nn.Conv2d(w3, w4, 3, groups=groups, bias=False),
                _batch_norm(w4),
                nn.ReLU(inplace=True),
            ),
            # It keeps negative values: a match is a signed inner product.
            nn.Conv2d(w4, w5, 3, groups=groups),
        )
        super().__init__(layers, widths, levels)


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)
