# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that keep what the first frame shows of a target, and search for it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch

from ..frames import Frame
from ..geometry import Box, check_initial_box
from ..online.gate import Decision
from .base import Estimate, Target, Tracker
from .following import Following
from .match_settings import MatchSettings
from .matches import MatchTarget


class TemplateTracker(Tracker):
    """Three-scale matching of a template that stays (SiamFC, section 3).

    Parameters
    ----------
    following : Following
        What is matched, and how matches are judged.

    Attributes
    ----------
    kind : type
        Its targets.
    reason : str
        Why nothing is learned from any frame, where no classifier learns.
    """

    kind: ClassVar[type[MatchTarget]]
    reason: ClassVar[str]

    def __init__(self, following: Following) -> None:
        self.following = following
        self.matcher = following.matcher
        self.device = following.device

    @abstractmethod
    def begin(self, frame: Frame, box: Box) -> MatchTarget:
        """Make a target of the object in a box that was checked."""

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> MatchTarget:
        """See `Tracker.start`."""
        box = check_initial_box(box, frame.width, frame.height)
        s: MatchSettings = self.matcher.settings
        target = self.begin(frame, box)
        match = self.matcher.match(
            frame, [target], [box], s.search_size, s.factors, s.window_influence
        )
        target.origin = match.self_response()
        self.following.start(frame, target)
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`; lost targets search a larger crop, in a run of their own."""
        mine = [t for t in targets if isinstance(t, self.kind)]
        assert len(mine) == len(targets), 'targets of another tracker'
        followed = self.following.follow(frame, mine)
        decisions = self.following.learn(frame, mine, followed)
        if decisions is None:
            decisions = [Decision(False, self.reason)] * len(mine)
        return [
            one.estimate(frame, target, decision)
            for target, one, decision in zip(mine, followed, decisions)
        ]
