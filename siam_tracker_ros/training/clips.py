# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drawing clips: one object in several images in the order of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch.utils.data import Dataset

from ..errors import UserError
from .pairs import View, view_of
from .sources import ImageCache, Shot


class Clips(Dataset[list[View]]):
    """An endless, seeded sequence of clips: the same index always gives the same clip.

    Trackers that adapt while they track are trained on what they adapt to: DSiam's joint training
    (DSiam, section 3.5) takes ten images in a row.

    Parameters
    ----------
    shots : sequence of Shot
        Stills among them are left out: they have no time.
    seed : int
    length : int
        Images of a clip.
    max_skip : int
        Largest number of frames from one image of a clip to the next.

    Attributes
    ----------
    shots : list of Shot
        Those that are long enough.

    Raises
    ------
    UserError
        No shot is long enough.
    """

    def __init__(
        self, shots: Sequence[Shot], seed: int, length: int = 10, max_skip: int = 1
    ) -> None:
        self.seed = seed
        self.length = length
        self.max_skip = max_skip
        self.cache = ImageCache()
        runs = [(shot, run) for shot in shots for run in _runs(shot)]
        self._runs = [(shot, run) for shot, run in runs if len(run) >= length]
        if not self._runs:
            longest = max((len(run) for _, run in runs), default=0)
            raise UserError(
                f'no sequence shows its object in {length} images in a row (the longest run has '
                f'{longest}): give longer sequences or videos, or ask for shorter clips'
            )
        self.shots = list(dict.fromkeys(shot for shot, _ in self._runs))

    def __getitem__(self, index: int) -> list[View]:
        """Return clip number `index`: `length` views."""
        rng = np.random.default_rng((self.seed, index))
        shot, run = self._runs[int(rng.integers(len(self._runs)))]
        widest = min(self.max_skip, (len(run) - 1) // max(1, self.length - 1))
        skip = int(rng.integers(1, max(1, widest) + 1))
        span = (self.length - 1) * skip
        first = int(rng.integers(len(run) - span))
        return [view_of(self.cache, shot, run[first + k * skip]) for k in range(self.length)]


def _runs(shot: Shot) -> list[range]:
    """Stretches of a shot in which its object is always visible."""
    if len(shot.images) == 1:
        return []
    runs, begin = [], 0
    for index in range(len(shot.images) + 1):
        if index == len(shot.images) or shot.boxes[index] is None:
            if index > begin:
                runs.append(range(begin, index))
            begin = index + 1
    return runs
