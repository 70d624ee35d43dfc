# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a format of results is, and what all of them need: rows, files, archives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Sequence as List
from dataclasses import dataclass
import glob
import os
from pathlib import Path
import re
from typing import NamedTuple
import zipfile

import numpy as np
from numpy.typing import NDArray

from ...errors import UserError
from ..traces import INIT, TRACKED, Trace

Array = NDArray[np.float64]
# Time stamp of the files in an archive: the same results give the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


class Result(NamedTuple):
    """The passes of one tracker through one sequence."""

    name: str
    traces: List[Trace]


@dataclass(frozen=True)
class Format:
    """How a benchmark takes results.

    Attributes
    ----------
    name : str
    title : str
    layout : tuple of str
        Files that show it, below the folder of results.
    convention : str
        What the numbers of a row are, and how they come from continuous pixels.
    server : str or None
        The dataset, by its name, all of whose sequences a server expects.
    write : callable
        Takes the folder of results, the tracker's name made fit for files, and the results;
        returns what is handed in.
    """

    name: str
    title: str
    layout: tuple[str, ...]
    convention: str
    server: str | None
    write: Callable[[Path, str, List[Result]], Path]


def identifier(tracker: str) -> str:
    """A tracker's name as benchmarks allow it: letters, digits and ``_.+-``."""
    return re.sub(r'[^A-Za-z0-9_.+-]+', '-', tracker)


def one_pass_boxes(result: Result, trace: Trace) -> Array:
    """Boxes of a pass from the first image to the last: (N, 4).

    Where the tracker has no box, the one before stands in, as in the toolkits of OTB and LaSOT:
    the servers want one for every image. So a tracker that refused its start stands still.

    Raises
    ------
    UserError
        The tracker was started anew in it, or frames were skipped.
    """
    whole = trace.events[0] == INIT and bool((trace.events[1:] == TRACKED).all())
    if not whole:
        raise UserError(
            f'the results of {result.name} begin late or were started anew: this format takes '
            'one-pass results, those of experiment ope'
        )
    given = np.isfinite(trace.boxes).all(axis=1)
    last = np.maximum.accumulate(np.where(given, np.arange(len(trace)), 0))
    return trace.boxes[last]


def box_lines(boxes: Array, origin: float = 0.0) -> list[str]:
    """Rows ``left,top,width,height`` to a ten-thousandth of a pixel.

    Parameters
    ----------
    boxes : ndarray
        (N, 4) in continuous pixels.
    origin : float
        Index of the first pixel in the benchmark's convention.
    """
    shifted = boxes + np.array([origin, origin, 0.0, 0.0])
    return [f'{x:.4f},{y:.4f},{w:.4f},{h:.4f}' for x, y, w, h in shifted.tolist()]


def time_lines(traces: List[Trace]) -> list[str]:
    """A row per image with the seconds of each pass."""
    seconds = np.stack([trace.seconds for trace in traces], axis=1)
    return [','.join(f'{value:.8f}' for value in row) for row in seconds.tolist()]


def remove_earlier(folder: Path, name: str) -> None:
    """Remove what was written of a sequence before: there may have been more repetitions."""
    for path in folder.glob(f'{glob.escape(name)}_*'):
        path.unlink()


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(f'{line}\n' for line in lines), encoding='ascii')


def archive(path: Path, folder: Path, files: Iterable[Path]) -> Path:
    """Pack files of a folder; the archive is there whole or not at all."""
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    with zipfile.ZipFile(partial, 'w', zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(files):
            info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            packed.writestr(info, file.read_bytes())
    partial.replace(path)
    return path
