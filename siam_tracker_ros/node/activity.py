# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What there is only while the node is active."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..trackers import Tracker
from .exchange import Command
from .frame_buffer import FrameBuffer
from .mailbox import Mailbox
from .publishers import Publishers
from .session import Session
from .settings import NodeSettings
from .worker import Worker


class Activity:
    """A worker that has no targets yet, and what the callbacks hand over to it.

    Parameters
    ----------
    tracker : Tracker
    settings : NodeSettings
    decode : callable
        Image message to (H, W, 3) or (H, W) array; raises `MalformedImage`.
    outputs : Publishers
    step_seconds : float
        What a step took when the tracker was warmed up.

    Attributes
    ----------
    since : float
        Monotonic time, seconds.
    buffer : FrameBuffer
    mailbox : Mailbox
        Of pairs of an image message and its monotonic time of arrival.
    worker : Worker
        It runs.
    """

    def __init__(
        self,
        tracker: Tracker,
        settings: NodeSettings,
        decode: Callable[[Any], NDArray[np.uint8]],
        outputs: Publishers,
        step_seconds: float,
    ) -> None:
        counters = outputs.counters
        self.since = time.monotonic()
        self.buffer = FrameBuffer(
            decode, settings.frame_buffer_seconds, settings.frame_buffer_megabytes
        )
        self.mailbox = mailbox = Mailbox[tuple[Any, float], Command](counters)
        session = Session(
            tracker, settings, self.buffer, counters, outputs.answer, outputs.failed, step_seconds,
            # Not of `self`: what is kept would wait for the collector of cycles.
            is_over=lambda: mailbox.is_closed,
        )
        self.worker = Worker(mailbox, session, decode, outputs, counters)
        self.worker.start()

    def take(self, message: Any, arrival: float) -> None:
        """Hand over an image; `arrival` is monotonic, in seconds."""
        self.buffer.put(message, arrival)
        self.mailbox.put((message, arrival))
