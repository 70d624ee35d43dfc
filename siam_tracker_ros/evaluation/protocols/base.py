# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a protocol is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ...sequences import Sequence
from ..subjects import Subject
from ..traces import Trace


class Protocol(ABC):
    """A way to lead a tracker through a sequence, once or several times.

    Attributes
    ----------
    name : str
        Folder of its traces.
    """

    name: str

    def passes(self, sequence: Sequence) -> int:
        """How many passes there are through this sequence, repetitions apart."""
        return 1

    @abstractmethod
    def run(self, subject: Subject, sequence: Sequence, index: int) -> Trace:
        """Make one of the passes.

        Parameters
        ----------
        subject : Subject
        sequence : Sequence
        index : int
            Below `passes`.

        Raises
        ------
        UserError
            An image cannot be read.
        """
