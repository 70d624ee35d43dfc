# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings with which learning online takes a moment, for the tests of all that learn."""

import torch

# What a frame needs at least to learn from it, and little of it.
SHORT_LESSONS = {
    'start_positives': 12,
    'start_negatives': 16,
    'start_iterations': 3,
    'start_rate': 0.01,
    'update_positives': 4,
    'update_negatives': 8,
    'update_iterations': 3,
    'update_rate': 0.01,
    'batch_positives': 4,
    'batch_negatives': 8,
    'negative_candidates': 16,
    'long_frames': 5,
    'short_frames': 3,
}
ONLINE = {
    'online': True,
    'confidence_margin': 0.0,
    **SHORT_LESSONS,
    'update_every': 2,
}


def spoil(target):
    """Put a NaN into a learned layer."""
    head = target.pupil.classifier.head.row(0)
    with torch.inference_mode():
        head.weights[1][0, 3, 5] = torch.nan
    target.pupil.classifier.head = head
