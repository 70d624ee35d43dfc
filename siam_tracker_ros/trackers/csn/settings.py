# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the cascaded Siamese tracker."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UserError
from ...online.bbox_regression import RegressionSettings
from ...online.redetection import RedetectionSettings
from ...online.teaching_settings import TeachingSettings
from ...settings import setting
from ..match_settings import MatchSettings, PeakSettings, pyramid

# Pixels around the exemplar's size in which a chosen candidate is matched again: the map has two
# cells on each side of the middle one, more than a candidate is off.
FINE_MARGIN = 32


@dataclass(frozen=True)
class CSNSettings(
    TeachingSettings, RedetectionSettings, RegressionSettings, PeakSettings, MatchSettings
):
    """How the cascaded Siamese tracker proposes, decides and learns; defaults: the papers'."""

    candidates_from: str = setting(
        'peaks',
        'whether candidates are the peaks of the similarity map, or drawn around the last place '
        'as by MDNet, which leaves the matching subnetwork out',
        choices=('peaks', 'draws'),
        source='section 3.2',
    )
    decide_by: str = setting(
        'classification',
        'which subnetwork chooses the result; matching leaves the classification subnetwork out',
        choices=('classification', 'matching'),
        source='section 3.2',
    )
    size_from: str = setting(
        'classification',
        'which subnetwork chooses among the scales of a candidate; matching does it by a second '
        'run at the chosen place',
        choices=('classification', 'matching'),
        source='section 3.2',
    )
    peak_count: int = setting(5, 'peaks at most', low=1, high=64, source='own')
    candidate_scales: int = setting(
        3,
        'scales at each peak, odd; where the size comes from matching there is one',
        low=1,
        high=15,
        source='section 4.1',
    )
    candidate_step: float = setting(
        1.02, 'ratio between two scales of a candidate', low=1.0, high=1.5, source='section 4.1'
    )
    drawn_candidates: int = setting(
        256, 'candidates that are drawn', low=1, high=4096, source='MDNet 3.3'
    )
    look_around: bool = setting(
        False,
        'whether the classifier, where it takes no peak for the target, looks for it itself in a '
        'tile around the last place; only with peaks that it decides about',
        source='own',
        dynamic=True,
    )
    similarity_weight: float = setting(
        0.0,
        "weight of a peak's logit beside the classifier's margin, where the result is chosen; the "
        'paper chooses by the classifier alone',
        low=0.0,
        high=100.0,
        source='own',
        dynamic=True,
    )
    distance_weight: float = setting(
        0.0,
        'weight of the logarithm of a cosine window over the search there: what is far from the '
        'last place must look more like the target; none while it is lost',
        low=0.0,
        high=100.0,
        source="own; SiamFC's window",
        dynamic=True,
    )
    box_regression: bool = setting(
        False,
        'whether a regression that was learned in the first frame moves and reshapes the reported '
        'box, where the classifier takes it for the target; the search goes on from the box '
        'before',
        source='own; MDNet 3.3 always does, the paper does not mention it',
    )
    confidence_peak: float = setting(
        0.5,
        "weight of the similarity peak in the score's logit, fitted with the weights",
        source='own',
    )

    def check_together(self) -> None:
        """Refuse exemplars without a cell, even scales, and a cascade without its subnetworks."""
        super().check_together()
        if self.exemplar_size < 95 or self.exemplar_size % 8 != 7:
            raise UserError(
                f'exemplar_size is {self.exemplar_size}: expected at least 95, and 7 more than a '
                'multiple of 8, for which the matching subnetwork has a whole number of cells'
            )
        if self.candidate_scales % 2 == 0:
            raise UserError(
                f'candidate_scales is {self.candidate_scales}: expected an odd number, so that '
                'one keeps the size'
            )
        if self.decide_by == 'matching' and self.candidates_from != 'peaks':
            raise UserError(
                f'candidates_from is {self.candidates_from!r} and decide_by is matching: one of '
                'the two subnetworks must be left in'
            )

    @property
    def candidate_factors(self) -> list[float]:
        """Scales at each peak, rising; one, where classification does not choose the size."""
        if self.size_from == 'matching':
            return [1.0]
        return pyramid(self.candidate_step, self.candidate_scales)

    @property
    def fine_size(self) -> int:
        """Side of the crop in which a chosen candidate is matched again."""
        return self.exemplar_size + FINE_MARGIN
