# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The measures of the VOT challenges: short-term with restarts, and long-term."""

from .accuracy import AccuracyRobustness
from .expected_overlap import ExpectedOverlap
from .intervals import INTERVALS, typical_lengths
from .longterm import LongTerm

__all__ = ['INTERVALS', 'AccuracyRobustness', 'ExpectedOverlap', 'LongTerm', 'typical_lengths']
