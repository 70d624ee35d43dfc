# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Looking for a target in tiles: for a lost one in the whole frame, a few of them at a time.

The paper has no such step. The classifier is what can do it: it has learned what the target looks
like and what its surroundings do, wherever they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..errors import UserError
from ..frames import Frame
from ..geometry import Box
from ..models.classification import Head
from ..models.interfaces import PatchNetwork
from ..settings import Settings, setting
from .patches import CELL_STEP, grid_boxes, grid_features


@dataclass(frozen=True)
class RedetectionSettings(Settings):
    """How much of a frame is looked at while a target is lost."""

    redetect_tiles: int = setting(
        2,
        'tiles of a frame in which the classifier looks for a lost target; 0 looks nowhere',
        low=0,
        high=100,
        source='own',
        dynamic=True,
    )
    redetect_cells: int = setting(
        9,
        'boxes along a side of a tile, odd; also of the one of look_around',
        low=1,
        high=31,
        source='own',
    )

    def check_together(self) -> None:
        """Refuse an even number of boxes: a tile would lie beside its middle."""
        super().check_together()
        if self.redetect_cells % 2 == 0:
            raise UserError(f'redetect_cells is {self.redetect_cells}: expected an odd number')


@dataclass(frozen=True)
class Hit:
    """Where the classifier takes something for a target, and how sure it is."""

    box: Box
    margin: float


def tile_centres(box: Box, width: int, height: int, cells: int) -> list[tuple[float, float]]:
    """Centres of the tiles that cover a frame, those nearest to a box first.

    Parameters
    ----------
    box : Box
        Where the target was seen last; its size is that of the boxes in the tiles.
    width, height : int
        Size of the frame.
    cells : int
        Boxes along a side of a tile.
    """
    # Neighbouring tiles' boxes are as far apart as those within a tile.
    across = max(1, math.ceil(width / (cells * CELL_STEP * box.w)))
    down = max(1, math.ceil(height / (cells * CELL_STEP * box.h)))
    centres = [
        ((i + 0.5) * width / across, (j + 0.5) * height / down)
        for j in range(down)
        for i in range(across)
    ]
    return sorted(centres, key=lambda c: math.hypot(c[0] - box.cx, c[1] - box.cy))


class Sweep:
    """How far the search for one target has come.

    Attributes
    ----------
    seen : int
        Tiles that were looked at since the target was lost.
    """

    def __init__(self) -> None:
        self.seen = 0
        # A tiny target has thousands of tiles, and stays where it was lost for many frames.
        self._covered: tuple[object, ...] = ()
        self._centres: list[tuple[float, float]] = []

    def next_tiles(self, box: Box, frame: Frame, settings: RedetectionSettings) -> Tensor:
        """Boxes in the middle of the tiles of this frame: (n, 4) rows, from the last place on."""
        s = settings
        cover = (box, frame.width, frame.height, s.redetect_cells)
        if cover != self._covered:
            self._centres, self._covered = tile_centres(*cover), cover
        centres = self._centres
        count = min(s.redetect_tiles, len(centres))
        chosen = [centres[(self.seen + i) % len(centres)] for i in range(count)]
        self.seen += count
        return torch.tensor([[x, y, box.w, box.h] for x, y in chosen]).view(-1, 4)


@torch.no_grad()
def redetect(
    network: PatchNetwork,
    frame: Frame,
    heads: Sequence[Head],
    boxes: Sequence[Box],
    sweeps: Sequence[Sweep],
    settings: RedetectionSettings,
) -> list[Box | None]:
    """Look for lost targets in the next tiles of each, with one run of the network.

    Parameters
    ----------
    network, frame, heads
        See `look`.
    boxes : sequence of Box
        Where each was seen last.
    sweeps : sequence of Sweep
        Moved on by this.
    settings : RedetectionSettings

    Returns
    -------
    list of Box or None
        Where the hits of `look` are.
    """
    tiles = [s.next_tiles(box, frame, settings) for s, box in zip(sweeps, boxes)]
    hits = look(network, frame, heads, tiles, settings.redetect_cells)
    return [None if hit is None else hit.box for hit in hits]


@torch.no_grad()
def look(
    network: PatchNetwork,
    frame: Frame,
    heads: Sequence[Head],
    tiles: Sequence[Tensor],
    cells: int,
) -> list[Hit | None]:
    """Look for each target in tiles of its own, with one run of the network.

    Parameters
    ----------
    network : PatchNetwork
    frame : Frame
    heads : sequence of Head
        N, one target each.
    tiles : sequence of Tensor
        For each target (n, 4) boxes in the middle of its tiles.
    cells : int
        Boxes along a side of a tile.

    Returns
    -------
    list of Hit or None
        What most looks like each target, where it looks more like it than like its surroundings
        (S_C > 1/2).
    """
    rows = torch.cat(list(tiles))
    if not len(rows):
        return [None] * len(heads)
    counts = [len(t) for t in tiles]
    features = torch.split(grid_features(network, frame, rows, cells), counts)
    places = torch.split(grid_boxes(rows, cells), counts)
    found: list[Hit | None] = []
    for head, some, around in zip(heads, features, places):
        margin, index = head.margins(some.flatten(0, 1).unsqueeze(0))[0].max(dim=0)
        row = around.flatten(0, 1)[int(index)].tolist()
        found.append(Hit(Box(*row), float(margin)) if float(margin) > 0.0 else None)
    return found
