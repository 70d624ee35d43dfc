# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Targets whose matches get a score, from which their state follows."""

from __future__ import annotations

from ..geometry import Box
from ..online.monitor import Monitor
from .base import Target


class JudgedTarget(Target):
    """One object, and the history of its matches.

    Attributes
    ----------
    first : Box
        The box that tracking started with; bounds the size.
    monitor : Monitor
    candidate : Box
        What the last score is about. It is the target's box, unless the target is lost.
    """

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self.first = box
        self.monitor = Monitor()
        self.candidate = box

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.monitor.lost = True

    def rescale(self, fx: float, fy: float) -> None:
        """See `Target.rescale`; the bounds of the size are rescaled with it."""
        super().rescale(fx, fy)
        self.first = self.first.scaled(fx, fy)
