# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The lengths of sequences over which the expected overlap is averaged.

VOT2015 defined them by a rule on the lengths of its sequences: their density is estimated, and
the interval grows from its peak to the likelier side until it holds half of the mass (Kristan et
al., "The Visual Object Tracking VOT2015 challenge results", 2015). On the lengths of VOT2018 the
rule gives the published interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# As the organisers published them, and as their toolkit has them.
INTERVALS = MappingProxyType(
    {
        'vot2015': (108, 371),
        'vot2016': (108, 371),
        'vot2017': (100, 356),
        'vot2018': (100, 356),
        'vot2019': (46, 291),
    }
)

MASS = 0.5


def typical_lengths(lengths: Sequence[int]) -> tuple[int, int]:
    """Apply the rule to the lengths of a set's sequences.

    Parameters
    ----------
    lengths : sequence of int
        Number of images of each sequence.

    Returns
    -------
    tuple of int
        Shortest and longest typical length.
    """
    values = np.asarray(lengths, np.float64)
    longest = int(values.max())
    if values.min() == longest:
        return longest, longest
    density = _density(values, _bandwidth(values))
    low = high = int(density.argmax())
    while density[low : high + 1].sum() < MASS:
        # The longest length itself comes last, as in the organisers' program.
        grow_low, grow_high = low > 0, high + 1 < longest - 1
        if grow_low and grow_high:
            grow_low = bool(density[low - 1] > density[high + 1])
            grow_high = not grow_low
        elif not grow_low and not grow_high:
            high = longest - 1
            break
        low, high = low - grow_low, high + grow_high
    return low + 1, high + 1


def _density(values: Array, bandwidth: float) -> Array:
    """Share of each of the lengths 1, 2, ... up to the longest one."""
    grid = np.arange(1.0, values.max() + 1.0)
    density = np.exp(-0.5 * ((grid[:, None] - values) / bandwidth) ** 2).sum(axis=1)
    return np.asarray(density / density.sum())


def _bandwidth(values: Array) -> float:
    """Standard deviation of a Gaussian kernel, which is least wrong in the squared mean.

    It needs the integral of the squared second derivative of the unknown density; that is
    estimated with a pilot kernel, whose width is right for a normal density (Wand and Jones,
    "Kernel Smoothing", 1995, chapter 4).
    """
    count, deviation = len(values), float(values.std())
    pilot = (4.0 / (3.0 * count)) ** 0.4  # variance, in units of the deviation
    squares = ((values[:, None] - values) / deviation) ** 2 / pilot
    kernel = np.exp(-0.5 * squares) / np.sqrt(2.0 * np.pi * pilot)
    fourth = kernel * (squares**2 - 6.0 * squares + 3.0) / pilot**2
    curvature = float(fourth.mean())
    return float(deviation * (2.0 * np.sqrt(np.pi) * count * curvature) ** -0.2)
