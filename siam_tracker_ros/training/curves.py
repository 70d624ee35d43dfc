# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Curves of a training run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from ..errors import UserError, install


def figure_class() -> Any:
    """Return matplotlib's Figure; a machine that only tracks has no matplotlib.

    Raises
    ------
    UserError
        It is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            f'training needs matplotlib ({error}): install it with {install("train")}'
        ) from error
    return Figure


def draw_curves(metrics: Path, picture: Path) -> None:
    """Draw what ``metrics.csv`` holds: the losses, and what was measured on held-out shots.

    Parameters
    ----------
    metrics : Path
        A row per step; columns may be empty.
    picture : Path
        PNG to write.
    """
    with metrics.open(newline='') as file:
        rows = list(csv.DictReader(file))
    figure = figure_class()(figsize=(10, 4), layout='constrained')
    left, right = figure.subplots(1, 2)
    for axes, names in (
        (left, ('loss', 'held_out_loss', 'logistic', 'absent', 'class', 'box')),
        (right, tuple(f'held_out_{name}' for name in ('hit', 'iou', 'auroc', 'top1', 'top5'))),
    ):
        for name in names:
            # Networks of one kind have not what those of another one have.
            points = [(int(row['step']), float(row[name])) for row in rows if row.get(name)]
            if points:
                axes.plot(*zip(*points), label=name.replace('_', ' '), linewidth=1)
        axes.set_xlabel('step')
        axes.grid(alpha=0.3)
        # Few shots leave none to measure on, and matplotlib warns of a legend of nothing.
        if axes.lines:
            axes.legend()
    figure.savefig(str(picture), dpi=120)
