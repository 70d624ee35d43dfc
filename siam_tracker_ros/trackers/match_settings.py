# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of crops, for all, and of matching, for SiamFC and for those that begin with it.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016, called SiamFC
below.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UserError
from ..settings import Settings, setting


@dataclass(frozen=True)
class CropSettings(Settings):
    """How an exemplar and a search region are cut out of a frame."""

    exemplar_size: int = setting(
        127,
        'side of the exemplar crop',
        unit='px',
        low=87,
        high=511,
        symbol='z',
        source='SiamFC 2.5',
    )
    search_size: int = setting(
        255,
        'side of the search crop',
        unit='px',
        low=103,
        high=1023,
        symbol='x',
        source='SiamFC 2.5',
    )
    context: float = setting(
        0.5,
        'context around the target as a share of (w + h), both sides together',
        low=0.0,
        high=2.0,
        symbol='2p',
        source='SiamFC 2.5',
    )
    lost_search_size: int = setting(
        511,
        'side of the search crop while the target is lost, and once after a pause of the camera',
        unit='px',
        low=103,
        high=2047,
        source='own; pysot has 831 for long sequences',
    )
    lost_search_growth: int = setting(
        0,
        'by how much that crop grows with each frame in which the target is lost, from '
        'search_size on; 0: it is as large as it gets at once',
        unit='px',
        low=0,
        high=1024,
        source='own; after DaSiamRPN 3.4',
    )

    def check_together(self) -> None:
        """Refuse maps without a cell at zero displacement."""
        super().check_together()
        for name in ('search_size', 'lost_search_size'):
            size = getattr(self, name)
            if size <= self.exemplar_size or (size - self.exemplar_size) % 16:
                raise UserError(
                    f'{name} is {size}: expected exemplar_size ({self.exemplar_size}) plus a '
                    'multiple of 16, '
                    'so that a cell of the response map lies at zero displacement'
                )
        if self.lost_search_growth % 16:
            raise UserError(
                f'lost_search_growth is {self.lost_search_growth}: expected a multiple of 16, so '
                'that a cell of each response map lies at zero displacement'
            )

    def widened(self, rim: int) -> CropSettings:
        """Return settings whose crops show more on each side, objects about as large as before.

        Square objects are, but for the rounding of `context`.

        Parameters
        ----------
        rim : int
            Pixels of exemplar and search crops, on each side.
        """
        size = self.exemplar_size + 2 * rim
        wider = size / self.exemplar_size
        lost = self.lost_search_size - self.exemplar_size
        return self.replaced(
            exemplar_size=size,
            search_size=self.search_size + 2 * rim,
            # The side of what is cut out around a square object is 1 + 2 context of its own.
            context=round(((1 + 2 * self.context) * wider - 1) / 2, 4),
            lost_search_size=size + 16 * round(lost * wider / 16),
        )

    def size_while_lost(self, frames: int) -> int:
        """Side of the search crop in the frame after so many in which the target is lost."""
        if not self.lost_search_growth:
            return self.lost_search_size
        grown = self.search_size + frames * self.lost_search_growth
        # Not below search_size, even where the largest one is: it does not shrink.
        return min(grown, max(self.lost_search_size, self.search_size))


@dataclass(frozen=True)
class MatchSettings(CropSettings):
    """How an exemplar is cut out, and how the next frames are searched for it."""

    scales: int = setting(
        3, 'number of search scales, odd', low=1, high=7, source='SiamFC 3 (SiamFC-3s)'
    )
    scale_step: float = setting(
        1.0375, 'ratio between two search scales', low=1.0, high=1.5, source='SiamFC code'
    )
    scale_penalty: float = setting(
        0.9745,
        'factor on the response of every scale but the middle one',
        low=0.0,
        high=1.0,
        source='SiamFC code',
        dynamic=True,
    )
    scale_rate: float = setting(
        0.59,
        'how far the size follows the best scale in one frame',
        low=0.0,
        high=1.0,
        source='SiamFC code',
        dynamic=True,
    )
    window_influence: float = setting(
        0.176,
        'weight of the cosine window against the response',
        low=0.0,
        high=1.0,
        source='SiamFC code',
        dynamic=True,
    )
    upsampling: int = setting(
        16, 'bicubic up-sampling of the response map', low=1, high=32, source='SiamFC 3'
    )
    size_low: float = setting(
        0.2,
        'smallest size against the first frame',
        low=0.01,
        high=1.0,
        source='DSiam code',
        dynamic=True,
    )
    size_high: float = setting(
        5.0,
        'largest size against the first frame',
        low=1.0,
        high=100.0,
        source='DSiam code',
        dynamic=True,
    )
    def check_together(self) -> None:
        """Refuse even scales."""
        super().check_together()
        if self.scales % 2 == 0:
            raise UserError(
                f'scales is {self.scales}: expected an odd number, so that one keeps the size'
            )

    @property
    def factors(self) -> list[float]:
        """Sizes of the search windows, relative to the target's, rising."""
        return pyramid(self.scale_step, self.scales)


@dataclass(frozen=True)
class PeakSettings(Settings):
    """What counts as a peak of a response map."""

    peak_distance: float = setting(
        2.0,
        'cells around a peak, in each direction, in which no other one counts',
        low=0.0,
        high=16.0,
        source='own',
    )
    peak_upsampling: int = setting(
        16, 'bicubic up-sampling of the map that peaks are found on', low=1, high=32, source='own'
    )


def pyramid(step: float, count: int) -> list[float]:
    """An odd number of scales with 1 in the middle, rising by a ratio."""
    return [step**k for k in range(-(count // 2), count // 2 + 1)]
