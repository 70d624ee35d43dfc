# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of DSiam share: ways to learn that are quick to run, and how to compare."""

import numpy as np
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import dsiam_settings

CPU = torch.device('cpu')
SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
# A random network's logits mean nothing, so its score is fixed where the state shall not matter,
# and all that is finite is a success.
SURE = {
    'confidence_bias': 9.0, 'confidence_peak': 0.0, 'success_peak': -1e6, 'scales': 1,
    'search_size': 191, 'lost_search_size': 191,
}  # fmt: skip
LOST = {'confidence_bias': -9.0, 'lost_patience': 1}
UNCERTAIN = {'confidence_bias': 0.0, 'certain_score': 0.9, 'learn_uncertain': False}
WAY = (
    'template', 'suppression', 'fusion', 'lambda_v', 'lambda_w', 'lambda_per_cell',
    'variation_rate', 'suppression_rate', 'hann', 'weight_spread', 'weight_window',
    'learn_uncertain', 'learn_every',
)  # fmt: skip
# The paper's way, at a size that is quick.
PAPER = {k: v for k, v in dsiam_settings.PAPER.items() if k in WAY}
AUTHORS = {k: v for k, v in dsiam_settings.AUTHORS.items() if k in WAY}
SEARCH = {**PAPER, 'suppression': 'search'}
WAYS = [
    PAPER, SEARCH, AUTHORS, {**PAPER, 'suppression': 'none'}, {**PAPER, 'template': 'first'},
    {**SEARCH, 'template': 'previous'},
]  # fmt: skip
OTHER_SIZE = 'the crops are not of the size of those of the first frame'
BOX = Box.from_ltwh(100, 80, 60, 50)


def shifted(texture, k):
    return Frame.from_numpy(np.roll(texture(), (3 * k, 5 * k), (0, 1)))


def same(one, other):
    """Whether two targets have learned the same."""
    for a, b in zip(
        (*one.learned.templates, *one.learned.suppression),
        (*other.learned.templates, *other.learned.suppression),
    ):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
