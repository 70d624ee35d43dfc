# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Boxes as numbers that may be compared."""


def place_of(box):
    return (box.cx, box.cy, box.w, box.h)
