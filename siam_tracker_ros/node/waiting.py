# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The regions of interest that wait for an image, until each has its answer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any

import torch

from ..errors import UserError
from ..geometry import Box
from .exchange import Answer
from .frame_buffer import FrameBuffer
from .image_rules import NANOSECONDS, MalformedImage
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
    too_old,
)
from .upload import Uploaded, upload

ROI_PATIENCE_S = 2.0
"""A region waits for an image this long before it is refused."""


class WaitingRegions:
    """Regions in the order in which they came.

    Parameters
    ----------
    buffer : FrameBuffer
        Where the images are that regions were drawn on.
    answer : callable
        Takes the answer to each region as soon as it is known.
    """

    def __init__(self, buffer: FrameBuffer, answer: Callable[[Answer], None]) -> None:
        self._buffer = buffer
        self._answer = answer
        self._requests: list[RoiRequest] = []

    def add(self, request: RoiRequest) -> None:
        """Let a region wait for the next image."""
        self._requests.append(request)

    def stop(self, id: str) -> None:
        """Refuse those that wait to become the target with this id; empty: all."""
        for request in list(self._requests):
            if not id or request.id == id:
                reason = 'it was stopped before the next image came'
                self.refuse(request, Refusal.SUPERSEDED, reason)

    def end(self) -> None:
        """Refuse all."""
        for request in list(self._requests):
            self.refuse(request, Refusal.INACTIVE, 'the node was deactivated: activate it first')

    def expire(self, last: Any, now: float) -> None:
        """Refuse those that waited in vain.

        Parameters
        ----------
        last : std_msgs/Header or None
            Of the last image.
        now : float
            Monotonic time, seconds.
        """
        for request in list(self._requests):
            if now - request.arrival < ROI_PATIENCE_S:
                continue
            ahead = request.stamp - stamp_ns(last.stamp) if last is not None else 0
            if last is None:
                reason = 'no image has arrived yet: start the camera'
                self.refuse(request, Refusal.NO_IMAGE, reason)
            elif ahead > 0:
                reason = (
                    f"the region's stamp is {ahead / NANOSECONDS:.3f} s later than the newest "
                    "image's"
                )
                self.refuse(request, Refusal.TOO_NEW, reason)
            else:
                reason = 'no image came since the region: the camera is silent'
                self.refuse(request, Refusal.NO_IMAGE, reason)

    def due(
        self, last: Any, device: torch.device, current: Uploaded | None = None
    ) -> list[tuple[RoiRequest, Box, Uploaded]]:
        """Return those whose image has come, with box and image; each of them needs an answer.

        Of an image that never came, its nearest neighbour is taken. Of those for one target, the
        last one that can be taken wins.

        Parameters
        ----------
        last : std_msgs/Header
            Of the camera's last image.
        device : torch.device
            Where kept images are uploaded to.
        current : Uploaded, optional
            That image, where it has just come; else those without a stamp go on waiting, and those
            that came after one that replaces all targets wait with it.

        Returns
        -------
        list of tuple
            Each region, its box clipped to the image, and the image, in the order in which the
            regions came.
        """
        found: list[tuple[RoiRequest, Box, Uploaded]] = []
        refused = []
        images = {} if current is None else {current.stamp: current}
        for request in reversed(self._in_turn(current)):
            try:
                if superseded(request, (newer for newer, _, _ in found)):
                    raise RefusedRoi(
                        Refusal.SUPERSEDED,
                        'a newer region for the same target came before the next image',
                    )
                check_frame_id(request, last.frame_id)
                place = choose_image(request, stamp_ns(last.stamp))
                if place is Start.CURRENT and current is not None:
                    image = current
                elif place is not Start.LATER and request.stamp:
                    image = self._kept(request, last, images, device)
                else:
                    continue
                found.append((request, check_box(request.box, *image.size), image))
            except RefusedRoi as refusal:
                refused.append((request, refusal))
        for request, reason in reversed(refused):
            self.refuse(request, reason.code, reason.sentence, last)
        return found[::-1]

    def _in_turn(self, current: Uploaded | None) -> list[RoiRequest]:
        """Those that nothing holds back: what replaces all must not drop what came after it."""
        if current is not None:
            return list(self._requests)
        return list(takewhile(lambda request: not request.replaces_all, self._requests))

    def _kept(
        self,
        request: RoiRequest,
        last: Any,
        images: dict[int, Uploaded],
        device: torch.device,
    ) -> Uploaded:
        """Return the kept image of a region; `images` are those uploaded already.

        Raises
        ------
        RefusedRoi
            It is not kept any more, or cannot be read.
        """
        kept = self._buffer.nearest(request.stamp, stamp_ns(last.stamp))
        if kept is None:
            raise too_old(request, stamp_ns(last.stamp), self._buffer.extent().seconds)
        if kept.stamp not in images:
            try:
                images[kept.stamp] = upload(self._buffer.decoded(kept), device)
            except (MalformedImage, UserError) as error:
                raise RefusedRoi(
                    Refusal.NO_IMAGE, f'the image that it was drawn on cannot be read ({error})'
                ) from error
        return images[kept.stamp]

    def refuse(
        self, request: RoiRequest, code: Refusal, reason: str, header: Any = None
    ) -> None:
        """Answer a region that is not taken; `header` is that of the image at hand."""
        header = request.header if request.header is not None else header
        self._conclude(request, Answer(header, request.id, code, reason))

    def accept(self, request: RoiRequest, id: str, header: Any, clipped: bool) -> None:
        """Answer a region that became the target `id` on the image with this header."""
        self._conclude(
            request,
            Answer(
                request.header if request.header is not None else header,
                id,
                Refusal.NONE,
                clipped=clipped,
                started_at=header.stamp,
            ),
        )

    def _conclude(self, request: RoiRequest, answer: Answer) -> None:
        self._requests = [other for other in self._requests if other is not request]
        self._answer(answer)
