# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled sequences rendered from stills, whose boxes are exact.

Confidences and thresholds of trackers are fitted on them, and settings are compared: sequences of
a benchmark are for the evaluation alone, and clips that a tracker mined show only what it could
follow. An object of one still moves over another still, and what makes tracking hard is done to
it, each in its own share of the tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from ..errors import UserError
from ..rendering import write_sequence
from .casting import Cast
from .filming import Track, TrackFrame
from .sources import Shot
from .staging import Staging, TrackSettings

__all__ = ['Track', 'TrackFrame', 'TrackSettings', 'Tracks', 'write_tracks']

JPEG_QUALITY = 90


class Tracks(Dataset[Track]):
    """An endless, seeded sequence of tracks: the same index always gives the same track.

    All shots lend a target before any of them lends one again. What is drawn for one disturbance
    does not depend on the others: a track without occluders is the same track, uncovered.

    Parameters
    ----------
    shots : sequence of Shot
        Stills and sequences, of two scenes or more.
    settings : TrackSettings
    seed : int

    Raises
    ------
    UserError
        Fewer than two scenes.
    """

    def __init__(self, shots: Sequence[Shot], settings: TrackSettings, seed: int) -> None:
        self.cast = Cast(shots)
        self.settings = settings
        self.seed = seed

    def __len__(self) -> int:
        """Return the number of shots, each of which lends its object once."""
        return len(self.cast.shots)

    def __getitem__(self, index: int) -> Track:
        """Return track number `index`."""
        cycle, nth = divmod(index, len(self))
        order = np.random.default_rng((self.seed, 0, cycle)).permutation(len(self))
        return Staging(self.cast, int(order[nth]), self.settings, (self.seed, 1, index)).track()


def write_tracks(
    shots: Sequence[Shot], folder: Path, count: int, settings: TrackSettings, seed: int
) -> list[Path]:
    """Write the first tracks of a seed, each into its own folder in GOT-10k's layout.

    `siam_tracker_ros.sequences.read_sequences` reads them.

    Parameters
    ----------
    shots : sequence of Shot
    folder : Path
        A new or an empty folder.
    count : int
        Number of tracks.
    settings : TrackSettings
    seed : int

    Returns
    -------
    list of Path
        The folders.

    Raises
    ------
    UserError
        The folder holds something or cannot be written, there are fewer than two scenes, or
        an image cannot be decoded.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f'folder {folder} is not empty: give a new one')
    tracks = Tracks(shots, settings, seed)
    folders = [folder / f'track_{index + 1:05d}' for index in range(count)]
    for index, path in enumerate(folders):
        write_sequence(tracks[index], path, JPEG_QUALITY)
    return folders
