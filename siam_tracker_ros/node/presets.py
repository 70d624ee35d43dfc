# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Values of a tracker's settings for a purpose, where those that its weights bring do not suit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..online.classifier_settings import LIGHT
from ..settings import Scalar, describe
from ..trackers.csn import CSNSettings
from ..trackers.dsiam_settings import AUTHORS, PAPER
from ..weights import pysot

# A narrow network needs larger steps than MDNet's, so these belong to the weights.
RATES = ('start_rate', 'update_rate')

# Sources in the tables that are the paper of the cascaded tracker, or MDNet, which it names for
# what it leaves open.
PAPERS = ('section', 'CSN', 'MDNet')

# What the paper means without a word: crops of section 2, each negative sample drawn with a crop
# of its own, lessons that the frame waits for, from results of any S_C, no candidates but peaks,
# and no regression of boxes.
IMPLIED = (
    'exemplar_size',
    'search_size',
    'grid',
    'iterations_per_frame',
    'least_classification',
    'look_around',
    'similarity_weight',
    'distance_weight',
    'box_regression',
)


@dataclass(frozen=True)
class Preset:
    """A file of parameters with values that replace those of the weights.

    Attributes
    ----------
    file : str
        Its name in ``config/``.
    tracker : str
        Registered name.
    purpose : str
        For the head of the file, one sentence or more.
    values : mapping of str to scalar
        By setting; what is left out is as the weights say.
    """

    file: str
    tracker: str
    purpose: str
    values: Mapping[str, Scalar]


def _as_published() -> dict[str, Scalar]:
    """Every value that the papers state; the defaults of the table are theirs."""
    return {
        info.name: info.default
        for info in describe(CSNSettings)
        if info.name in IMPLIED or (info.source.startswith(PAPERS) and info.name not in RATES)
    }


def _light() -> dict[str, Scalar]:
    """Few samples, seldom: where the processor is small."""
    light = {name: value for name, value in LIGHT.changes().items() if name not in RATES}
    return {
        **light,
        'size_from': 'matching',
        'peak_count': 3,
        'peak_upsampling': 4,
        'drawn_candidates': 64,
        'remember_every': 5,
        'update_negatives': 32,
        'grid': 7,
        'batch_negatives': 32,
        'negative_candidates': 128,
        'update_iterations': 4,
        'redetect_tiles': 1,
        'redetect_cells': 7,
        'lost_search_size': 383,
    }


def _published(family: str) -> dict[str, Scalar]:
    """How a model of pysot's zoo searches."""
    (settings,) = (f.settings for f in pysot.FAMILIES if f.name == family)
    return dict(settings)


PUBLISHED = (
    "For weights of pysot's zoo, or to compare: what published code has for {}. Weights of the "
    'zoo bring the values of their own experiment, which may be these. Say which weights: '
    '`weights: PATH` beside `tracker` below.'
)

PRESETS = (
    Preset(
        'csn.yaml',
        'csn',
        'What the paper (Gao et al. 2019) states, and MDNet (Nam and Han 2016) where the paper '
        'leaves it open. The shipped weights are of a narrow network and bring lighter values, '
        'for a CPU; these need a GPU to keep up with a camera. The learning rates stay those of '
        "the weights: a narrow network needs larger ones than MDNet's. Score and thresholds, too, "
        'stay those of the weights, which were fitted with their values, not with these.',
        _as_published(),
    ),
    Preset(
        'csn_embedded.yaml',
        'csn',
        'For a small computer without a GPU; aims at 15 frames a second on two cores. Fewer '
        'samples, remembered seldom, a lesson spread over frames, and a slower search for a '
        'lost target. The learning rates stay those of the weights.',
        _light(),
    ),
    Preset(
        'dsiam_paper.yaml',
        'dsiam',
        'What the paper (Guo et al. 2017) states, and what it means without a word. The '
        'regularisations are those of the weights, as the paper learns them. Score and thresholds '
        'stay those of the weights, which were fitted with other values.',
        PAPER,
    ),
    Preset(
        'dsiam_authors.yaml',
        'dsiam',
        "What the code of DSiam's authors does with SiamFC's features, where it departs from the "
        'paper or the paper states nothing. Score and thresholds stay those of the weights.',
        AUTHORS,
    ),
    Preset(
        'siamrpnpp_vot.yaml',
        'siamrpnpp',
        PUBLISHED.format('VOT'),
        _published('siamrpn_r50_l234_dwxcorr'),
    ),
    Preset(
        'siamrpnpp_otb.yaml',
        'siamrpnpp',
        PUBLISHED.format('OTB'),
        _published('siamrpn_r50_l234_dwxcorr_otb'),
    ),
    Preset(
        'siamrpnpp_longterm.yaml',
        'siamrpnpp',
        PUBLISHED.format('long sequences in which the target leaves')
        + ' The thresholds are of the score of the best proposal as it is, without a fit, as '
        'scripts/fit_score.py makes one: the target is lost below 0.8, and found from 0.998 on.',
        _published('siamrpn_r50_l234_dwxcorr_lt'),
    ),
)
