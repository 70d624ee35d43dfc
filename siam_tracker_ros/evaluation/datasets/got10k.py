# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""GOT-10k (Huang et al. 2019): ``list.txt``, and a folder with images and labels per sequence.

Corners are taken as 0-based: the benchmark's toolkit clips boxes to [0, W] x [0, H] before it
compares them, and labels at the left and upper border have 0. (One of the authors calls them
1-based in a discussion; a reader that did so would put those outside the image.)

Absent: ``cover`` is 0, as in the toolkit, or ``absence`` is 1 where there is no ``cover.label``.
The first image counts as present whatever they say, because tracking starts there. Only the first
image of the test set has a label.
"""

from __future__ import annotations

from pathlib import Path
import re

import numpy as np

from ...errors import UserError
from ...labels import check_flags, read_boxes, read_integers, read_lines
from ...sequences import GROUND_TRUTH, Sequence
from .base import Dataset, Entry
from .pieces import BY_CORNER, all_numbered, check_counts, fill_up, listed

COVER, ABSENCE, CUT = 'cover', 'absence', 'cut_by_image'
RESOLUTION = re.compile(r'resolution:\s*\(\s*([0-9]+)\s*,\s*([0-9]+)\s*\)')


def read_got10k(entry: Entry) -> Sequence:
    """Read a sequence whose labels are its toolkit's, with all of its boxes or the first only."""
    images = all_numbered(entry.images, 1)
    boxes = read_boxes(entry.labels)
    if len(boxes) != 1:
        check_counts(entry.name, len(images), len(boxes), entry.labels)
    boxes, labelled = fill_up(boxes, len(images))
    labels = {
        name: check_flags(path, read_integers(path), len(images))
        for name in (COVER, ABSENCE, CUT)
        if (path := entry.images / f'{name}.label').is_file()
    }
    hidden = np.zeros(len(images), bool)
    if COVER in labels:
        hidden = labels[COVER] <= 0
    elif ABSENCE in labels:
        hidden = labels[ABSENCE] > 0
    hidden[0] = False
    return Sequence(
        name=entry.name,
        images=images,
        boxes=np.where(hidden[:, None], np.nan, boxes),
        labelled=labelled,
        frame_labels=labels,
        resolution=_resolution(entry.images / 'meta_info.ini'),
    )


def _resolution(path: Path) -> tuple[int, int] | None:
    match = RESOLUTION.search('\n'.join(read_lines(path))) if path.is_file() else None
    return (int(match[1]), int(match[2])) if match else None


def _split(name: str) -> Dataset:
    """The dataset of one split; the user names its folder, or the one with all splits."""

    def entries(root: Path) -> list[Entry]:
        inner = root / name
        folder = inner if inner.is_dir() else root
        return [
            Entry(found, folder / found, folder / found / GROUND_TRUTH, read)
            for found in listed(folder, GROUND_TRUTH)
        ]

    def read(entry: Entry) -> Sequence:
        sequence = read_got10k(entry)
        if name != 'test' and sequence.labelled is not None:
            raise UserError(
                f'sequence {entry.name} has a label for its first image only, as in the test set: '
                'read it as got10k-test'
            )
        return sequence

    sequence = f'GOT-10k_{name.capitalize()}_000001'
    return Dataset(
        name=f'got10k-{name}',
        title=f'GOT-10k, {name} set',
        tree=(f'{name}/list.txt', f'{name}/{sequence}/00000001.jpg',
              f'{name}/{sequence}/{GROUND_TRUTH}'),
        markers=(f'{name}/list.txt', f'{name}/*/{GROUND_TRUTH}',
                 f'GOT-10k_{name.capitalize()}_*/{GROUND_TRUTH}'),
        convention=BY_CORNER,
        absent='not labelled but for the first image' if name == 'test' else (
            '`cover.label` is 0, or `absence.label` is 1 where there is no other'
        ),
        experiments=('ope',),
        submission='got10k',
        entries=entries,
    )  # fmt: skip


SPLITS = tuple(_split(name) for name in ('val', 'test', 'train'))
