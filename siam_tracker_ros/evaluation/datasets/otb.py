# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""OTB-2013, OTB-50 and OTB-100 (Wu et al. 2013, 2015): three lists over one folder of sequences.

Corners are 1-based, as in MATLAB. Folders with two targets are two sequences, such as Jogging-1
and Jogging-2; of Human4 the second file of labels counts. Some folders hold more images than
labels: which images those belong to stands in ``otb.txt``. The set knows no absence; two
sequences end with a row without area, which we take as not labelled.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...images import list_images
from ...labels import read_boxes
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
from .tables import read_table

LABELS = 'groundtruth_rect.txt'


class Facts(NamedTuple):
    """A row of ``otb.txt``."""

    name: str
    folder: str
    labels: str
    images: str
    lists: str
    attributes: str


def _entries(version: str, root: Path) -> list[Entry]:
    facts = (Facts(*row) for row in read_table('otb'))
    return [_entry(fact, root) for fact in facts if version in fact.lists.split(',')]


def _entry(fact: Facts, root: Path) -> Entry:
    # Some toolkits want two targets in two folders, each with a file of the usual name.
    folder = root / fact.name
    labels = folder / (fact.labels if (folder / fact.labels).is_file() else LABELS)
    if not folder.is_dir():
        folder = root / fact.folder
        labels = folder / fact.labels
    return Entry(fact.name, folder / 'img', labels, partial(_read, fact))


def _read(fact: Facts, entry: Entry) -> Sequence:
    images = tuple(list_images(entry.images))
    boxes = from_one_based(read_boxes(entry.labels))
    if len(images) != len(boxes) and fact.images != 'all':
        first, last = map(int, fact.images.split('-'))
        images = numbered_images(entry.images, first, last)
    check_counts(entry.name, len(images), len(boxes), entry.labels)
    return Sequence(
        name=entry.name,
        images=images,
        boxes=boxes,
        labelled=unlabelled_where_empty(boxes),
        attributes=abbreviations(fact.attributes),
    )


def _version(version: str) -> Dataset:
    return Dataset(
        name=f'otb{version}',
        title=f'OTB-{version}',
        tree=('Basketball/img/0001.jpg', f'Basketball/{LABELS}'),
        markers=('*/groundtruth_rect*.txt',),
        convention=FROM_ONE,
        absent='none; rows without area are not labelled',
        experiments=('ope',),
        submission='otb',
        entries=partial(_entries, version),
    )


VERSIONS = tuple(_version(version) for version in ('2013', '50', '100'))
