# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What tables of measured figures have in common: where they are stored, and their origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / 'benchmarks' / 'results'


def stored(
    path: Path, command: str, show: Callable[[Mapping[str, Any]], str], plot: str = ''
) -> str:
    """Return what is shown of a benchmark's file; where there is none, what makes it.

    The same run has drawn `plot`, which is the Markdown of a picture.
    """
    if not path.is_file():
        return f'Not measured yet; `{command}` does it.\n'
    text = show(json.loads(path.read_text(encoding='utf-8')))
    return f'{text}\n{plot}\n' if plot else text


def of_sequences(result: Mapping[str, Any]) -> str:
    """Return what stands below figures of sequences: what was followed, when and where."""
    return f'{one_pass(result["sequences"])}; {origin(result["run"])}.'


def of_clip(result: Mapping[str, Any]) -> str:
    """Return what stands below figures of the rendered clip: when and where."""
    return f'The rendered clip; {origin(result["run"])}.'


def one_pass(sequences: Mapping[str, int]) -> str:
    """Return what was followed: the number of sequences, and of their frames."""
    return f'One pass over {len(sequences)} sequences, {sum(sequences.values())} frames'


def origin(run: Mapping[str, str]) -> str:
    """Return where and when something was measured."""
    return ', '.join(f'{key} {value}' for key, value in run.items())


def figures(row: Mapping[str, float | None], columns: Mapping[str, int]) -> list[str]:
    """Return some of a row's figures as cells; columns are their names and digits."""
    return [figure(row[key], digits) for key, digits in columns.items()]


def figure(value: float | None, digits: int) -> str:
    """Return a measured figure, empty where there is none."""
    return '' if value is None else f'{value:.{digits}f}'
