# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a dataset is: how its folder looks, what its numbers mean, and how a sequence is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...sequences import Sequence


@dataclass(frozen=True)
class Entry:
    """A sequence that a dataset holds, before it is read.

    Attributes
    ----------
    name : str
    images : Path
        The folder of its images.
    labels : Path
        The file of its boxes.
    read : callable
        Takes this entry and reads the sequence; it opens no image.
    """

    name: str
    images: Path
    labels: Path
    read: Callable[[Entry], Sequence]


@dataclass(frozen=True)
class Dataset:
    """A benchmark's sequences as they lie on disk after unpacking.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    title : str
    tree : tuple of str
        Files that show the layout, below the folder that the user names.
    markers : tuple of str
        Patterns of files; where none matches, the folder is a wrong one.
    convention : str
        What the numbers of a row are, and how they become continuous pixels.
    absent : str
        Which images count as those without the target.
    experiments : tuple of str
        What is run where the user does not say.
    submission : str or None
        The format of results that the benchmark takes, by its name in `submissions`.
    entries : callable
        Takes the folder; gives the sequences in the benchmark's order.
    """

    name: str
    title: str
    tree: tuple[str, ...]
    markers: tuple[str, ...]
    convention: str
    absent: str
    experiments: tuple[str, ...]
    submission: str | None
    entries: Callable[[Path], list[Entry]]

    def matches(self, folder: Path) -> bool:
        """Whether a folder looks like this dataset."""
        return any(True for marker in self.markers for _ in folder.glob(marker))
