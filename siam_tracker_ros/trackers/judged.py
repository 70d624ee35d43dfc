# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Targets whose matches get a score, from which their state follows."""

from __future__ import annotations

from ..geometry import Box
from ..online.monitor import Evidence, Judgement, Monitor
from .base import State, Target
from .match_settings import CropSettings


class JudgedTarget(Target):
    """One object, and the history of its matches.

    Attributes
    ----------
    first : Box
        The box that tracking started with; bounds the size.
    monitor : Monitor
    candidate : Box
        What the last score is about. It is the target's box, unless the target is lost.
    lost_frames : int
        Frames since it was lost, that one with them; 0 while it is not.
    paused : bool
        Whether no frame came for a while: the next one is searched as for a lost target.
    """

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self.first = box
        self.monitor = Monitor()
        self.candidate = box
        self.lost_frames = 0
        self.paused = False

    def judge(self, evidence: Evidence, rule: Judgement) -> float:
        """Return the score of what was found; the state follows."""
        score, word = self.monitor.judge(evidence, rule)
        self.state = State(word)
        self.lost_frames = self.lost_frames + 1 if self.state is State.LOST else 0
        self.paused = False
        return score

    def go(self, box: Box) -> None:
        """Take what was judged for the target's place, unless that says that it is lost."""
        self.candidate = box
        if self.state is not State.LOST:
            self.box = box

    def search_size(self, settings: CropSettings) -> int:
        """Side of the crop in which it is searched next."""
        if self.state is State.LOST:
            return settings.size_while_lost(self.lost_frames)
        if self.paused:
            return max(settings.lost_search_size, settings.search_size)
        return settings.search_size

    def pause(self) -> None:
        """See `Target.pause`."""
        self.paused = True

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.monitor.lost = True
        self.lost_frames = max(self.lost_frames, 1)

    def rescale(self, fx: float, fy: float) -> None:
        """See `Target.rescale`; all boxes that are remembered are rescaled."""
        super().rescale(fx, fy)
        self.candidate = self.candidate.scaled(fx, fy)
        self.first = self.first.scaled(fx, fy)
