# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happens between activation and deactivation, image by image; no ROS in it.

Only the worker's thread uses a `Session`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import traceback
from typing import Any, TypeVar

import torch

from ..frames import Frame
from ..trackers import Tracker
from .exchange import Answer, CameraImage, Change, Command, FrameReport
from .image_rules import NANOSECONDS
from .roi import (
    Refusal,
    RefusedRoi,
    RoiRequest,
    Start,
    check_box,
    check_frame_id,
    choose_image,
    stamp_ns,
    superseded,
)
from .settings import NodeSettings
from .targets import Followed, TargetBook
from .timeline import Timeline

T = TypeVar('T')
ROI_PATIENCE_S = 2.0
"""A region waits for an image this long before it is refused."""

ASPECT_TOLERANCE = 0.01
"""Two sizes whose ratios of width and height differ by less show the same picture."""


@dataclass(frozen=True)
class _Held:
    """An image on its device."""

    header: Any
    frame: Frame

    @property
    def stamp(self) -> int:
        return stamp_ns(self.header.stamp)


class Session:
    """Targets, the regions that wait for an image, and the image before.

    Parameters
    ----------
    tracker : Tracker
    settings : NodeSettings
    answer : callable
        Takes the answer to each region as soon as it is known.
    failed : callable
        Takes the traceback of a tracker that could not start on a region.
    """

    def __init__(
        self,
        tracker: Tracker,
        settings: NodeSettings,
        answer: Callable[[Answer], None],
        failed: Callable[[str], None],
    ) -> None:
        self._tracker = tracker
        self._settings = settings
        self._answer = answer
        self._failed = failed
        self._book = TargetBook()
        self._timeline = Timeline()
        self._pending: list[RoiRequest] = []
        self._held: _Held | None = None
        self._size: tuple[int, int] | None = None

    def apply(self, commands: Sequence[Command]) -> None:
        """Carry out commands in their order; regions wait for the next image."""
        for command in commands:
            if isinstance(command, RoiRequest):
                self._pending.append(command)
            elif isinstance(command, Change):
                self._settings = command.settings
                self._tracker = command.tracker
            else:
                self._stop(command.id)

    def _stop(self, id: str) -> None:
        """Drop a target, or all, with the regions that wait to become it."""
        for request in [r for r in self._pending if not id or r.id == id]:
            self._pending.remove(request)
            reason = 'it was stopped before the next image came'
            self._refuse(request, Refusal.SUPERSEDED, reason)
        if id:
            self._book.remove(id, self._timeline.elapsed)
        else:
            self._book.clear(self._timeline.elapsed)

    def expire(self, now: float) -> None:
        """Refuse the regions that waited for an image in vain; `now` is monotonic."""
        waiting = []
        for request in self._pending:
            if now - request.arrival < ROI_PATIENCE_S:
                waiting.append(request)
            elif self._held is None:
                reason = 'no image has arrived yet: start the camera'
                self._refuse(request, Refusal.NO_IMAGE, reason)
            elif request.stamp > self._held.stamp:
                ahead = (request.stamp - self._held.stamp) / NANOSECONDS
                reason = f"the region's stamp is {ahead:.3f} s later than the newest image's"
                self._refuse(request, Refusal.TOO_NEW, reason)
            else:
                reason = 'no image came since the region: the camera is silent'
                self._refuse(request, Refusal.NO_IMAGE, reason)
        self._pending = waiting

    def process(self, image: CameraImage) -> FrameReport:
        """Start and follow targets in the next image.

        Raises
        ------
        torch.cuda.OutOfMemoryError
            Twice in a row.
        """
        height, width = image.pixels.shape[:2]
        stamp = stamp_ns(image.header.stamp)
        frame = self._retried(
            lambda: Frame.from_numpy(
                image.pixels, self._tracker.device, 'bgr', stamp / NANOSECONDS if stamp else None
            )
        )
        reason = '' if self._timeline.advance(stamp, image.arrival) else 'the stamps jumped'
        if reason:
            self._held = None
        reason = self._follow_size(width, height) or reason
        if reason:
            for followed in self._book:
                followed.announce_lost(reason, width, height, self._timeline.elapsed)
        current = _Held(image.header, frame)
        known = [] if reason else list(self._book)
        known = self._start_pending(current, known)
        self._step(frame, known)
        self._drop_long_lost()
        self._held = current
        reports = [followed.report for followed in self._book]
        return FrameReport(image.header, reports + self._book.ended())

    def end(self) -> FrameReport | None:
        """Refuse what waits and drop all targets; report those that there were."""
        for request in self._pending:
            self._refuse(request, Refusal.INACTIVE, 'the node was deactivated: activate it first')
        self._pending = []
        self._book.clear(self._timeline.elapsed)
        ended = self._book.ended()
        held, self._held = self._held, None
        return FrameReport(held.header, ended) if held is not None and ended else None

    def _follow_size(self, width: int, height: int) -> str:
        """Rescale the targets to a new size of the image; return why they are lost, if so."""
        before, self._size = self._size, (width, height)
        if before is None or before == self._size:
            return ''
        self._held = None
        fx, fy = width / before[0], height / before[1]
        for followed in self._book:
            followed.target.rescale(fx, fy)
        if abs(fx / fy - 1.0) <= ASPECT_TOLERANCE:
            return ''
        return f'the image changed from {before[0]}x{before[1]} to {width}x{height}'

    def _start_pending(self, current: _Held, known: list[Followed]) -> list[Followed]:
        """Start the regions that wait; return the targets to look for in the current image."""
        requests, self._pending = self._pending, []
        late = superseded(requests)
        for index, request in enumerate(requests):
            try:
                if index in late:
                    raise RefusedRoi(
                        Refusal.SUPERSEDED,
                        'a newer region for the same target came before the next image',
                    )
                started = self._start(request, current)
            except RefusedRoi as refusal:
                self._refuse(request, refusal.code, refusal.sentence, current)
                continue
            if started is None:
                self._pending.append(request)
            elif started[1] is Start.HELD:
                known.append(started[0])
        alive = list(self._book)
        return [followed for followed in known if followed in alive]

    def _start(self, request: RoiRequest, current: _Held) -> tuple[Followed, Start] | None:
        """Start one region, or None where its image is still to come.

        Raises
        ------
        RefusedRoi
        """
        check_frame_id(request, current.header.frame_id)
        held = self._held
        place = choose_image(
            request,
            current.stamp,
            held.stamp if held is not None else None,
            self._settings.frame_buffer_seconds,
        )
        if place is Start.LATER:
            return None
        image = held if place is Start.HELD and held is not None else current
        box = check_box(request.box, image.frame.width, image.frame.height)
        adds = not request.replaces_all and request.id not in self._book
        if adds and len(self._book) >= self._settings.max_targets:
            raise RefusedRoi(
                Refusal.TOO_MANY_TARGETS,
                f'{len(self._book)} targets are followed already: stop one, or raise max_targets',
            )
        try:
            target = self._retried(lambda: self._tracker.start(image.frame, box))
        except torch.cuda.OutOfMemoryError:
            raise
        except Exception as error:
            self._failed(traceback.format_exc())
            raise RefusedRoi(
                Refusal.TRACKER_ERROR, f'the tracker could not start on this region ({error})'
            ) from error
        now = self._timeline.elapsed
        if request.replaces_all:
            self._book.clear(now)
        followed = Followed(request.id or self._book.new_id(), request.class_id, target, now)
        self._book.put(followed)
        self._answer(
            Answer(
                request.header if request.header is not None else image.header,
                followed.id,
                Refusal.NONE,
                clipped=box != request.box,
                started_at=image.header.stamp,
            )
        )
        return followed, place

    def _step(self, frame: Frame, known: list[Followed]) -> None:
        """Look for targets in the image with one run of the network."""
        if not known:
            return
        targets = [followed.target for followed in known]
        estimates = self._retried(lambda: self._tracker.step(frame, targets))
        for followed, estimate in zip(known, estimates):
            followed.follow(estimate, frame.width, frame.height, self._timeline.elapsed)

    def _drop_long_lost(self) -> None:
        now, limit = self._timeline.elapsed, self._settings.lost_timeout
        for followed in self._book:
            if limit > 0 and followed.lost_at is not None and now - followed.lost_at > limit:
                self._book.remove(followed.id, now)

    def _refuse(
        self, request: RoiRequest, code: Refusal, reason: str, image: _Held | None = None
    ) -> None:
        header = request.header
        if header is None and image is not None:
            header = image.header
        self._answer(Answer(header, request.id, code, reason))

    def _retried(self, work: Callable[[], T]) -> T:
        """Do something that needs memory of the device, a second time with an empty cache."""
        try:
            return work()
        except torch.cuda.OutOfMemoryError:
            # Only after this block does nothing hold the failed attempt's tensors any more.
            pass
        torch.cuda.empty_cache()
        return work()
