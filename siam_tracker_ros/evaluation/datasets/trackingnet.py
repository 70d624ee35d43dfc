# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TrackingNet (Müller et al. 2018): ``frames/NAME/0.jpg, 1.jpg, …, 10.jpg`` and ``anno/NAME.txt``.

Corners are continuous and 0-based. The test set's files have one row, for the first image; a part
of the training set, such as ``TRAIN_0``, has all of them.
"""

from __future__ import annotations

from pathlib import Path

from ...labels import read_boxes
from ...sequences import Sequence
from .base import Dataset, Entry
from .pieces import BY_CORNER, all_numbered, check_counts, fill_up


def _entries(root: Path) -> list[Entry]:
    folder = root / 'TEST' if (root / 'TEST').is_dir() else root
    return [
        Entry(path.stem, folder / 'frames' / path.stem, path, _read)
        for path in sorted((folder / 'anno').glob('*.txt'))
    ]


def _read(entry: Entry) -> Sequence:
    images = all_numbered(entry.images, 0)
    boxes = read_boxes(entry.labels)
    if len(boxes) != 1:
        check_counts(entry.name, len(images), len(boxes), entry.labels)
    boxes, labelled = fill_up(boxes, len(images))
    return Sequence(entry.name, images, boxes, labelled=labelled)


TRACKINGNET = Dataset(
    name='trackingnet',
    title='TrackingNet, test set',
    tree=('TEST/frames/NAME/0.jpg', 'TEST/anno/NAME.txt'),
    markers=('TEST/anno/*.txt', 'anno/*.txt'),
    convention=BY_CORNER,
    absent='not labelled but for the first image',
    experiments=('ope',),
    submission='trackingnet',
    entries=_entries,
)
