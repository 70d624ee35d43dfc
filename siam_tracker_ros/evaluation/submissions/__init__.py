# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results in the formats of the benchmarks, ready for their servers and toolkits.

Every file here writes one kind and converts continuous pixels to the benchmark's corners.
"""

from __future__ import annotations

from collections.abc import Sequence as List
from pathlib import Path

from ...errors import UserError
from ...sequences import Sequence
from ..summary import Passes
from . import files, vot
from .base import Format, Result, identifier
from .got10k import GOT10K
from .trackingnet import TRACKINGNET

__all__ = ['Format', 'formats', 'get', 'write']

REGISTRY = {kind.name: kind for kind in (GOT10K, TRACKINGNET, *files.FORMATS, *vot.FORMATS)}


def formats() -> list[str]:
    """Every format, as the command line calls it."""
    return list(REGISTRY)


def get(name: str) -> Format:
    """Return a format by its name.

    Raises
    ------
    UserError
        There is none of this name.
    """
    if name not in REGISTRY:
        raise UserError(f'unknown format {name!r}: expected one of {", ".join(REGISTRY)}')
    return REGISTRY[name]


def write(
    format: str, folder: Path | str, tracker: str, sequences: List[Sequence], passes: Passes
) -> Path:
    """Write the results of one tracker.

    Parameters
    ----------
    format : str
        One of `formats`.
    folder : Path or str
        Made where it does not exist; files of the same names in it are replaced.
    tracker : str
        Characters that benchmarks do not allow in a name become ``-``.
    sequences : list of Sequence
    passes : mapping of str to list of Trace
        Of each of the sequences. Formats with repetitions take all of them, others the first.

    Returns
    -------
    Path
        What is handed in: the archive where the benchmark has a server for it, else a folder.

    Raises
    ------
    UserError
        Unknown format, results that are missing or of another kind, or a place that cannot be
        written.
    """
    kind = get(format)
    results = [_result(sequence, passes) for sequence in sequences]
    try:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return kind.write(folder, identifier(tracker), results)
    except OSError as error:
        raise UserError(
            f'results cannot be written to {folder} ({error.strerror}): choose another folder'
        ) from error


def _result(sequence: Sequence, passes: Passes) -> Result:
    traces = list(passes.get(sequence.name, ()))
    if not traces:
        raise UserError(
            f'there are no results for sequence {sequence.name}: '
            'evaluate it first, or leave it out'
        )
    for trace in traces:
        if len(trace) != len(sequence.images):
            raise UserError(
                f'the results of {sequence.name} have {len(trace)} rows and the sequence '
                f'{len(sequence.images)} images: evaluate it again'
            )
    return Result(sequence.name, traces)
