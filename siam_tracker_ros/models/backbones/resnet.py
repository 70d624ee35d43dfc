# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A light ResNet of stride 8 that no padding touches: features of the matching subnetwork.

Cascaded Siamese (section 4.1) takes its features from a ResNet and does not say which one. An
ordinary one pads, so a cell's features tell how far it is from the border of the crop; a network
that may learn this learns that targets are in the middle (Zhang and Peng, "Deeper and Wider
Siamese Networks for Real-Time Visual Tracking", 2019, called SiamDW below, section 3). The units
here are theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from .base import CroppedBackbone

CROP, ZERO = 'crop', 'zero'

# Width of a unit over that of the convolution of 3 pixels in it (He et al. 2016).
EXPANSION = 4


class ResidualUnit(nn.Module):
    """Convolutions of 1, 3 and 1 pixels beside a shortcut (He et al. 2016), cropped inside.

    SiamDW's unit pads, adds, and then drops the outer ring of cells, which the padding has touched
    (CIR, section 4.1). Here that ring is never computed: the convolution is not padded, and the
    shortcut is cropped to its size. It is the same function of the input, and quicker; what is
    left out is also left out of the batch norm's statistics.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    padding : int
        Ring of zeros around it: 0 crops, 1 is the ordinary unit.
    last : bool
        Whether this is the network's last unit, which keeps negative values.
    expansion : int
        Its width over that of the convolution of 3 pixels in it.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        padding: int = 0,
        last: bool = False,
        expansion: int = EXPANSION,
    ) -> None:
        super().__init__()
        inner = outputs // expansion
        self.crop = 1 - padding
        self.last = last
        self.residual = nn.Sequential(
            nn.Conv2d(inputs, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, inner, 3, padding=padding, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, s, s) -> (N, outputs, s - 2, s - 2); padded, the size stays."""
        height, width, c = x.shape[2], x.shape[3], self.crop
        kept = x[:, :, c : height - c, c : width - c]
        out: Tensor = self.residual(x) + self.shortcut(kept)
        # A match is a signed inner product.
        return out if self.last else functional.relu(out)


class ResNet(CroppedBackbone):
    """A stem, residual units of stride 4, and of stride 8 after a max-pool.

    The pool follows a unit of stride 1, as in SiamDW's down-sampling unit (CIR-D): a strided unit
    would sample the shortcut and the convolution at places that differ. That unit is counted among
    those of stride 4 and has their width; with SiamDW's it would be the most expensive of all.

    A crop of 127 px gives 5 x 5 cells, 255 px gives 21 x 21. Sides of 8 k + 7 px come out even at
    every layer, so no row or column is left over at one end and the cells lie about the middle of
    the crop. Any two sides that differ by a multiple of 8 have the same grid in their left-top
    corners, so a response map has a cell at exactly zero displacement wherever the difference is
    a multiple of 16.

    Parameters
    ----------
    widths : sequence of int
        Output channels of the stem and of the units of strides 4 and 8. SiamDW's CIResNet-22 has
        64, 256 and 512.
    depths : sequence of int
        Units of strides 4 and 8; CIResNet-22 has 4 and 3, its down-sampling unit among the first.
    padding : str
        ``crop``, or ``zero`` for ordinary padding, to measure what the cropping is worth. Then 127
        px give 16 x 16 cells and 255 px give 32 x 32.
    expansion : int
        Width of the units over that of their convolutions of 3 pixels: 4 as published, 2 as in the
        wide ResNets of Zagoruyko and Komodakis (2016). A network of few channels needs the wide
        ones: with 4, most of its work is done by convolutions of one pixel.

    Raises
    ------
    ValueError
        `padding` is another word.
    """

    stride = 8

    def __init__(
        self,
        widths: Sequence[int] = (64, 256, 512),
        depths: Sequence[int] = (4, 3),
        padding: str = CROP,
        expansion: int = EXPANSION,
    ) -> None:
        if padding not in (CROP, ZERO):
            raise ValueError(f'padding is {padding!r}: expected {CROP} or {ZERO}')
        zeros = int(padding == ZERO)
        w0, w1, w2 = widths
        d1, d2 = depths
        # A unit that is not padded takes a cell off each side.
        super().__init__([w2] * d2, [(1 - zeros) * (d2 - 1 - k) for k in range(d2)])
        # SiamDW crops the padded stem to nearly this size; not padded, it comes out even.
        self.stem = nn.Sequential(
            nn.Conv2d(3, w0, 7, stride=2, padding=3 * zeros, bias=False),
            nn.BatchNorm2d(w0),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=zeros),
        )
        self.stage4 = nn.Sequential(
            *(ResidualUnit(w1 if k else w0, w1, zeros, False, expansion) for k in range(d1))
        )
        self.pool = nn.MaxPool2d(2)
        self.stage8 = nn.Sequential(
            *(
                ResidualUnit(w2 if k else w1, w2, zeros, k == d2 - 1, expansion)
                for k in range(d2)
            )
        )
        self.initialise()

    def pyramid(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features after each unit of stride 8.

        The units crop, so 127 px give 9, 7 and 5 cells after three of them, and 255 px give 25, 23
        and 21.
        """
        x = self.pool(self.stage4(self.stem(x)))
        found = []
        for unit in self.stage8:
            x = unit(x)
            found.append(x)
        return tuple(found)
