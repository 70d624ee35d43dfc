# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Text files with a row of numbers for each image: boxes, corners and flags.

Benchmarks separate the numbers of a row by commas, tabs or blanks, and some files mix them.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import UserError

BOX_ROW = 'four numbers left,top,width,height, or nan,nan,nan,nan where the target is absent'


def read_rows(
    path: Path, expected: str = BOX_ROW, widths: tuple[int, ...] = (4,)
) -> NDArray[np.float64]:
    """Read rows of numbers; lines without any are passed over.

    Parameters
    ----------
    path : Path
    expected : str
        What a row holds, for the message.
    widths : tuple of int
        How many numbers a row may have.

    Returns
    -------
    ndarray
        (N, max(widths)) float64, filled up with NaN on the right where a row has fewer.

    Raises
    ------
    UserError
        The file cannot be read, or a row is malformed or holds an infinite number; the sentence
        names the line.
    """
    lines = read_lines(path)
    words = [_words(line) for line in lines]
    counts = np.array([len(row) for row in words], np.intp)
    try:
        numbers = np.array([word for row in words for word in row], np.float64)
    except ValueError:
        raise _malformed(path, lines, expected, widths) from None
    if np.isinf(numbers).any() or not np.isin(counts, (0, *widths)).all():
        raise _malformed(path, lines, expected, widths)
    counts = counts[counts > 0]
    rows = np.full((len(counts), max(widths)), np.nan)
    rows[np.arange(max(widths)) < counts[:, None]] = numbers
    return rows


def read_boxes(path: Path, expected: str = BOX_ROW) -> NDArray[np.float64]:
    """Read a box per row, as the file has it.

    Returns
    -------
    ndarray
        (N, 4) float64, NaN as a whole where a number is NaN or there is no area.

    Raises
    ------
    UserError
        See `read_rows`.
    """
    return without_empty(read_rows(path, expected))


def without_empty(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 4) boxes with NaN as a whole where a number is NaN or there is no area."""
    good = np.asarray(~np.isnan(boxes).any(axis=1) & (boxes[:, 2:] > 0).all(axis=1))
    return np.where(good[:, None], boxes, np.nan)


def read_integers(path: Path) -> NDArray[np.int64]:
    """Read whole numbers, on lines or separated: (K,) int64.

    Raises
    ------
    UserError
        The file cannot be read or holds something else.
    """
    words = _words(' '.join(read_lines(path)))
    try:
        numbers = np.array(words, np.float64)
        good = bool((np.isfinite(numbers) & (np.floor(numbers) == numbers)).all())
    except ValueError:
        good = False
    if not good:
        raise UserError(f'{path} holds something that is no whole number: expected only those')
    return numbers.astype(np.int64)


def check_flags(
    path: Path, flags: NDArray[np.int64], count: int, what: str = 'image'
) -> NDArray[np.int64]:
    """Return flags of which there must be one per image, or per `what`.

    Raises
    ------
    UserError
        There are more or fewer.
    """
    if len(flags) != count:
        raise UserError(f'{path} has {len(flags)} numbers: expected {count}, one per {what}')
    return flags


def read_lines(path: Path) -> list[str]:
    """Lines of a text file; bytes that are no text become a character that no number has.

    Raises
    ------
    UserError
        The file cannot be read.
    """
    try:
        return path.read_text('utf-8-sig', errors='replace').splitlines()
    except OSError as error:
        raise UserError(
            f'labels {path} cannot be read ({error.strerror}): expected a text file'
        ) from error


def _words(line: str) -> list[str]:
    return line.replace(',', ' ').split()


def _malformed(path: Path, lines: list[str], expected: str, widths: tuple[int, ...]) -> UserError:
    """The error that names the first line at fault."""
    number, line = next((n, line) for n, line in enumerate(lines, 1) if not _is_row(line, widths))
    return UserError(f'{path} line {number} is {line.strip()[:60]!r}: expected {expected}')


def _is_row(line: str, widths: tuple[int, ...]) -> bool:
    words = _words(line)
    try:
        infinite = any(math.isinf(float(word)) for word in words)
    except ValueError:
        return False
    return len(words) in (0, *widths) and not infinite
