# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The feature transfer block of C-RPN (Fan and Ling 2019, section 3.4 and Fig. 6)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class FeatureTransferBlock(nn.Module):
    """``Phi_l = FTB(Phi_{l-1}, phi_l)`` (Eq. 2): deep features help shallow ones.

    A deconvolution gives the deep features the size and the channels of the shallow ones. Their
    sum goes through a ReLU. Fig. 6 labels three more convolutions of 3 cells; here one follows the
    deconvolution, and two follow the shallow features. The paper speaks of no norms: those at both
    ends are this package's, so that the two sources weigh alike from the start.

    What is beyond the border of the deep features is 0 to the deconvolution.

    Parameters
    ----------
    deep, shallow : int
        Channels of the features. The fused ones have those of the shallow ones.
    rim : int
        Cells that the shallow features have on each side beyond the deep ones. It decides the
        size of the deconvolution, k in Fig. 6: 2 rim + 1 cells, and 3 where the sizes are equal.
    rescale : bool
        Whether the fused features are interpolated to the size of the deep ones, as in the paper,
        "such that the output classification and regression maps have the same resolution". A rim
        widens exemplar and search features by as many cells, so these maps have the same size
        without it, and a cell that moves by one moves by a stride. Interpolated they do not: of 8
        and 24 cells, 6 and 22 are made, by different factors, and 17 cells of a map lie 8.7 px
        apart where its anchors lie 8 px apart.
    """

    def __init__(self, deep: int, shallow: int, rim: int, rescale: bool = False) -> None:
        super().__init__()
        self.rescale = rescale
        reach = max(rim, 1)
        self.deep = nn.Sequential(
            nn.ConvTranspose2d(deep, shallow, 2 * reach + 1, padding=reach - rim, bias=False),
            _convolution(shallow),
            nn.BatchNorm2d(shallow),
        )
        self.shallow = nn.Sequential(
            _convolution(shallow),
            nn.BatchNorm2d(shallow),
            nn.ReLU(inplace=True),
            _convolution(shallow),
            nn.BatchNorm2d(shallow),
        )

    def forward(self, deep: Tensor, shallow: Tensor) -> Tensor:
        """Fuse features: (N, C, H, W), (N, C', H + 2 rim, W + 2 rim) -> (N, C', ...).

        The size is the shallow one; the deep one where they are rescaled.
        """
        fused = functional.relu(self.deep(deep) + self.shallow(shallow))
        if self.rescale:
            fused = functional.interpolate(
                fused, size=deep.shape[-2:], mode='bilinear', align_corners=False
            )
        return fused


def _convolution(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, 3, padding=1, bias=False)
