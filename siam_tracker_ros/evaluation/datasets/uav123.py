# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""UAV123, UAV20L and UAV123@10fps (Mueller et al. 2016): images and labels in two folders.

Corners are 1-based: the benchmark's toolkit is that of OTB, in MATLAB. Long recordings are cut
into several sequences, whose ranges stand in ``uav123.txt``; UAV20L has some of them whole. At
10 frames a second every third image was kept, so that its numbers follow from those. NaN rows:
the target is fully occluded or out of view.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ...labels import check_flags, read_boxes, read_integers
from ...sequences import Sequence
from .base import Dataset, Entry
from .pieces import (
    FROM_ONE,
    check_counts,
    from_one_based,
    numbered_images,
)
from .tables import read_table

# The order of the numbers in a file of anno/*/att.
ATTRIBUTES = ('SV', 'ARC', 'LR', 'FM', 'FOC', 'POC', 'OV', 'BC', 'IV', 'VC', 'CM', 'SOB')


def _entries(anno: str, images: str, table: str, step: int, root: Path) -> list[Entry]:
    """Sequences of one list.

    Parameters
    ----------
    anno, images : str
        Folders below ``anno`` and ``data_seq``.
    table : str
        First word of its rows in ``uav123.txt``.
    step : int
        One in so many images was kept.
    root : Path
    """
    found = []
    for _, name, folder, *ends in (row for row in read_table('uav123') if row[0] == table):
        first, last = ((int(end) - 1) // step + 1 for end in ends)
        found.append(
            Entry(
                name,
                root / 'data_seq' / images / folder,
                root / 'anno' / anno / f'{name}.txt',
                partial(_read, first, last),
            )
        )
    return found


def _read(first: int, last: int, entry: Entry) -> Sequence:
    images = numbered_images(entry.images, first, last)
    boxes = from_one_based(read_boxes(entry.labels))
    check_counts(entry.name, len(images), len(boxes), entry.labels)
    att = entry.labels.parent / 'att' / entry.labels.name
    attributes: tuple[str, ...] = ()
    if att.is_file():
        flags = check_flags(att, read_integers(att), len(ATTRIBUTES), 'attribute')
        attributes = tuple(name for name, flag in zip(ATTRIBUTES, flags) if flag)
    return Sequence(entry.name, images, boxes, attributes=attributes)


def _list(name: str, title: str, anno: str, images: str, table: str, step: int) -> Dataset:
    return Dataset(
        name=name,
        title=title,
        tree=(f'data_seq/{images}/bike1/000001.jpg', f'anno/{anno}/bike1.txt',
              f'anno/{anno}/att/bike1.txt'),
        markers=(f'anno/{anno}/*.txt',),
        convention=FROM_ONE,
        absent='rows of `NaN`: fully occluded, or out of view',
        experiments=('ope',),
        submission='uav123',
        entries=partial(_entries, anno, images, table, step),
    )  # fmt: skip


LISTS = (
    _list('uav123', 'UAV123', 'UAV123', 'UAV123', 'UAV123', 1),
    _list('uav20l', 'UAV20L', 'UAV20L', 'UAV123', 'UAV20L', 1),
    _list('uav123-10fps', 'UAV123@10fps', 'UAV123_10fps', 'UAV123_10fps', 'UAV123', 3),
)
