# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which shots may be shown behind or beside the object of another one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import UserError
from .sources import Shot


class Lenders:
    """Shots that lend each other their images and objects.

    No shot is lent anything by one of its own scene or by a copy of itself, which might show its
    object.

    Parameters
    ----------
    shots : sequence of Shot
        Of two scenes or more.

    Raises
    ------
    UserError
        Fewer than two scenes.
    """

    def __init__(self, shots: Sequence[Shot]) -> None:
        different = len({shot.place for shot in shots})
        if different < 2:
            raise UserError(
                f'only {different} images or scenes: expected at least 2, because each gives the '
                'others their backgrounds; add data'
            )
        self._places = np.unique([shot.place for shot in shots], return_inverse=True)[1]
        self._kinds = np.unique([shot.kind for shot in shots], return_inverse=True)[1]

    def draw(self, number: int, rng: np.random.Generator, *, alike: bool = False) -> int:
        """Draw the number of a shot that may lend to another.

        Parameters
        ----------
        number : int
            Who borrows.
        rng : numpy Generator
        alike : bool
            Whether it is of the same kind where there is one.
        """
        others = self._places != self._places[number]
        kin = others & (self._kinds == self._kinds[number])
        pool = np.flatnonzero(kin if alike and kin.any() else others)
        return int(rng.choice(pool))
