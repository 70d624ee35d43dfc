# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the learning rate changes while a network is trained."""

from __future__ import annotations

import math


def cosine(step: int, steps: int, warmup: int) -> float:
    """Share of the highest rate at a step: linear warm-up, then a cosine to 1 %.

    Parameters
    ----------
    step, steps : int
        Number of the step, from 0 on, and of all steps.
    warmup : int
        Steps of the warm-up.
    """
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def logarithmic(step: int, steps: int, warmup: int, first: float, last: float) -> float:
    """Share of the highest rate at a step: up and then down by equal factors in equal times.

    SiamRPN++ (section 4.2) warms up for 5 epochs at a rate of 0.001, then decays exponentially
    for 15. The rise during the warm-up is published code's, which changes the rate once in an
    epoch; here there are none, and it changes with every step. At the beginning of each of the
    first epochs both are the same.

    Parameters
    ----------
    step, steps : int
        Number of the step, from 0 on, and of all steps.
    warmup : int
        Steps of the warm-up.
    first, last : float
        Shares at the first and at the last step.
    """
    if step < warmup:
        return math.pow(first, 1.0 - step / warmup)
    progress = (step - warmup) / max(1, steps - 1 - warmup)
    return math.pow(last, min(progress, 1.0))
