# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings, boxes and maps that the tests of the cascade share."""

import math

from short_lessons import SHORT_LESSONS
import torch

from siam_tracker_ros.geometry import Box

# A random network's numbers mean nothing, so its score is fixed where the state shall not matter.
SURE = {
    'confidence_bias': 9.0,
    'confidence_peak': 0.0,
    'confidence_sharpness': 0.0,
    'confidence_drop': 0.0,
    'confidence_margin': 0.0,
}
GONE = {**SURE, 'confidence_bias': -9.0}
STATES = {'certain_score': 0.5, 'lost_score': 0.2, 'found_score': 0.6, 'lost_patience': 3}
# What a frame needs at least, and little of it: maps of 9 cells, of 17 while lost.
SMALL = {
    **STATES,
    'exemplar_size': 127,
    'search_size': 191,
    'lost_search_size': 255,
    'upsampling': 8,
    'scales': 1,
    'scale_rate': 0.59,
    'window_influence': 0.176,
    'candidates_from': 'peaks',
    'decide_by': 'classification',
    'size_from': 'matching',
    'peak_count': 3,
    'peak_distance': 2.0,
    'peak_upsampling': 4,
    'candidate_scales': 3,
    'candidate_step': 1.02,
    'drawn_candidates': 16,
    'rival_candidate': 0.75,
    'rival_update': 0.8,
    'classification_share': 0.6,
    'gate_history': 6,
    'between': 'direct',
    **SHORT_LESSONS,
    'grid': 0,
    'iterations_per_frame': 0,
    'learning': True,
    'remember_every': 1,
    'update_every': 2,
    'redetect_tiles': 1,
    'redetect_cells': 5,
    'seed': 0,
}
# What the shipped network is run with where only its weights are meant.
FITTED = {
    **STATES,
    'lost_search_size': 255,
    'size_from': 'matching',
    'start_positives': 32,
    'start_negatives': 96,
    'remember_every': 2,
}
HERE, THERE, AWAY = Box(120, 100, 60, 50), Box(230, 140, 40, 56), Box(70, 190, 44, 44)
NO_RIVAL = (0.0, 0.0, 2.0)


def bumps(cells, *peaks, floor=-6.0):
    """A map that is flat but for bumps, each of them (column, line, height) from the middle."""
    index = torch.arange(cells) - (cells - 1) / 2
    out = torch.full((cells, cells), floor)
    for column, line, height in peaks:
        squares = (index.view(1, -1) - column) ** 2 + (index.view(-1, 1) - line) ** 2
        out = torch.maximum(out, floor + (height - floor) * (-squares / 2).exp())
    return out


def cell_of(box, column, line):
    """Place in the image of a cell, counted from the middle of a search around a box."""
    side = math.sqrt((box.w + (box.w + box.h) / 2) * (box.h + (box.w + box.h) / 2))
    return box.cx + column * 8 * side / 127, box.cy + line * 8 * side / 127


def follow(tracker, frames, box):
    target = tracker.start(frames[0], box)
    return target, [tracker.step(frame, [target])[0] for frame in frames[1:]]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.tensors, other.tensors))
