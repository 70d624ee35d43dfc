# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The registry of the checkpoints that ship with the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import hashlib
import json
from pathlib import Path
from typing import Any

from ..errors import UserError
from . import pysot

FOLDER = Path(__file__).parent
AUTO = 'auto'


@dataclass(frozen=True)
class Entry:
    """One shipped checkpoint: an entry of ``registry.json``.

    Attributes
    ----------
    tracker : str
        Registered name of the tracker; the first entry of a tracker is what ``auto`` picks.
    file : str
        Name of the file in this folder.
    sha256 : str
    licence : str
        Licence of the weights, and the terms of what they were trained on.
    data : str
        What they were trained on.
    recipe : str
        Command that trained them.
    scores : dict
        Measured scores, with where and when.
    """

    tracker: str
    file: str
    sha256: str
    licence: str
    data: str
    recipe: str
    scores: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return FOLDER / self.file

    def verify(self) -> None:
        """Compare the file with its sha256.

        Raises
        ------
        UserError
            The file is missing or is another one.
        """
        if not self.path.is_file():
            raise UserError(f'shipped weights {self.path} are missing: install the package again')
        found = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if found != self.sha256:
            raise UserError(
                f'shipped weights {self.path} are damaged (sha256 {found[:12]}…, expected '
                f'{self.sha256[:12]}…): '
                'install the package again'
            )


def entries() -> list[Entry]:
    """All shipped checkpoints, in the order of the registry."""
    return [Entry(**item) for item in json.loads((FOLDER / 'registry.json').read_text())]


def resolve(tracker: str, word: str) -> Path:
    """Return the file that a user's word names.

    Parameters
    ----------
    tracker : str
        Registered name of the tracker.
    word : str
        ``auto`` for the checkpoint that ships with the package, else a path.

    Raises
    ------
    UserError
        Nothing is shipped for this tracker, or the shipped file is damaged.
    """
    if word != AUTO:
        return Path(word).expanduser()
    for entry in entries():
        if entry.tracker == tracker:
            entry.verify()
            return entry.path
    others = ", or of a .pth file of pysot's model zoo" if tracker == pysot.TRACKER else ''
    raise UserError(
        f'no weights for {tracker} ship with this package: give the path of a checkpoint of '
        f'{tracker}{others}'
    )
