# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bar that counts frames, those of stored passes included."""

from __future__ import annotations

from collections.abc import Iterable
import sys

from tqdm import tqdm

from .units import Key, Unit


class Bar:
    """Progress on the standard error; a context.

    Parameters
    ----------
    units : iterable of Unit
        All of the run.
    done : iterable of Key
        Those that are stored already.
    show : bool
        Whether there is a bar at all; there is none where the standard error is no terminal.
    """

    def __init__(self, units: Iterable[Unit], done: Iterable[Key], show: bool) -> None:
        frames = {unit.key: unit.frames for unit in units}
        self._counted: dict[Key, int] = {}
        self._bar = tqdm(
            total=sum(frames.values()),
            initial=sum(frames[key] for key in done),
            unit='frame',
            disable=None if show else True,
        )

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *details: object) -> None:
        self._bar.close()

    def hear(self, unit: Unit, frames: int) -> None:
        """So many frames of a unit are done."""
        frames = min(frames, unit.frames)
        self._bar.set_description(f'{unit.sequence.name} {unit.entrant.label}', refresh=False)
        self._bar.update(frames - self._counted.get(unit.key, 0))
        self._counted[unit.key] = frames

    def note(self, text: str) -> None:
        """Say something beside the bar."""
        self._bar.write(text, file=sys.stderr)
