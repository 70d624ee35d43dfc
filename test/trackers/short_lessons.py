# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings with which learning online takes a moment, for the tests of all that learn."""

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
