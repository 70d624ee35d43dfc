# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The targets that the node follows: their ids, ages and states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
import math

from ..geometry import Box
from ..trackers import Estimate, State, Target


class TargetState(IntEnum):
    """State of a target; the numbers are the constants of TargetStatus."""

    NEW = 0
    TRACKED = 1
    UNCERTAIN = 2
    LOST = 3
    REMOVED = 4


ASPECT_TOLERANCE = 0.01
"""Two sizes whose ratios of width and height differ by less show the same picture."""

LONGEST_NUMBER = 18
"""Digits of an id that is taken for a number; the counter of new ids never reaches longer ones."""

BEHIND = 'it started on an earlier image and catches up with the camera'

STATES = {
    State.TRACKING: TargetState.TRACKED,
    State.UNCERTAIN: TargetState.UNCERTAIN,
    State.LOST: TargetState.LOST,
}


@dataclass(frozen=True)
class TargetReport:
    """One target after one image, as the status message tells it.

    Attributes
    ----------
    id, class_id : str
    state : TargetState
    estimate : Estimate
        Every number is finite and the box lies inside the image.
    age_seconds : float
        Since the image it was started on.
    frames_since_accepted, frames_since_seen : int
        Images that it was followed through.
    """

    id: str
    class_id: str
    state: TargetState
    estimate: Estimate
    age_seconds: float
    frames_since_accepted: int
    frames_since_seen: int

    def inside(self, size: tuple[int, int]) -> TargetReport:
        """Return it with its box inside an image of this width and height."""
        estimate = replace(self.estimate, box=_inside(self.estimate.box, size))
        return replace(self, estimate=estimate)


class Followed:
    """A target of the library with what only the node knows about it.

    Parameters
    ----------
    id, class_id : str
    target : Target
    started_at : float
        Time of the stream at the image it was started on, seconds.
    size : tuple of int
        Width and height of that image.
    arrival : float
        When it came, monotonic, seconds.

    Attributes
    ----------
    looked_at : float
        When the image came that it was looked for in last; at first, the one it was started on.
    """

    def __init__(
        self, id: str, class_id: str, target: Target, started_at: float, size: tuple[int, int],
        arrival: float,
    ) -> None:
        self.id = id
        self.class_id = class_id
        self.target = target
        self.started_at = started_at
        self.size = size
        self.frames = 0
        self.unseen = 0
        self.lost_at: float | None = None
        self.looked_at = arrival
        self.report = self._report(
            TargetState.NEW,
            Estimate(target.box, 1.0, 0.0, None, State.TRACKING, False, 'just started', None),
            started_at,
        )

    def fit(self, size: tuple[int, int]) -> str:
        """Follow the size of the next image; return why the target is lost, empty: it is not."""
        before, self.size = self.size, size
        if before == size:
            return ''
        fx, fy = size[0] / before[0], size[1] / before[1]
        self.target.rescale(fx, fy)
        if abs(fx / fy - 1.0) <= ASPECT_TOLERANCE:
            return ''
        return f'the image changed from {before[0]}x{before[1]} to {size[0]}x{size[1]}'

    def follow(self, estimate: Estimate, now: float) -> None:
        """Take over what the tracker found in the image that was fitted to.

        A number that is not finite makes the target lost, where it was seen last.
        """
        if not _is_finite(estimate):
            self.target.lose()
            estimate = replace(
                estimate,
                box=self.report.estimate.box,
                score=0.0,
                similarity=0.0,
                classification=None,
                state=State.LOST,
                response=None,
                parts={},
            )
        box = _inside(estimate.box, self.size)
        estimate = replace(estimate, box=box, score=min(max(estimate.score, 0.0), 1.0))
        self._enter(STATES[estimate.state], estimate, now)

    def announce_lost(self, reason: str, now: float) -> None:
        """Declare it lost without looking: the image does not continue the one before."""
        self.target.lose()
        estimate = replace(
            self.report.estimate,
            box=_inside(self.target.box, self.size),
            score=0.0,
            similarity=0.0,
            classification=None,
            state=State.LOST,
            updated=False,
            update_reason=reason,
            response=None,
            parts={},
        )
        self._enter(TargetState.LOST, estimate, now)

    def behind(self, size: tuple[int, int], now: float) -> TargetReport:
        """Report it at an image, of this size, that it has not reached: where it was last seen."""
        seen = self.report.estimate
        box = seen.box.scaled(size[0] / self.size[0], size[1] / self.size[1])
        estimate = replace(
            seen,
            box=_inside(box, size),
            updated=False,
            update_reason=BEHIND,
            response=None,
            parts={},
        )
        return self._report(TargetState.NEW, estimate, now)

    def removed(self, now: float) -> TargetReport:
        """Report its end."""
        return self._report(
            TargetState.REMOVED, replace(self.report.estimate, response=None, parts={}), now
        )

    def _enter(self, state: TargetState, estimate: Estimate, now: float) -> None:
        self.frames += 1
        self.unseen = 0 if state is TargetState.TRACKED else self.unseen + 1
        if state is not TargetState.LOST:
            self.lost_at = None
        elif self.lost_at is None:
            self.lost_at = now
        self.report = self._report(state, estimate, now)

    def _report(self, state: TargetState, estimate: Estimate, now: float) -> TargetReport:
        return TargetReport(
            self.id,
            self.class_id,
            state,
            estimate,
            max(0.0, now - self.started_at),
            self.frames,
            self.unseen,
        )


class TargetBook:
    """All targets by their ids, the primary one first: the one that was accepted first."""

    def __init__(self) -> None:
        self._targets: dict[str, Followed] = {}
        self._ended: list[TargetReport] = []
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._targets)

    def __contains__(self, id: str) -> bool:
        return id in self._targets

    def __iter__(self) -> Iterator[Followed]:
        return iter(list(self._targets.values()))

    def new_id(self) -> str:
        """Return an id that no target has or had."""
        self._last_id += 1
        return str(self._last_id)

    def put(self, followed: Followed) -> None:
        """Add a target; one with its id is replaced, in its place."""
        self._targets[followed.id] = followed
        if len(followed.id) <= LONGEST_NUMBER and followed.id.isdecimal():
            self._last_id = max(self._last_id, int(followed.id))

    def remove(self, id: str, now: float) -> None:
        """Drop a target, if there is one of this id; `ended` reports it."""
        followed = self._targets.pop(id, None)
        if followed is not None:
            self._ended.append(followed.removed(now))

    def clear(self, now: float) -> None:
        """Drop all targets."""
        for id in list(self._targets):
            self.remove(id, now)

    def ended(self, size: tuple[int, int] | None = None) -> list[TargetReport]:
        """Report the targets dropped since the last call, once, at an image of this size."""
        ended, self._ended = self._ended, []
        # A target that was dropped and started again under its id lives on.
        ended = [report for report in ended if report.id not in self._targets]
        return ended if size is None else [report.inside(size) for report in ended]


def _is_finite(estimate: Estimate) -> bool:
    """Whether everything that would be published is a number."""
    scores = (estimate.score, estimate.similarity, estimate.classification or 0.0)
    return estimate.box.is_valid and all(math.isfinite(score) for score in scores)


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """Return the box where it lies inside the image, else its part, else the nearest pixel."""
    width, height = size
    left, top, right, bottom = box.ltrb
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return box
    part = box.clipped(width, height)
    if part is not None:
        return part
    x = min(max(box.cx, 0.5), width - 0.5)
    y = min(max(box.cy, 0.5), height - 0.5)
    return Box(x, y, 1.0, 1.0)
