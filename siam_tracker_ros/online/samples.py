# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory of samples: features of the newest frames, in memory that never grows."""

from __future__ import annotations

import torch
from torch import Tensor


class SampleMemory:
    """A ring of frames, each with the features of up to so many samples.

    Features, not pixels, are kept, because the convolutions stay as they are. All memory is
    taken at the start: hours of tracking need no more than the first minute. Only `reserve` may
    take more.

    Parameters
    ----------
    frames : int
        Frames that are remembered: MDNet's tau_l = 100 for positives, tau_s = 20 for negatives
        (MDNet 3.3).
    samples : int
        Samples of a frame at most.
    dimension : int
        D, length of a feature.
    device : torch.device
    dtype : torch.dtype
    spare : int
        Frames that may be pushed before any sample that `rows` named is overwritten: who learns
        beside tracking reads the same samples from its first to its last iteration.

    Attributes
    ----------
    features : Tensor
        (R, D), all the memory; which rows are samples, and of when, is what `rows` tells.
    """

    def __init__(
        self,
        frames: int,
        samples: int,
        dimension: int,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        spare: int = 0,
    ) -> None:
        self.frames = frames
        self.samples = samples
        self._counts = [0] * (frames + spare)
        self._pushed = 0
        self.features = torch.empty(
            ((frames + spare) * samples, dimension), device=device, dtype=dtype
        )

    def __len__(self) -> int:
        """Return the number of frames that are remembered."""
        return min(self._pushed, self.frames)

    @property
    def nbytes(self) -> int:
        """Size of the features' memory."""
        return self.features.numel() * self.features.element_size()

    def push(self, features: Tensor) -> None:
        """Remember one frame's samples, and forget the oldest frame's where there are too many.

        Parameters
        ----------
        features : Tensor
            (N, D), N at most `samples`. Those with a number that is not finite are left out: each
            lesson that one of them is dealt in would end in such numbers.
        """
        assert features.shape[0] <= self.samples, 'more samples than a frame may have'
        # A sum is finite only where all its terms are; half precision may not hold it.
        features = features[features.sum(dim=1, dtype=torch.float32).isfinite()]
        count = features.shape[0]
        slot = self._pushed % len(self._counts)
        begin = slot * self.samples
        self.features[begin : begin + count] = features
        self._counts[slot] = count
        self._pushed += 1

    def reserve(self, spare: int) -> None:
        """Have at least so many spare frames from now on; rows named before count no more."""
        more = self.frames + spare - len(self._counts)
        if more <= 0:
            return
        kept = len(self)
        slots = [i % len(self._counts) for i in range(self._pushed - kept, self._pushed)]
        frames = self.features.view(-1, self.samples, self.features.shape[1])
        larger = frames.new_empty((len(self._counts) + more, *frames.shape[1:]))
        larger[:kept] = frames[slots]
        self._counts = [self._counts[slot] for slot in slots] + [0] * (len(larger) - kept)
        self._pushed = kept
        self.features = larger.flatten(0, 1)

    def rows(self, newest: int | None = None) -> Tensor:
        """Rows of the samples of the newest frames, the oldest first, for `take`.

        Parameters
        ----------
        newest : int, optional
            How many frames; all that are remembered by default.

        Returns
        -------
        Tensor
            (N,) int64, on the CPU.
        """
        frames = len(self) if newest is None else min(newest, len(self))
        slots = [i % len(self._counts) for i in range(self._pushed - frames, self._pushed)]
        parts = [slot * self.samples + torch.arange(self._counts[slot]) for slot in slots]
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)

    def take(self, rows: Tensor) -> Tensor:
        """Features of some rows: (N,) -> (N, D)."""
        return self.features.index_select(0, rows.to(self.features.device, non_blocking=True))
