# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happens between activation and deactivation, image by image; no ROS in it.

Only the worker's thread uses a `Session`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import time
import traceback
from typing import Any

from ..faults import is_device_lost, is_out_of_memory
from ..geometry import Box
from ..trackers import Tracker
from .catch_up import CatchUp
from .exchange import Answer, CameraImage, Change, Command, FrameReport
from .frame_buffer import FrameBuffer
from .image_rules import NANOSECONDS, MalformedImage
from .pauses import PAUSE_S
from .roi import Refusal, RefusedRoi, RoiRequest, stamp_ns
from .settings import NodeSettings
from .statistics import Counters
from .targets import Followed, TargetBook, TargetReport
from .timeline import Timeline
from .upload import Uploaded, retried, upload
from .waiting import WaitingRegions


class Session:
    """Targets, and the regions that wait for an image.

    Parameters
    ----------
    tracker : Tracker
    settings : NodeSettings
    buffer : FrameBuffer
        Every image that comes is put there before it is processed here.
    counters : Counters
    answer : callable
        Takes the answer to each region as soon as it is known.
    failed : callable
        Takes the traceback of a tracker that could not start on a region.
    step_seconds : float
        How long a search takes, until one was made here.
    clock : callable
        Monotonic time in seconds.
    is_over : callable
        Whether no more targets should be started.
    """

    def __init__(
        self,
        tracker: Tracker,
        settings: NodeSettings,
        buffer: FrameBuffer,
        counters: Counters,
        answer: Callable[[Answer], None],
        failed: Callable[[str], None],
        step_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tracker = tracker
        self._settings = settings
        self._buffer = buffer
        self._failed = failed
        self._clock = clock
        self._is_over = is_over
        self._book = TargetBook()
        self._behind = CatchUp(buffer, counters, step_seconds)
        self._timeline = Timeline()
        self._waiting = WaitingRegions(buffer, answer)
        self._last: Any = None
        self._arrival = 0.0

    def apply(self, commands: Sequence[Command]) -> None:
        """Carry out commands in their order; regions wait for the next image."""
        for command in commands:
            if isinstance(command, RoiRequest):
                self._waiting.add(command)
            elif isinstance(command, Change):
                self._settings = command.settings
                self._tracker = command.tracker
            else:
                self._stop(command.id)

    def _stop(self, id: str) -> None:
        """Drop a target, or all, with the regions that wait to become it."""
        self._waiting.stop(id)
        if id:
            self._book.remove(id, self._timeline.elapsed)
        else:
            self._book.clear(self._timeline.elapsed)

    def expire(self, now: float) -> None:
        """Refuse the regions that waited for an image in vain; `now` is monotonic."""
        self._waiting.expire(self._last, now)

    def process(self, image: CameraImage) -> FrameReport:
        """Start and follow targets in the next image.

        What needs memory is done twice before an error says that there is none.
        """
        current = upload(image, self._tracker.device)
        self._last, self._arrival = image.header, image.arrival
        jumped = ''
        if not self._timeline.advance(current.stamp, image.arrival):
            jumped = 'the stamps jumped'
            self._behind.clear()
        live = [followed for followed in self._book if followed not in self._behind]
        known = self._known(live, current.size, jumped)
        self._start_waiting(current)
        self._behind.keep(list(self._book))
        known += self._known(self._behind.join(current.stamp, self._clock()), current.size)
        alive = list(self._book)
        self._step(current, [followed for followed in known if followed in alive])
        self._drop_long_lost()
        reports = [self._report(followed, current.size) for followed in self._book]
        return FrameReport(image.header, reports + self._book.ended(current.size))

    def catch_up(self) -> bool:
        """Search targets that started on an earlier image in one more of the kept ones.

        While the camera pauses, regions that were drawn on one of its images are started here.

        Returns
        -------
        bool
            False: there is nothing to do before the camera's next image.
        """
        if self._last is None:
            return False
        if self._clock() - self._arrival > PAUSE_S:
            self._start_waiting()
        self._behind.keep(list(self._book))
        turn = self._behind.turn(stamp_ns(self._last.stamp), self._clock())
        if turn is None:
            return False
        kept, targets = turn
        begin = self._clock()
        searched = False
        try:
            image = upload(self._buffer.decoded(kept), self._tracker.device)
            known = self._known([behind.followed for behind in targets], image.size)
            self._step(image, known)
            searched = True
        except MalformedImage:
            # Told when it came, or a compressed one that was replaced before its turn.
            pass
        finally:
            # Also past an image that the tracker fails in: it would fail again.
            self._behind.passed(kept, targets, searched)
        self._behind.step_seconds = self._clock() - begin
        return True

    def end(self) -> FrameReport | None:
        """Refuse what waits and drop all targets; report those that there were."""
        self._waiting.end()
        self._behind.clear()
        self._book.clear(self._timeline.elapsed)
        ended = self._book.ended()
        last, self._last = self._last, None
        return FrameReport(last, ended) if last is not None and ended else None

    def _time_of(self, stamp: int) -> float:
        """Time of the stream at a kept image or the last one, seconds."""
        return self._timeline.elapsed - (stamp_ns(self._last.stamp) - stamp) / NANOSECONDS

    def _known(
        self, targets: Sequence[Followed], size: tuple[int, int], jumped: str = ''
    ) -> list[Followed]:
        """Declare lost those whose image does not continue the last one; return the others."""
        known = []
        for followed in targets:
            reason = followed.fit(size) or jumped
            if reason:
                followed.announce_lost(reason, self._timeline.elapsed)
            else:
                known.append(followed)
        return known

    def _report(self, followed: Followed, size: tuple[int, int]) -> TargetReport:
        if followed in self._behind:
            return followed.behind(size, self._timeline.elapsed)
        return followed.report

    def _start_waiting(self, current: Uploaded | None = None) -> None:
        """Start the regions whose image has come; `current` has come just now."""
        behind = []
        for request, box, image in self._waiting.due(self._last, self._tracker.device, current):
            if self._is_over():
                # Each start may take half a second: `end` answers those that are left.
                break
            try:
                followed = self._start(request, box, image)
            except RefusedRoi as refusal:
                self._waiting.refuse(request, refusal.code, refusal.sentence, self._last)
                continue
            if image is not current:
                behind.append((followed, image.stamp))
        # After the last start: each takes time from those before it.
        now = self._clock()
        for followed, stamp in behind:
            self._behind.add(followed, stamp, now)

    def _start(self, request: RoiRequest, box: Box, image: Uploaded) -> Followed:
        """Start one region on its image, with the part of it that lies inside.

        Raises
        ------
        RefusedRoi
        """
        adds = not request.replaces_all and request.id not in self._book
        if adds and len(self._book) >= self._settings.max_targets:
            raise RefusedRoi(
                Refusal.TOO_MANY_TARGETS,
                f'{len(self._book)} targets are followed already: stop one, or raise max_targets',
            )
        try:
            target = retried(lambda: self._tracker.start(image.frame, box))
        except Exception as error:
            if is_out_of_memory(error) or is_device_lost(error):
                raise
            self._failed(traceback.format_exc())
            raise RefusedRoi(
                Refusal.TRACKER_ERROR, f'the tracker could not start on this region ({error})'
            ) from error
        if request.replaces_all:
            self._book.clear(self._timeline.elapsed)
        followed = Followed(
            request.id or self._book.new_id(), request.class_id, target,
            self._time_of(image.stamp), image.size, image.arrival,
        )
        self._book.put(followed)
        self._waiting.accept(request, followed.id, image.header, clipped=box != request.box)
        return followed

    def _step(self, image: Uploaded, known: list[Followed]) -> None:
        """Look for targets in the image with one run of the network."""
        if not known:
            return
        for followed in known:
            # Also where the image that ended the pause gave way to this one.
            if self._buffer.paused_between(followed.looked_at, image.arrival):
                followed.target.pause()
            followed.looked_at = image.arrival
        targets = [followed.target for followed in known]
        begin = self._clock()
        estimates = retried(lambda: self._tracker.step(image.frame, targets))
        self._behind.step_seconds = self._clock() - begin
        for followed, estimate in zip(known, estimates):
            followed.follow(estimate, self._time_of(image.stamp))

    def _drop_long_lost(self) -> None:
        now, limit = self._timeline.elapsed, self._settings.lost_timeout
        for followed in self._book:
            if limit > 0 and followed.lost_at is not None and now - followed.lost_at > limit:
                self._book.remove(followed.id, now)
