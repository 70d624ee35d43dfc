# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The trackers, by their registered names."""

from .assembly import create, export
from .base import Estimate, Response, State, Target, Tracker
from .registry import (
    DEFAULT,
    lender,
    load_checkpoint,
    names,
    served,
    settings_class,
    weight_files,
)

__all__ = [
    'DEFAULT',
    'Estimate',
    'Response',
    'State',
    'Target',
    'Tracker',
    'create',
    'export',
    'lender',
    'load_checkpoint',
    'names',
    'served',
    'settings_class',
    'weight_files',
]
