# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cascaded Siamese tracker: matching proposes, a classifier that learns online decides.

Gao et al., "Cascaded Siamese Networks for Visual Tracking", 2019. Sections cited without a paper
are of that one; what it leaves open follows MDNet (Nam and Han 2016) and SiamFC.
"""

from .settings import CSNSettings
from .target import CSNTarget
from .tracker import CSNTracker

__all__ = ['CSNSettings', 'CSNTarget', 'CSNTracker']
