# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Temple-Color 128 (Liang et al. 2015): ``NAME/NAME_gt.txt`` beside ``NAME/img``.

Corners are 1-based, as in OTB. ``NAME_frames.txt`` has the numbers of the first and of the last
image with a label, ``NAME_att.txt`` the attributes. The set knows no absence; rows without area
are taken as not labelled.
"""

from __future__ import annotations

from pathlib import Path

from ...errors import UserError
from ...images import list_images
from ...labels import read_boxes, read_integers, read_lines
from ...sequences import Sequence
from .base import Dataset, Entry
from .pieces import (
    FROM_ONE,
    abbreviations,
    check_counts,
    from_one_based,
    numbered_images,
    unlabelled_where_empty,
)

ENDING = '_gt.txt'


def _entries(root: Path) -> list[Entry]:
    labels = sorted(root.glob(f'*/*{ENDING}'))
    return [Entry(path.parent.name, path.parent / 'img', path, _read) for path in labels]


def _read(entry: Entry) -> Sequence:
    stem = entry.labels.name.removesuffix(ENDING)
    frames = entry.labels.with_name(f'{stem}_frames.txt')
    if frames.is_file():
        ends = read_integers(frames).tolist()
        if len(ends) != 2 or ends[0] > ends[1]:
            raise UserError(
                f'{frames} holds {",".join(map(str, ends[:4]))}: expected two numbers, those of '
                'the first and of the last image with a label'
            )
        images = numbered_images(entry.images, *ends)
    else:
        images = tuple(list_images(entry.images))
    boxes = from_one_based(read_boxes(entry.labels))
    check_counts(entry.name, len(images), len(boxes), entry.labels)
    att = entry.labels.with_name(f'{stem}_att.txt')
    return Sequence(
        name=entry.name,
        images=images,
        boxes=boxes,
        labelled=unlabelled_where_empty(boxes),
        attributes=abbreviations(' '.join(read_lines(att))) if att.is_file() else (),
    )


TC128 = Dataset(
    name='tc128',
    title='Temple-Color 128',
    tree=('Airport_ce/img/0001.jpg', f'Airport_ce/Airport_ce{ENDING}',
          'Airport_ce/Airport_ce_frames.txt', 'Airport_ce/Airport_ce_att.txt'),
    markers=(f'*/*{ENDING}',),
    convention=FROM_ONE,
    absent='none; rows without area are not labelled',
    experiments=('ope',),
    submission='tc128',
    entries=_entries,
)  # fmt: skip
