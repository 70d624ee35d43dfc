# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ten sequences of TLD (Kalal et al. 2012): ``01_david/gt.txt``.

A row is left,top,right,bottom: the first and the last pixel of the target, 1-based, as in the
author's own code in MATLAB (``bb_width`` is right - left + 1, ``img_patch`` takes the numbers as
indices; a port to C++ leaves the 1 out). NaN rows: the target is absent. Images lie beside the
file or in ``img``; the distribution has a video there, whose frames have to be written out first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...images import list_images
from ...labels import read_rows, without_empty
from ...sequences import Sequence
from .base import Dataset, Entry
from .pieces import check_counts

LABELS = 'gt.txt'
ROW = 'four numbers left,top,right,bottom, or NaN,NaN,NaN,NaN where the target is absent'


def _entries(root: Path) -> list[Entry]:
    folders = sorted(path.parent for path in root.glob(f'*/{LABELS}'))
    return [
        Entry(path.name, path / 'img' if (path / 'img').is_dir() else path, path / LABELS, _read)
        for path in folders
    ]


def _read(entry: Entry) -> Sequence:
    images = tuple(list_images(entry.images))
    corners = read_rows(entry.labels, ROW)
    check_counts(entry.name, len(images), len(corners), entry.labels)
    # The last pixel ends one further on: right - (left - 1) is the width.
    begin, end = corners[:, :2] - 1, corners[:, 2:]
    return Sequence(entry.name, images, without_empty(np.hstack([begin, end - begin])))


TLD = Dataset(
    name='tld',
    title='TLD',
    tree=('01_david/00001.jpg', f'01_david/{LABELS}'),
    markers=(f'*/{LABELS}',),
    convention='left,top,right,bottom, 1-based, ends included: left - 1, top - 1, right, bottom',
    absent='rows of `NaN`',
    experiments=('ope',),
    submission=None,
    entries=_entries,
)
