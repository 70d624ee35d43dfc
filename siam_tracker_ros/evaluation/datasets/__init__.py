# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks as they lie on disk, read into `Sequence`; nothing is downloaded.

Every file here reads one benchmark and converts its corners and indices to continuous pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...sequences import Sequence
from .base import Dataset, Entry
from .got10k import SPLITS
from .lasot import LASOT
from .otb import VERSIONS
from .plain import FOLDER
from .tc128 import TC128
from .tld import TLD
from .trackingnet import TRACKINGNET
from .uav123 import LISTS
from .vot import SETS

__all__ = ['Dataset', 'default_experiments', 'get', 'names', 'read']

REGISTRY = {
    dataset.name: dataset
    for dataset in (FOLDER, *SPLITS, *VERSIONS, *LISTS, LASOT, TRACKINGNET, *SETS, TLD, TC128)
}
# So many names stand in a message.
SHOWN = 5


def names() -> list[str]:
    """Every dataset, as the command line calls it."""
    return list(REGISTRY)


def get(name: str) -> Dataset:
    """Return a dataset by its name.

    Raises
    ------
    UserError
        There is none of this name.
    """
    if name not in REGISTRY:
        raise UserError(f'unknown dataset {name!r}: expected one of {", ".join(REGISTRY)}')
    return REGISTRY[name]


def default_experiments(name: str) -> tuple[str, ...]:
    """What is run on a dataset where the user does not say.

    Raises
    ------
    UserError
        Unknown name.
    """
    return get(name).experiments


def read(name: str, folder: Path | str, only: Iterable[str] | None = None) -> list[Sequence]:
    """Read the sequences of a dataset, in the benchmark's order. No image is opened.

    Parameters
    ----------
    name : str
        One of `names`.
    folder : Path or str
        Where the benchmark was unpacked.
    only : iterable of str, optional
        The sequences to read; all where None.

    Raises
    ------
    UserError
        Unknown dataset or sequence, a wrong or incomplete folder, or malformed labels.
    """
    dataset = get(name)
    root = Path(folder)
    try:
        _check_root(dataset, root)
        entries = dataset.entries(root)
        chosen = _choose(dataset, entries, only)
        _check_complete(dataset, root, chosen, len(entries))
        return [_read(entry) for entry in chosen]
    except PermissionError as error:
        raise UserError(
            f'{error.filename} may not be read: change its permissions, or read as another user'
        ) from error


def _check_root(dataset: Dataset, root: Path) -> None:
    tree = ', '.join(str(root / file) for file in dataset.tree)
    if not root.is_dir():
        what = 'is a file' if root.exists() else 'does not exist'
        raise UserError(f'{root} {what}: expected the folder of {dataset.title}, with {tree}')
    if not dataset.matches(root):
        raise UserError(
            f'folder {root} does not hold {dataset.title}: expected {tree}; {_cure(dataset, root)}'
        )


def _cure(dataset: Dataset, root: Path) -> str:
    """What to do about a folder that does not hold a dataset."""
    around = [*sorted(path for path in root.iterdir() if path.is_dir()), root.absolute().parent]
    near = next((path for path in around if dataset.matches(path)), None)
    alike = [other.name for other in REGISTRY.values() if other.matches(root)]
    cures = [f'give {near}'] if near else []
    cures += [f'name dataset {" or ".join(alike)}'] if alike else []
    return ', or '.join(cures) or 'give the folder that does'


def _choose(dataset: Dataset, entries: list[Entry], only: Iterable[str] | None) -> list[Entry]:
    if only is None:
        return entries
    wanted = dict.fromkeys(only)
    known = {entry.name: entry for entry in entries}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        some = _some(list(known))
        raise UserError(f'{dataset.title} has no sequence {unknown[0]!r}: expected some of {some}')
    return [entry for entry in entries if entry.name in wanted]


def _check_complete(dataset: Dataset, root: Path, chosen: list[Entry], total: int) -> None:
    """Refuse what lacks files: figures over a part are not the benchmark's."""
    missing = [e for e in chosen if not (e.images.is_dir() and e.labels.is_file())]
    if missing:
        first = missing[0]
        lost = first.labels if first.images.is_dir() else first.images
        raise UserError(
            f'{dataset.title} in {root} lacks {len(missing)} of {total} sequences '
            f'({_some([entry.name for entry in missing])}): {lost} is not there; add what is '
            'missing, or name the sequences to use'
        )
    if not chosen:
        raise UserError(
            f'no sequence of {dataset.title} was found or named: {root} is expected to hold '
            f'{", ".join(dataset.tree)}'
        )


def _read(entry: Entry) -> Sequence:
    sequence = entry.read(entry)
    if np.isnan(sequence.boxes[0]).any():
        raise UserError(
            f'sequence {entry.name} has no box for its first image in {entry.labels}: '
            'tracking starts there, so remove or rename the sequence, or mend the label'
        )
    return sequence


def _some(found: list[str]) -> str:
    more = f' and {len(found) - SHOWN} more' if len(found) > SHOWN else ''
    return ', '.join(found[:SHOWN]) + more
