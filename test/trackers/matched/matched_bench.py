# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings and boxes that the tests of matched targets with a classifier share."""

import pytest
import torch

from siam_tracker_ros.geometry import Box, context_side

CPU = torch.device('cpu')
# A random network's logits mean nothing, so its score is fixed where the state shall not matter.
SURE = {'confidence_bias': 9.0, 'confidence_peak': 0.0, 'scales': 1, 'lost_search_size': 319}
GONE = {'confidence_bias': -9.0, 'confidence_peak': 0.0}
NAMES = ('dsiam', 'sasiam')
of_each = pytest.mark.parametrize('name', NAMES)
HERE, THERE = Box(120.0, 100.0, 60.0, 50.0), Box(220.0, 140.0, 40.0, 56.0)
CELL = 8 * context_side(HERE.w, HERE.h) / 127
"""Pixels of the image in one cell of the first box's map."""
