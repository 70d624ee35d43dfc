# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences of one's own: a folder of images with a file of boxes, or a folder of such folders.

``groundtruth.txt`` has a row ``left,top,width,height`` per image, the corner 0-based, which is a
corner in continuous pixels; NaN or no area where the target is absent.
"""

from __future__ import annotations

from pathlib import Path

from ...sequences import GROUND_TRUTH, Sequence, folder_name, read_sequence
from .base import Dataset, Entry
from .pieces import BY_CORNER


def _entries(root: Path) -> list[Entry]:
    own = [root] if (root / GROUND_TRUTH).is_file() else []
    folders = own or sorted(path.parent for path in root.glob(f'*/{GROUND_TRUTH}'))
    return [Entry(folder_name(path), path, path / GROUND_TRUTH, _read) for path in folders]


def _read(entry: Entry) -> Sequence:
    return read_sequence(entry.images)


FOLDER = Dataset(
    name='folder',
    title='sequences of your own',
    tree=('NAME/00000001.jpg', f'NAME/{GROUND_TRUTH}'),
    markers=(GROUND_TRUTH, f'*/{GROUND_TRUTH}'),
    convention=BY_CORNER,
    absent='rows of `nan`, and rows without area',
    experiments=('ope',),
    submission=None,
    entries=_entries,
)
