# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""LaSOT (Fan et al. 2019): the 280 sequences of the test set.

Corners are 1-based (the authors say so). Every image has a row, and two files of flags tell where
the target is fully occluded or out of view: there it is absent, as in the benchmark's toolkit. A
few other rows have no area; we take them as not labelled. The first image counts as present.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ...images import list_images
from ...labels import check_flags, read_boxes, read_integers
from ...sequences import GROUND_TRUTH, Sequence
from .base import Dataset, Entry
from .pieces import FROM_ONE, abbreviations, check_counts, from_one_based
from .tables import read_table

FLAGS = ('full_occlusion', 'out_of_view')
# The toolkit evaluates no more than this many images.
USED = {'monkey-17': 2260}


def _entries(root: Path) -> list[Entry]:
    found = []
    for name, attributes in read_table('lasot'):
        flat = root / name
        folder = flat if flat.is_dir() else root / name.rpartition('-')[0] / name
        read = partial(_read, abbreviations(attributes))
        found.append(Entry(name, folder / 'img', folder / GROUND_TRUTH, read))
    return found


def _read(attributes: tuple[str, ...], entry: Entry) -> Sequence:
    used = USED.get(entry.name)
    images = tuple(list_images(entry.images))[:used]
    boxes = from_one_based(read_boxes(entry.labels))[:used]
    check_counts(entry.name, len(images), len(boxes), entry.labels)
    folder = entry.labels.parent
    flags = {
        name: check_flags(path, read_integers(path)[:used], len(images))
        for name in FLAGS
        if (path := folder / f'{name}.txt').is_file()
    }
    absent = np.any([np.zeros(len(images), bool), *(flag > 0 for flag in flags.values())], axis=0)
    absent[0] = False
    labelled = absent | ~np.isnan(boxes).any(axis=1)
    return Sequence(
        name=entry.name,
        images=images,
        boxes=np.where(absent[:, None], np.nan, boxes),
        labelled=None if labelled.all() else labelled,
        frame_labels=flags,
        attributes=attributes,
    )


LASOT = Dataset(
    name='lasot',
    title='LaSOT, test set',
    tree=('airplane/airplane-1/img/00000001.jpg', f'airplane/airplane-1/{GROUND_TRUTH}',
          'airplane/airplane-1/full_occlusion.txt', 'airplane/airplane-1/out_of_view.txt'),
    markers=('*/*-*/img', '*-*/img'),
    convention=FROM_ONE,
    absent='a flag in `full_occlusion.txt` or `out_of_view.txt`',
    experiments=('lasot',),
    submission='lasot',
    entries=_entries,
)  # fmt: skip
