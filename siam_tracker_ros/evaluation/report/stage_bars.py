# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a frame goes, as bars."""

from __future__ import annotations

from collections.abc import Mapping
import math
from pathlib import Path

from ...stages import STAGES
from .drawn import Entry, Plot, render
from .figures import draw_stages
from .palette import STAGE_PAIRS

Costs = Mapping[str, Mapping[str, float]]


def stage_plot(costs: Costs, pictures: Path) -> Plot | None:
    """Draw the stages of a frame, stacked; None where no tracker tells any.

    Parameters
    ----------
    costs : mapping of str to mapping
        By tracker: milliseconds by the name of a stage, among other figures.
    pictures : Path
        Folder of the PNG.
    """
    known = {
        tracker: {
            stage: figures[stage]
            for stage in STAGES
            if not math.isnan(figures.get(stage, math.nan))
        }
        for tracker, figures in costs.items()
    }
    known = {tracker: figures for tracker, figures in known.items() if figures}
    stages = [stage for stage in STAGES if any(stage in figures for figures in known.values())]
    if not stages:
        return None
    entries = [
        Entry(stage, '', 'stage', index, index, STAGE_PAIRS[index][0])
        for index, stage in enumerate(stages)
    ]
    return render(
        'Where the time of a frame goes',
        draw_stages(known, stages),
        entries,
        pictures / 'stages.png',
        height=0.9 + 0.4 * len(known),
    )
