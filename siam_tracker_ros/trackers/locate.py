# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From response maps to a scale, a place and what the map says about its peak."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..kept import kept
from .upsampling import upsampled


@kept(maxsize=16)
def cosine_window(cells: int, device: torch.device) -> Tensor:
    """Outer product of two Hann windows that sums to 1: (cells, cells).

    ``cells + 2`` points without the two zeros at the ends, so that border cells keep a prior.
    """
    hann = torch.hann_window(cells + 2, periodic=False, device=device)[1:-1]
    window = torch.outer(hann, hann)
    return window / window.sum()


def hann(place: float, cells: int) -> float:
    """The Hann window of `cosine_window` along one side, at a place between cells.

    1 in the middle, and above 0 in all cells; not scaled to a sum of 1.
    """
    return math.cos(math.pi * (place - (cells - 1) / 2) / (cells + 1)) ** 2


def locate(maps: Tensor, penalty: Tensor, influence: float, upsampling: int) -> Tensor:
    """Find each target's best scale and position on the device (SiamFC, section 3 "Tracking").

    Up-sampled maps have ``(M - 1) u + 1`` samples, see `upsampled`.

    Parameters
    ----------
    maps : Tensor
        (N, S, M, M) logits.
    penalty : Tensor
        (S,) factor on each scale's response. The common minimum is subtracted first, because a
        factor below 1 on a negative response would reward the change.
    influence : float
        Weight of the cosine window.
    upsampling : int
        Samples per cell, u.

    Returns
    -------
    Tensor
        (N, 5) float32: scale index, column and row (in cells of the map, fractional), the logit
        there, and the peak-to-sidelobe ratio of the chosen map. Rows of maps that hold a NaN have
        NaN for the last two.
    """
    return located(maps, penalty, influence, upsampling)[0]


def located(
    maps: Tensor, penalty: Tensor, influence: float, upsampling: int
) -> tuple[Tensor, Tensor]:
    """Find scales and positions, and what the window counts beside each response.

    Parameters
    ----------
    maps, penalty, influence, upsampling
        See `locate`.

    Returns
    -------
    rows : Tensor
        (N, 5) of `locate`.
    pull : Tensor
        (N,) logits that the window takes off where it is 0, against the middle, where it is 1:
        the position is where ``logit - pull * (1 - window)`` is highest, see `hann`.
    """
    n, scales, cells, _ = maps.shape
    fine = (cells - 1) * upsampling + 1
    dense = upsampled(maps, upsampling)
    low = dense.amin(dim=(1, 2, 3), keepdim=True)
    raised = (dense - low) * penalty.view(1, scales, 1, 1)
    height = raised.flatten(2).amax(dim=2)
    middle = scales // 2
    # Where no scale is better than the middle one, as on maps without structure, the size stays.
    best = torch.where(height[:, middle] == height.amax(dim=1), middle, height.argmax(dim=1))
    rows = torch.arange(n, device=maps.device)
    prior = raised[rows, best]
    total = prior.sum(dim=(1, 2), keepdim=True)
    prior = prior / total.clamp_min(1e-12)
    pull = torch.zeros_like(total)
    if influence > 0:
        window = cosine_window(fine, maps.device)
        prior = (1.0 - influence) * prior + influence * window
        # Finite, where the window is all that counts.
        share = influence / max(1.0 - influence, 1e-6)
        pull = share * total * window.amax() / penalty[best].view(-1, 1, 1).clamp_min(1e-12)
    flat = prior.flatten(1).argmax(dim=1)
    line, column = flat // fine, flat % fine
    chosen = dense[rows, best]
    peak = chosen[rows, line, column]
    sharpness = peak_to_sidelobe(maps[rows, best], line / upsampling, column / upsampling, peak)
    # argmax over a NaN is arbitrary: the sums carry the NaN to the monitor.
    spoilt = maps.sum(dim=(1, 2, 3)) * 0.0
    found = torch.stack(
        [
            best.float(),
            column.float() / upsampling,
            line.float() / upsampling,
            peak + spoilt,
            sharpness + spoilt,
        ],
        dim=1,
    )
    return found, pull.flatten()


def peak_to_sidelobe(
    maps: Tensor, line: Tensor, column: Tensor, peak: Tensor, radius: float = 2.5
) -> Tensor:
    """Peak-to-sidelobe ratio (Bolme et al. 2010, section 3.5).

    The distance of the peak from the mean of the rest of its map, in the rest's standard
    deviations.

    Parameters
    ----------
    maps : Tensor
        (N, M, M) logits.
    line, column : Tensor
        (N,) position of the peak in cells.
    peak : Tensor
        (N,) value of the peak.
    radius : float
        Cells within this distance of the peak, in each direction, are left out.
    """
    index = torch.arange(maps.shape[-1], device=maps.device)
    near_line = (index.view(1, -1) - line.view(-1, 1)).abs() <= radius
    near_column = (index.view(1, -1) - column.view(-1, 1)).abs() <= radius
    rest = (~(near_line.unsqueeze(2) & near_column.unsqueeze(1))).to(maps.dtype)
    count = rest.sum(dim=(1, 2)).clamp_min(2.0)
    mean = (maps * rest).sum(dim=(1, 2)) / count
    variance = (((maps - mean.view(-1, 1, 1)) ** 2) * rest).sum(dim=(1, 2)) / (count - 1)
    return (peak - mean) / variance.sqrt().clamp_min(1e-6)
