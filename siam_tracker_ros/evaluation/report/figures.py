# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is drawn into the axes of each kind of plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drawn import REFERENCE_DASH, Draw, gid, plain
from .palette import INK, MUTED, STAGE_PAIRS, Style

REAL_TIME_FPS = 30.0
# A curve of a few bins is its points; a single one would not be seen without a mark.
MOST_MARKED = 10


@dataclass(frozen=True)
class Line:
    """What a plot shows of one tracker: (K,) each of `x` and `y`, in its units."""

    position: int
    style: Style
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """A tracker in the plot of speed against accuracy."""

    position: int
    style: Style
    label: str
    fps: float
    value: float


def draw_lines(
    lines: Sequence[Line], x_label: str, y_label: str, diagonal: bool = False
) -> Draw:
    """Draw curves over one another, the first one on top, and y = x below them on demand."""

    def draw(axes: Any) -> None:
        if diagonal:
            axes.plot([0.0, 1.0], [0.0, 1.0], color=MUTED, linestyle=REFERENCE_DASH, linewidth=1)
        for line in reversed(lines):
            [drawn] = axes.plot(
                line.x, line.y, color=line.style.colour, linestyle=line.style.dash, linewidth=1.8,
                marker='o' if len(line.x) <= MOST_MARKED else '', markersize=3.5,
            )  # fmt: skip
            drawn.set_gid(gid(line.position))
        axes.set(xlabel=_wrapped(x_label, 46), ylabel=_wrapped(y_label, 34))
        axes.grid(True)
        axes.margins(x=0.0)
        if _is_share([line.x for line in lines]):
            axes.set_xlim(0.0, 1.0)
        if _is_share([line.y for line in lines]):
            # A line at 1 shall not be cut in half.
            axes.set_ylim(0.0, 1.02)

    return draw


def draw_speeds(points: Sequence[Point], label: str) -> Draw:
    """Draw accuracy over speed on a logarithmic axis, with a line where real time begins."""

    def draw(axes: Any) -> None:
        axes.set_xscale('log')
        axes.axvline(REAL_TIME_FPS, color=MUTED, linewidth=1, linestyle=':')
        axes.annotate(
            f'{REAL_TIME_FPS:g} fps', (REAL_TIME_FPS, 0.0), (4, 4), color=MUTED,
            xycoords=('data', 'axes fraction'), textcoords='offset points',
        )  # fmt: skip
        for point in points:
            [drawn] = axes.plot(
                [point.fps], [point.value], color=point.style.colour,
                marker=point.style.marker, markersize=8, linestyle='none',
            )  # fmt: skip
            drawn.set_gid(gid(point.position))
        _fit_speeds(axes, [point.fps for point in points])
        axes.margins(y=0.15)
        axes.set(xlabel='frames per second', ylabel=plain(label))
        axes.grid(True)

    return draw


def draw_radar(names: Sequence[str], lines: Sequence[Line]) -> Draw:
    """Draw a closed line for each tracker over attributes around a circle.

    Parameters
    ----------
    names : sequence of str
        Of the attributes, clockwise from the top.
    lines : sequence of Line
        Their `y` in the order of the names; `x` is not used.
    """
    angles = np.linspace(0.0, 2 * math.pi, len(names), endpoint=False)

    def draw(axes: Any) -> None:
        axes.set_theta_zero_location('N')
        axes.set_theta_direction(-1)
        for line in reversed(lines):
            [drawn] = axes.plot(
                np.append(angles, angles[:1]), np.append(line.y, line.y[:1]),
                color=line.style.colour, linestyle=line.style.dash, linewidth=1.8,
            )  # fmt: skip
            drawn.set_gid(gid(line.position))
        axes.set_xticks(angles, [_wrapped(name, 10) for name in names])
        for label, angle in zip(axes.get_xticklabels(), angles.tolist()):
            side = round(math.sin(angle), 6)
            label.set_horizontalalignment('left' if side > 0 else 'right' if side else 'center')
        axes.set_ylim(bottom=0.0)
        axes.tick_params(axis='y', labelsize=7, labelcolor=MUTED)
        axes.set_rlabel_position(180 / len(names))
        axes.grid(True)

    return draw


def draw_stages(milliseconds: Mapping[str, Mapping[str, float]], stages: Sequence[str]) -> Draw:
    """Draw a bar for each tracker, stacked of the time of its stages; the first one on top."""
    names = list(milliseconds)

    def draw(axes: Any) -> None:
        left = np.zeros(len(names))
        for index, stage in enumerate(stages):
            widths = np.nan_to_num([milliseconds[name].get(stage, 0.0) for name in names])
            axes.barh(
                range(len(names)), widths, left=left, height=0.6,
                color=STAGE_PAIRS[index][0],
            )  # fmt: skip
            left += widths
        axes.set_yticks(range(len(names)), [_wrapped(name, 14) for name in names], color=INK)
        axes.invert_yaxis()
        axes.set_xlabel('milliseconds per frame')
        axes.grid(True, axis='x')
        axes.set_axisbelow(True)

    return draw


def _wrapped(text: str, width: int) -> str:
    # Lines of about the same length.
    lines = math.ceil(len(text) / width)
    return plain('\n'.join(wrap(text, math.ceil(len(text) / max(1, lines)) + 3)))


def _is_share(values: Sequence[NDArray[np.float64]]) -> bool:
    """Whether an axis goes from 0 to 1: no value is outside, and some come near to 1."""
    known = np.concatenate([np.zeros(0), *values])
    known = known[np.isfinite(known)]
    return bool(len(known) and known.min() >= 0.0 and 0.5 < known.max() <= 1.0)


def _fit_speeds(axes: Any, speeds: Sequence[float]) -> None:
    """Show every speed and the line of real time, and write them as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = min([*speeds, REAL_TIME_FPS]), max([*speeds, REAL_TIME_FPS])
    axes.set_xlim(low / 1.6, high * 1.6)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axes.xaxis.set_minor_formatter(NullFormatter())
