# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Transformations that are learned in one step: regularised regression, circular convolution.

Guo et al., "Learning Dynamic Siamese Network for Visual Object Tracking", 2017, section 3.2. All
of it is differentiable, in the features and in lambda, as joint training needs it (section 3.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .fourier import real_spectrum
from .windows import hann_window


def regularised_regression(x: Tensor, y: Tensor, ridge: Tensor | float) -> Tensor:
    """Find the transformation that makes one tensor similar to another (DSiam Eq. 3 and 4).

    ``R = argmin_T |T * x - y|^2 + ridge |T|^2`` for each channel, where ``*`` is the circular
    convolution.

    Parameters
    ----------
    x, y : Tensor
        (..., C, H, W) real.
    ridge : Tensor or float
        lambda, positive; a tensor must broadcast against (..., C, H, W // 2 + 1).

    Returns
    -------
    Tensor
        (..., C, H, W // 2 + 1) complex: R as the half of its spectrum from which the other half
        follows, because R is real. R itself, which no caller needs, is its ``irfft2``.
    """
    of_x = real_spectrum(x)
    power = of_x.real.square() + of_x.imag.square()
    # A product, because a complex number is divided slowly.
    found: Tensor = of_x.conj() * real_spectrum(y) * (power + ridge).reciprocal()
    return found


def circular_convolution(spectrum: Tensor, x: Tensor) -> Tensor:
    """``R * x``, of the size of x (DSiam Eq. 2): what the paper calls 'CirConv'.

    Parameters
    ----------
    spectrum : Tensor
        (..., C, H, W // 2 + 1) complex, of `regularised_regression`.
    x : Tensor
        (..., C, H, W) real.

    Returns
    -------
    Tensor
        (..., C, H, W).
    """
    changed: Tensor = torch.fft.irfft2(spectrum * real_spectrum(x), s=x.shape[-2:])
    return changed


def correlation_spectrum(
    spectrum: Tensor, template: Tensor, size: tuple[int, int]
) -> Tensor:
    """Join a transformation of regions with the template that they are then matched with.

    A correlation is a product in the Fourier domain, as the convolution is: both are one.

    Parameters
    ----------
    spectrum : Tensor
        (..., C, H, W // 2 + 1) complex: R, of `regularised_regression`.
    template : Tensor
        (..., C, h, w) real.
    size : tuple of int
        H and W.

    Returns
    -------
    Tensor
        (..., C, H, W // 2 + 1) complex, for `circular_correlation`.
    """
    return real_spectrum(template, size).conj() * spectrum


def circular_correlation(spectrum: Tensor, x: Tensor, places: Sequence[int]) -> Tensor:
    """Slide a template over regions that are transformed (DSiam Eq. 2).

    The channels are summed up before the way back, so that there is one inverse transform for all
    of them. A template of h lines meets opposite borders at the last h - 1 places only; those
    before are what a correlation without padding gives.

    Parameters
    ----------
    spectrum : Tensor
        (..., C, H, W // 2 + 1) complex, of `correlation_spectrum`.
    x : Tensor
        (..., C, H, W) real.
    places : sequence of int
        Places of the template: H - h + 1 and W - w + 1.

    Returns
    -------
    Tensor
        (..., H - h + 1, W - w + 1).
    """
    joined = (spectrum * real_spectrum(x)).sum(dim=-3)
    found: Tensor = torch.fft.irfft2(joined, s=x.shape[-2:])[..., : places[0], : places[1]]
    return found


@dataclass(frozen=True)
class Manner:
    """How a transformation is learned and applied; as it stands, that is the paper's.

    The authors' code (``CirConv.m``, ``run_DSiam.m``) departs from the paper in all three.

    Attributes
    ----------
    rate : float
        Share of the transformed features in the result; the rest are the features as they were.
    windowed : bool
        Whether a Hann window lies on all that is transformed. Circular convolution takes opposite
        borders for neighbours; the window hides them.
    per_cell : bool
        Whether lambda is multiplied by the number of cells, because the code divides the power
        by it.
    """

    rate: float = 1.0
    windowed: bool = False
    per_cell: bool = False

    def learn(self, x: Tensor, y: Tensor, ridge: Tensor | float) -> Tensor:
        """Learn what makes x similar to y; see `regularised_regression`."""
        height, width = x.shape[-2:]
        return regularised_regression(
            self._seen(x), self._seen(y), ridge * (height * width) if self.per_cell else ridge
        )

    def apply(self, spectrum: Tensor, x: Tensor) -> Tensor:
        """Transform features; see `circular_convolution`."""
        return self._blended(x, circular_convolution(spectrum, self._seen(x)))

    def match(self, spectrum: Tensor, x: Tensor, plain: Tensor) -> Tensor:
        """Match regions that are transformed, without making them; see `circular_correlation`.

        What is blended are the maps, which is the same, because a correlation is linear.

        Parameters
        ----------
        spectrum : Tensor
            (..., C, H, W // 2 + 1) complex, of `correlation_spectrum`.
        x : Tensor
            (..., C, H, W): the regions as they are.
        plain : Tensor
            (..., H - h + 1, W - w + 1): the correlation of the template with them.
        """
        return self._blended(
            plain, circular_correlation(spectrum, self._seen(x), plain.shape[-2:])
        )

    def _blended(self, plain: Tensor, changed: Tensor) -> Tensor:
        return changed if self.rate == 1.0 else torch.lerp(plain, changed, self.rate)

    def _seen(self, x: Tensor) -> Tensor:
        return x * self._window(x) if self.windowed else x

    @staticmethod
    def _window(x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return hann_window(height, width, x.device).to(x.dtype)


def weight_map(size: int, at: Tensor, spread: float, windowed: bool) -> Tensor:
    """Weights of a region that highlight its foreground (DSiam, section 3.2, Fig. 3).

    Parameters
    ----------
    size : int
        Samples along a side.
    at : Tensor
        (N, 2) x and y of the target, in samples from the middle of the region.
    spread : float
        Standard deviation of the Gaussian, in samples.
    windowed : bool
        Whether a Hamming window on the lines and a Hann window on the columns lie on it, as in
        the authors' code (``saliency_window`` of ``fcnet_init.m``), whose Gaussian alone is
        nearly flat.

    Returns
    -------
    Tensor
        (N, size, size) float32 in [0, 1], 1 at the target.
    """
    reach = (size - 1) / 2
    samples = torch.arange(size, device=at.device, dtype=torch.float32) - reach
    x, y = (samples - at[:, k : k + 1] for k in range(2))
    columns, lines = (torch.exp(-0.5 * (part / spread).square()) for part in (x, y))
    if windowed:
        # Beyond its end a window stays what it is there.
        turn_x, turn_y = (torch.pi * part.clamp(-reach, reach) / reach for part in (x, y))
        columns = columns * (0.5 + 0.5 * turn_x.cos())
        lines = lines * (0.54 + 0.46 * turn_y.cos())
    return lines.unsqueeze(2) * columns.unsqueeze(1)
