# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of DSiam: what is learned from each frame, and how.

Guo et al., "Learning Dynamic Siamese Network for Visual Object Tracking", 2017; "code" is that of
its authors, which departs from the paper. Where they differ the defaults are the code's: with
features that were not trained jointly the paper's follow worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..models.dynamic import Manner
from ..settings import Scalar, setting
from .online_settings import OnlineMatchSettings

TRANSFORMED, PREVIOUS, FIRST = 'transformed', 'previous', 'first'
CROPS, SEARCH, NONE = 'crops', 'search', 'none'
LEARNED, FIXED, LAST = 'learned', 'fixed', 'last'


@dataclass(frozen=True)
class DSiamSettings(OnlineMatchSettings):
    """How DSiam searches, what it learns from its results, and when it gives up."""

    learning: bool = setting(
        True,
        'whether the transformations are learned anew from each success, and with online the '
        'classifier learns after the first frame; false keeps both',
        source='section 3.6; CSN 3.3',
        dynamic=True,
    )
    success_peak: float = setting(
        0.0,
        'response above which a frame is a success; else the transformations are dropped',
        low=-1e6,
        high=1e6,
        source='section 3.6',
        dynamic=True,
    )
    learn_uncertain: bool = setting(
        False,
        'whether a success is learned from while the target is uncertain, too; false keeps what '
        'was learned before, because what hides the target may respond as well',
        source='own; section 3.6: true',
        dynamic=True,
    )
    learn_every: int = setting(
        2,
        'each how many successes one is learned from; the first one after a failure always is',
        low=1,
        high=1000,
        source='own; section 3.6: 1',
        dynamic=True,
    )
    template: str = setting(
        TRANSFORMED,
        'what is searched: the first exemplar after the learned variation (V), the exemplar of '
        'the last success in its place, or the first one as it is',
        choices=(TRANSFORMED, PREVIOUS, FIRST),
        symbol='V',
        source='Eq. 2 and 6; Fig. 9: previous is withFrame(t-1), first is -VT',
        dynamic=True,
    )
    suppression: str = setting(
        SEARCH,
        'what suppresses the background (W) is learned from: two crops around the result, one of '
        'them weighted; the features that were searched, the same weighted, which needs no '
        'further run of the network; or nothing, and it is left out',
        choices=(CROPS, SEARCH, NONE),
        symbol='W',
        source='own; Eq. 8, Fig. 3 and code: crops; Fig. 9: none, -BS',
        dynamic=True,
    )
    fusion: str = setting(
        LEARNED,
        'weights of the response maps where several layers are matched: the learned maps, one '
        'number for all cells, or the last layer alone',
        choices=(LEARNED, FIXED, LAST),
        source='Eq. 9; Fig. 9: fixedFusionWeight, -Multi',
        dynamic=True,
    )
    fixed_share: float = setting(
        0.8,
        "the last layer's share where the fusion is fixed; the others get the rest in equal parts",
        low=0.0,
        high=1.0,
        source='code, for VGG-19',
        dynamic=True,
    )
    lambda_v: float = setting(
        0.0,
        'regularisation of the variation, for all layers; 0: what the network has learned',
        low=0.0,
        high=1e9,
        symbol='lambda_v',
        source='Eq. 5',
        dynamic=True,
    )
    lambda_w: float = setting(
        0.0,
        'regularisation of the suppression, for all layers; 0: what the network has learned',
        low=0.0,
        high=1e9,
        symbol='lambda_w',
        source='Eq. 7',
        dynamic=True,
    )
    lambda_per_cell: bool = setting(
        True,
        'whether the regularisations are multiplied by the number of cells of the features',
        source='code; Eq. 4: false',
        dynamic=True,
    )
    variation_rate: float = setting(
        0.49,
        'share of the transformed exemplar in what is searched; the rest is the first one',
        low=0.0,
        high=1.0,
        source='code; Eq. 2: 1',
        dynamic=True,
    )
    suppression_rate: float = setting(
        0.29,
        'share of the transformed features in the search region; the rest are as they were',
        low=0.0,
        high=1.0,
        source='code; Eq. 2: 1',
        dynamic=True,
    )
    hann: bool = setting(
        True,
        'whether a Hann window lies on all that is transformed, so that opposite borders are no '
        'neighbours',
        source='code; Eq. 4: false',
        dynamic=True,
    )
    weight_spread: float = setting(
        100.0,
        'standard deviation of the Gaussian that highlights the foreground, in sides of the '
        'exemplar',
        low=0.05,
        high=1000.0,
        source='code, nearly flat; the paper states none',
        dynamic=True,
    )
    weight_window: bool = setting(
        True,
        'whether a Hamming window on the lines and a Hann window on the columns lie on that '
        'Gaussian',
        source='code; section 3.2: false',
        dynamic=True,
    )

    @property
    def varying(self) -> Manner:
        """How V is learned and applied."""
        return Manner(self.variation_rate, self.hann, self.lambda_per_cell)

    @property
    def suppressing(self) -> Manner:
        """How W is learned and applied."""
        return Manner(self.suppression_rate, self.hann, self.lambda_per_cell)

    @property
    def transforms(self) -> bool:
        """Whether there are transformations to learn; without any, this matches as SiamFC."""
        return self.template != FIRST or self.suppression != NONE

    @property
    def learns(self) -> bool:
        """See `ScoreSettings.learns`."""
        return self.transforms or super().learns


BOTH: dict[str, Scalar] = {
    'exemplar_size': 127,
    'search_size': 255,
    'scales': 3,
    'success_peak': 0.0,
    'learn_uncertain': True,
    'learn_every': 1,
    'template': TRANSFORMED,
    'suppression': CROPS,
    'fusion': LEARNED,
}

PAPER: Mapping[str, Scalar] = {
    **BOTH,
    'lambda_per_cell': False,
    'variation_rate': 1.0,
    'suppression_rate': 1.0,
    'hann': False,
    # It states no number: one side of the exemplar, so that the target keeps most of its weight.
    'weight_spread': 1.0,
    'weight_window': False,
}
"""What the paper states, and what its equations say where they are silent."""

AUTHORS: Mapping[str, Scalar] = {
    **BOTH,
    'context': 0.5,
    'scale_step': 1.0375,
    'scale_penalty': 0.9745,
    'scale_rate': 0.58,
    'window_influence': 0.176,
    'lambda_v': 1e-5,
    'lambda_w': 10.0,
    'lambda_per_cell': True,
    'variation_rate': 0.49,
    'suppression_rate': 0.29,
    'hann': True,
    'weight_spread': 100.0,
    'weight_window': True,
}
"""What the authors' code does with SiamFC's features (``fcnet_init.m``, ``CirConv.m``)."""
