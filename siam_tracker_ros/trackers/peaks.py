# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a response map to all places where the target may be (cascaded Siamese, section 3.2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..kept import kept
from .locate import peak_to_sidelobe
from .upsampling import upsampled

# Decides between equal heights, which are at most 1; far above the rounding of a double there.
TIE = 1e-14


class Peaks(NamedTuple):
    """The K highest peaks of N maps, falling.

    Attributes
    ----------
    columns, lines : Tensor
        (N, K) float32 places in cells of the map, fractional.
    heights : Tensor
        (N, K) float32 response in [0, 1], see `find_peaks`.
    ratios : Tensor
        (N, K) float32 height as a share of the highest peak's; 0 where there are fewer than K.
    """

    columns: Tensor
    lines: Tensor
    heights: Tensor
    ratios: Tensor

    @property
    def found(self) -> Tensor:
        """(N, K) bool, whether there is such a peak."""
        return self.ratios > 0


def find_peaks(
    maps: Tensor, ratio: float, count: int, radius: float, upsampling: int
) -> Peaks:
    """Find the peaks that reach a share of the highest one, by non-maximum suppression.

    A ratio needs heights of one sign, and logits have none: heights are the probabilities
    ``sigmoid(logit)`` for which the matching network was trained. The paper does not say. Maps
    are up-sampled as by `locate`, so that the middle sample is the middle cell.

    Parameters
    ----------
    maps : Tensor
        (N, M, M) logits.
    ratio : float
        Lowest share of the highest peak, gamma_p.
    count : int
        Peaks at most, K.
    radius : float
        Cells around a peak, in each direction, in which no other one counts; of equal heights
        the one nearest to the middle of the map does, so that a map without structure has its
        only peak there.
    upsampling : int
        Samples per cell.

    Returns
    -------
    Peaks
        The first of each map is its highest sample. A map that holds a NaN has a NaN for its
        first height.
    """
    cells = maps.shape[-1]
    fine = (cells - 1) * upsampling + 1
    dense = upsampled(maps.unsqueeze(1), upsampling)
    # By logarithms, which do not vanish where the map is far below zero.
    logs = functional.logsigmoid(dense)
    share = (logs - logs.amax(dim=(2, 3), keepdim=True)).exp()
    # Doubles, because differences of `TIE` must count.
    order = share.double() - TIE * _from_middle(fine, maps.device)
    reach = round(radius * upsampling)
    # The highest of a square is the highest of its lines' highest.
    around = functional.max_pool2d(order, (1, 2 * reach + 1), 1, (0, reach))
    around = functional.max_pool2d(around, (2 * reach + 1, 1), 1, (reach, 0))
    is_peak = (order == around) & (share >= ratio)
    best, flat = torch.where(is_peak, order, -1.0).flatten(1).topk(min(count, fine * fine), dim=1)
    there = best > -0.5
    # The sum carries a NaN of the map, wherever it is.
    spoilt = (maps.sum(dim=(1, 2)) * 0.0).unsqueeze(1)
    return Peaks(
        columns=(flat % fine).float() / upsampling,
        lines=(flat // fine).float() / upsampling,
        heights=logs.flatten(1).gather(1, flat).exp() + spoilt,
        ratios=torch.where(there, share.flatten(1).gather(1, flat), 0.0),
    )


class Peak(NamedTuple):
    """One peak of a map.

    Attributes
    ----------
    column, line : float
        Its place in cells of the map, fractional.
    logit : float
        The response there; NaN where the map holds one.
    sharpness : float
        Peak-to-sidelobe ratio.
    ratio : float
        Height as a share of the highest peak's.
    """

    column: float
    line: float
    logit: float
    sharpness: float
    ratio: float


def list_peaks(
    maps: Tensor, ratio: float, count: int, radius: float, upsampling: int
) -> list[list[Peak]]:
    """List the peaks of each map, falling, with what the map says about them.

    Parameters
    ----------
    maps, ratio, count, radius, upsampling
        See `find_peaks`.

    Returns
    -------
    list of list of Peak
        For each map one or more: a map that is not finite has no peak, and the NaN of its first
        one says so.
    """
    peaks = find_peaks(maps, ratio, count, radius, upsampling)
    logits = peaks.heights.logit(1e-7)
    most = logits.shape[1]
    sharpness = peak_to_sidelobe(
        maps.repeat_interleave(most, dim=0),
        peaks.lines.flatten(),
        peaks.columns.flatten(),
        logits.flatten(),
    ).view(-1, most)
    numbers = torch.stack(
        [peaks.columns, peaks.lines, logits, sharpness, peaks.ratios], dim=2
    ).tolist()
    tables = [[Peak(*row) for row in rows] for rows in numbers]
    return [rows[:1] + [peak for peak in rows[1:] if peak.ratio > 0] for rows in tables]


@kept(maxsize=16)
def _from_middle(samples: int, device: torch.device) -> Tensor:
    """Rank of each sample by its distance from the middle, another one for each: (M, M)."""
    index = torch.arange(samples, dtype=torch.float64) - (samples - 1) / 2
    distance = (index.view(-1, 1) ** 2 + index.view(1, -1) ** 2).flatten()
    rank = torch.empty(samples * samples, dtype=torch.float64)
    rank[distance.argsort(stable=True)] = torch.arange(samples * samples, dtype=torch.float64)
    return rank.view(samples, samples).to(device)
