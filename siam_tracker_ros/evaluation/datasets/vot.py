# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""VOT short-term (2013 to 2019) and long-term sets, as their toolkit unpacks them.

``list.txt`` names the sequences. Each has ``groundtruth.txt`` with a rectangle or a polygon of
four corners per image, 0-based and continuous: as they stand. Of a polygon the boxes are the
axis-aligned bounds, which is what the toolkit hands to a tracker that takes rectangles. Images lie
where the file ``sequence`` says, else in ``color``, else beside the labels, and are numbered from
1. Tags, ``*.tag`` or ``*.label``, have a flag per line, set where that is ``1``; what a file lacks
at its end is not set.

Absent: a row of ``nan``, or the special region ``0``. Images behind the last row are not labelled.
Ground truth of masks (2020 and later) is refused: nothing here tells a mask's box from its parts.
"""

from __future__ import annotations

from pathlib import Path
import re

import numpy as np
from numpy.typing import NDArray

from ...errors import UserError
from ...labels import read_lines, read_rows, without_empty
from ...sequences import GROUND_TRUTH, Sequence
from .base import Dataset, Entry
from .pieces import Array, all_numbered, check_counts, fill_up, listed

ROW = (
    'a rectangle of four numbers, a polygon of eight, nan for all of them, or 0 where the target '
    'is absent'
)
CORNERS = 4


def _entries(root: Path) -> list[Entry]:
    inner = root / 'sequences'
    folder = inner if inner.is_dir() else root
    names = listed(folder, GROUND_TRUTH)
    for name in names:
        _check_kind(folder / name)
    return [
        Entry(name, _images(folder / name)[0], folder / name / GROUND_TRUTH, _read)
        for name in names
    ]


def _check_kind(folder: Path) -> None:
    """Refuse what has the names of VOT's files and is something else."""
    if folder.name.startswith('GOT-10k_'):
        raise UserError(
            f'{folder.parent} is a part of GOT-10k, whose labels of absence VOT does not have: '
            'read it as got10k-train, got10k-val or got10k-test'
        )
    if not (folder / GROUND_TRUTH).is_file() and any(folder.glob('groundtruth_*.txt')):
        raise UserError(
            f'{folder} has several objects ({GROUND_TRUTH} is missing, groundtruth_*.txt is '
            'there), which are not read: use a set with one object per sequence'
        )


def _images(folder: Path) -> tuple[Path, str]:
    """The folder of a sequence's images, and their ending where the sequence tells it.

    Those in colour, where there are others, too.
    """
    channels = {
        key: value for key, value in _properties(folder).items() if key.startswith('channels.')
    }
    pattern = channels.get('channels.color') or next(iter(channels.values()), None)
    if pattern:
        place = folder / pattern.replace('\\', '/')
        return (place.parent, place.suffix) if place.suffix else (place, '')
    return (folder / 'color' if (folder / 'color').is_dir() else folder), ''


def _properties(folder: Path) -> dict[str, str]:
    """The file ``sequence``: lines ``key=value``."""
    path = folder / 'sequence'
    if not path.is_file():
        return {}
    pairs = (line.partition('=') for line in read_lines(path))
    return {key.strip(): value.strip() for key, sign, value in pairs if sign}


def _read(entry: Entry) -> Sequence:
    properties = _properties(entry.labels.parent)
    images = all_numbered(entry.images, 1, _images(entry.labels.parent)[1])
    images = images[: _number(properties, 'length') or len(images)]
    _check_lines(entry.labels)
    regions = read_rows(entry.labels, ROW, (1, CORNERS, 2 * CORNERS))
    if len(regions) > len(images):
        check_counts(entry.name, len(images), len(regions), entry.labels)
    polygons, boxes = _polygons_and_boxes(regions)
    filled, labelled = fill_up(boxes, len(images))
    tags = _tags(entry.labels.parent, len(images))
    rotated = None
    if np.isfinite(regions[:, CORNERS:]).any():
        missing = len(images) - len(boxes)
        rotated = np.pad(polygons, ((0, missing), (0, 0), (0, 0)), constant_values=np.nan)
    return Sequence(
        name=entry.name,
        images=images,
        boxes=filled,
        polygons=rotated,
        labelled=labelled,
        frame_labels=tags,
        attributes=tuple(name for name, flags in tags.items() if flags.any()),
        resolution=_resolution(properties),
    )


def _check_lines(path: Path) -> None:
    """Refuse masks, and empty lines: as fewer rows than images are fine, nobody else would."""
    lines = [line.strip() for line in read_lines(path)]
    while lines and not lines[-1]:
        lines.pop()
    if '' in lines:
        raise UserError(f'{path} line {lines.index("") + 1} is empty: expected {ROW}')
    if any(line.startswith('m') for line in lines):
        raise UserError(
            f'{path} holds masks, which are not read: use a set whose ground truth is rectangles '
            'or polygons (VOT2013 to VOT2019, VOT-LT)'
        )


def _polygons_and_boxes(regions: Array) -> tuple[Array, Array]:
    """Corners (N, 4, 2) and their bounds (N, 4) of rows with rectangles and polygons."""
    is_polygon = np.asarray(~np.isnan(regions).any(axis=1))
    left, top, width, height = without_empty(regions[:, :CORNERS]).T
    right, bottom = left + width, top + height
    upright = np.stack([left, top, right, top, right, bottom, left, bottom], axis=1)
    corners = np.where(is_polygon[:, None], regions, upright).reshape(-1, CORNERS, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    boxes = without_empty(np.hstack([low, high - low]))
    corners = np.where(np.isnan(boxes[:, :1, None]), np.nan, corners)
    return corners, boxes


def _tags(folder: Path, count: int) -> dict[str, NDArray[np.bool_]]:
    """What holds for each image, by name."""
    tags = {}
    for path in sorted((*folder.glob('*.tag'), *folder.glob('*.label'))):
        given = [line.strip() == '1' for line in read_lines(path)[:count]]
        tags[path.stem] = np.array([*given, *[False] * (count - len(given))], bool)
    return tags


def _resolution(properties: dict[str, str]) -> tuple[int, int] | None:
    width, height = _number(properties, 'width'), _number(properties, 'height')
    return None if width is None or height is None else (width, height)


def _number(properties: dict[str, str], name: str) -> int | None:
    text = properties.get(name, '')
    return int(text) if re.fullmatch('[0-9]+', text) else None


def _set(name: str, title: str, experiments: tuple[str, ...], submission: str) -> Dataset:
    return Dataset(
        name=name,
        title=title,
        tree=('list.txt', f'bag/{GROUND_TRUTH}', 'bag/color/00000001.jpg', 'bag/sequence'),
        markers=('list.txt', f'*/{GROUND_TRUTH}', 'sequences/list.txt'),
        convention='a rectangle or four corners, 0-based: as they stand; boxes are the bounds',
        absent='rows of `nan`, and the special region `0`',
        experiments=experiments,
        submission=submission,
        entries=_entries,
    )


SETS = (
    _set('vot', 'VOT, short-term', ('vot', 'vot-realtime'), 'vot'),
    _set('vot-lt', 'VOT, long-term', ('vot-lt',), 'vot-lt'),
)
