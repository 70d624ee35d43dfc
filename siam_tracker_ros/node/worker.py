# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that decodes, tracks and publishes, one image at a time."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time
import traceback
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..faults import first_line, is_device_lost, is_out_of_memory
from ..memory import give_back
from .exchange import CameraImage, Command, FrameReport
from .image_rules import MalformedImage
from .mailbox import Mailbox
from .session import Session
from .statistics import Counters
from .targets import TargetState

POLL_SECONDS = 0.1
"""Regions that wait for an image are looked at this often while none comes."""


class Outputs(Protocol):
    """Where results go; called from the worker's thread."""

    def publish(self, report: FrameReport, pixels: NDArray[np.uint8], seconds: float) -> None:
        """Publish what is known after an image, and the time that it took."""

    def publish_end(self, report: FrameReport) -> None:
        """Publish that the targets were dropped."""

    def malformed(self, error: MalformedImage) -> None:
        """Report an image that was dropped."""

    def failed(self, text: str) -> None:
        """Report an exception: its traceback, or one sentence where the user can mend it."""

    def broken(self, sentence: str, needs_restart: bool = False) -> None:
        """Report that the worker gave up: the node must be deactivated, or its process ended."""


class Worker:
    """Takes the newest image, again and again, until its mailbox is closed.

    Parameters
    ----------
    mailbox : Mailbox
        Of pairs of an image message and its monotonic time of arrival.
    session : Session
    decode : callable
        Image message to (H, W, 3) or (H, W) array; raises `MalformedImage`.
    outputs : Outputs
    counters : Counters
    """

    def __init__(
        self,
        mailbox: Mailbox[tuple[Any, float], Command],
        session: Session,
        decode: Callable[[Any], NDArray[np.uint8]],
        outputs: Outputs,
        counters: Counters,
    ) -> None:
        self._mailbox = mailbox
        self._session = session
        self._decode = decode
        self._outputs = outputs
        self._counters = counters
        # A daemon: a network that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name='tracker', daemon=True)

    def start(self) -> None:
        """Begin to take images."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it still takes images."""
        return self._thread.is_alive()

    def stop(self, timeout: float) -> bool:
        """Close the mailbox and wait for the image at work; False where it took too long."""
        self._mailbox.close()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        is_busy = False
        while not self._mailbox.is_closed:
            commands, item = self._mailbox.take(0.0 if is_busy else POLL_SECONDS)
            is_busy = item is not None
            try:
                self._session.apply(commands)
                if item is not None:
                    self._process(*item)
                self._session.expire(time.monotonic())
                if item is None:
                    # Only while no image waits, and no longer than it takes to search in one.
                    is_busy = self._session.catch_up()
            except UserError as error:
                self._outputs.failed(str(error))
            except Exception as error:
                if is_out_of_memory(error):
                    self._outputs.broken(
                        'there is no memory left for an image, twice in a row '
                        f'({first_line(error)}): follow fewer targets or use a smaller image, '
                        'then activate again'
                    )
                    break
                if is_device_lost(error):
                    self._outputs.broken(
                        f'the GPU has failed ({first_line(error)}): a restart of this process is '
                        'needed',
                        needs_restart=True,
                    )
                    break
                self._outputs.failed(traceback.format_exc())
        self._finish()

    def _process(self, message: Any, arrival: float) -> None:
        begin = time.monotonic()
        try:
            pixels = self._decode(message)
            report = self._session.process(CameraImage(message.header, pixels, arrival))
        except MalformedImage as error:
            self._counters.dropped(error.code)
            self._outputs.malformed(error)
            return
        except Exception as error:
            self._counters.dropped(_reason(error))
            raise
        self._counters.processed()
        self._outputs.publish(report, pixels, time.monotonic() - begin)
        if any(target.state is TargetState.REMOVED for target in report.targets):
            # What it has learned is the largest thing in memory.
            give_back()

    def _finish(self) -> None:
        """Answer and report what is left, once the last image is done."""
        try:
            commands, _ = self._mailbox.take(0.0)
            self._session.apply(commands)
            report = self._session.end()
            if report is not None:
                self._outputs.publish_end(report)
        except Exception:
            self._outputs.failed(traceback.format_exc())


def _reason(error: Exception) -> str:
    """Reason under which an image is counted that was dropped for an error."""
    if is_out_of_memory(error):
        return 'out_of_memory'
    return 'gpu_fault' if is_device_lost(error) else 'tracker_error'
