# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Matching of an exemplar with search crops: what SiamFC does, and the others begin with.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, SearchWindow
from ..models.siamese import Siamese
from ..online.monitor import Evidence, Judgement
from ..stages import stage
from .base import Estimate, Response, State
from .crops import cut, exemplar_crop, search_windows
from .judged import JudgedTarget
from .locate import locate
from .match_settings import MatchSettings


class MatchTarget(JudgedTarget):
    """One object: its exemplar's features, the colour around its image, its history.

    Attributes
    ----------
    template : Tensor
        (C, h, w) exemplar features, computed once from the first frame.
    fill : Tensor
        (3,) mean colour of the first frame; it stays, so that padding does not flicker.
    origin : tuple of float
        Where the exemplar's own peak lies in the frame it was taken from, x and y in cells from
        the middle of the map.
    parts : dict
        What its last response was made of: (S, M, M) logits for S scales, by their names; empty
        where it was made of one map.
    """

    def __init__(self, box: Box, template: Tensor, fill: Tensor) -> None:
        super().__init__(box)
        self.template = template
        self.fill = fill
        self.origin = (0.0, 0.0)
        self.parts: dict[str, Tensor] = {}

    def follow(self, found: Found, rule: Judgement) -> float:
        """Judge what was found, and go there unless the target is lost; the score."""
        # A NaN in the map has no position: keep the old one, the monitor says lost.
        score = self.judge(Evidence(found.peak, found.sharpness), rule)
        self.candidate = found.box
        if self.state is not State.LOST:
            self.box = found.box
        return score

    def estimate(
        self, frame: Frame, found: Found, score: float, updated: bool, reason: str
    ) -> Estimate:
        """What is known after a frame, without a classifier."""
        return Estimate(
            box=visible(self.box, frame),
            score=score,
            similarity=found.peak if math.isfinite(found.peak) else 0.0,
            classification=None,
            state=self.state,
            updated=updated,
            update_reason=reason,
            response=found.response,
            parts={
                name: Response(maps[found.scale], found.response.window)
                for name, maps in self.parts.items()
            },
        )


@dataclass(frozen=True)
class Match:
    """What one run of the network found for N targets.

    Attributes
    ----------
    rows : list of list of float
        The rows of `locate`.
    maps : Tensor
        (N, M, M) logits at the best scales.
    factors : list of float
        The best scales.
    windows : list of SearchWindow
        What was searched at the best scales.
    stride : int
        Pixels of the crop between two cells.
    size : int
        Side of the crops.
    """

    rows: list[list[float]]
    maps: Tensor
    factors: list[float]
    windows: list[SearchWindow]
    stride: int
    size: int

    def self_response(self) -> tuple[float, float]:
        """Offset of the first target's peak in its own first frame, x and y in cells.

        The response around the exemplar is not symmetric, because its surroundings are not, so
        its up-sampled peak lies a fraction of a cell beside the middle. As a constant error it
        would move every box of a static scene. A peak further off is something else that looks
        alike, which no offset mends.
        """
        return own_offset(self.rows[0], self.cells) or (0.0, 0.0)

    @property
    def cells(self) -> int:
        """Cells along a side of a map, M."""
        return int(self.maps.shape[-1])

    def place(
        self, index: int, column: float, line: float, origin: tuple[float, float]
    ) -> tuple[float, float]:
        """Position in the image of a peak of one target's map.

        Parameters
        ----------
        index : int
            Which target.
        column, line : float
            The peak, in cells.
        origin : tuple of float
            The target's own, see `MatchTarget`.
        """
        return self.windows[index].cell(
            column - origin[0], line - origin[1], self.cells, self.stride, self.size
        )

    def response(self, index: int) -> Response:
        """One target's map, and what it covers of the image."""
        covering = covered(self.windows[index], self.cells, self.stride, self.size)
        return Response(self.maps[index], covering)


@dataclass(frozen=True)
class Found:
    """Where one target was found.

    Attributes
    ----------
    box : Box
        At its new place, and of its new size.
    peak : float
        The response there, a logit.
    sharpness : float
        Peak-to-sidelobe ratio.
    response : Response
    scale : int
        Which of the scales fits best.
    place : tuple of float
        How far it is from the middle of the map of that scale, x and y in cells.
    """

    box: Box
    peak: float
    sharpness: float
    response: Response
    scale: int
    place: tuple[float, float]


class Matcher:
    """A Siamese network that cuts out exemplars and searches for them.

    Parameters
    ----------
    network : Siamese
        In evaluation mode, on `device`.
    settings : MatchSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions are always computed in float32.
    """

    def __init__(
        self, network: Siamese, settings: MatchSettings, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.network = network.eval().to(device=device, dtype=dtype)
        # Convolution and pooling of one image are quicker with the channels innermost.
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.settings = settings
        self.device = device
        self.dtype = dtype

    @property
    def stride(self) -> int:
        """Pixels of a crop between two cells."""
        return self.network.backbone.stride

    def exemplar(self, frame: Frame, box: Box) -> tuple[Tensor, Tensor]:
        """Features of an exemplar with its context (section 2.5), and the frame's mean colour."""
        crop, fill = exemplar_crop(frame, box, self.settings, self.dtype)
        return self.network.template(crop)[0], fill

    def respond(
        self,
        frame: Frame,
        targets: Sequence[MatchTarget],
        boxes: Sequence[Box],
        size: int,
        factors: Sequence[float],
    ) -> tuple[Tensor, list[SearchWindow]]:
        """Run the network once over all targets and scales.

        Parameters
        ----------
        frame : Frame
        targets : sequence of MatchTarget
            N, one or more.
        boxes : sequence of Box
            Around which each of them is searched, and of which size it is there.
        size : int
            Side of the search crops in pixels.
        factors : sequence of float
            Sizes of the windows, relative to the boxes'.

        Returns
        -------
        maps : Tensor
            (N, S, M, M) float32 logits.
        windows : list of SearchWindow
            N * S, target after target.
        """
        scales = len(factors)
        windows = search_windows(boxes, size, factors, self.settings)
        fill = torch.stack([t.fill for t in targets]).repeat_interleave(scales, dim=0)
        with stage('crop', self.device):
            crops = cut(frame, windows, size, fill, self.dtype)
        with stage('network', self.device):
            maps = self.compare(
                targets, crops.reshape(len(targets), scales, *crops.shape[1:])
            ).float()
        return maps, windows

    def compare(self, targets: Sequence[MatchTarget], crops: Tensor) -> Tensor:
        """Response maps, (N, S, M, M), of the targets' search crops, (N, S, 3, side, side)."""
        return self.network.search(torch.stack([t.template for t in targets]), crops)

    def match(
        self,
        frame: Frame,
        targets: Sequence[MatchTarget],
        boxes: Sequence[Box],
        size: int,
        factors: Sequence[float],
        influence: float,
        upsampling: int | None = None,
    ) -> Match:
        """Find each target's best scale and place.

        Parameters
        ----------
        frame, targets, boxes, size, factors
            See `respond`; an odd number of factors, 1 in the middle.
        influence : float
            Weight of the cosine window.
        upsampling : int, optional
            Samples per cell of the map; those of the settings by default.
        """
        s, scales = self.settings, len(factors)
        upsampling = s.upsampling if upsampling is None else upsampling
        maps, windows = self.respond(frame, targets, boxes, size, factors)
        with stage('post-processing', self.device):
            penalty = maps.new_tensor([1.0 if f == 1.0 else s.scale_penalty for f in factors])
            numbers = locate(maps, penalty, influence, upsampling)
            best = numbers[:, 0].long()
            rows = numbers.tolist()
        return Match(
            rows=rows,
            maps=maps[torch.arange(len(targets), device=maps.device), best],
            factors=[factors[int(row[0])] for row in rows],
            windows=[windows[i * scales + int(row[0])] for i, row in enumerate(rows)],
            stride=self.stride,
            size=size,
        )

    def search(self, frame: Frame, targets: Sequence[MatchTarget]) -> list[Found]:
        """Find targets as SiamFC does: at several scales, with the prior that they are near.

        Lost ones are searched in a larger crop at one scale, without it, in a run of their own.

        Parameters
        ----------
        frame : Frame
        targets : sequence of MatchTarget

        Returns
        -------
        list of Found
            In the order of the targets; none of them is moved.
        """
        s = self.settings
        groups: dict[tuple[int, bool], list[int]] = {}
        for i, target in enumerate(targets):
            key = (target.search_size(s), target.state is State.LOST)
            groups.setdefault(key, []).append(i)
        found: dict[int, Found] = {}
        for (size, lost), group in groups.items():
            factors, influence = ([1.0], 0.0) if lost else (s.factors, s.window_influence)
            some = [targets[i] for i in group]
            match = self.match(frame, some, [t.box for t in some], size, factors, influence)
            for k, (i, target) in enumerate(zip(group, some)):
                scale, column, line, peak, sharpness = match.rows[k]
                at = match.place(k, column, line, target.origin)
                box = self.moved(target, at, match.factors[k], frame)
                middle = (match.cells - 1) / 2
                place = (column - target.origin[0] - middle, line - target.origin[1] - middle)
                found[i] = Found(box, peak, sharpness, match.response(k), int(scale), place)
        return [found[i] for i in range(len(targets))]

    def moved(
        self, target: MatchTarget, at: tuple[float, float], factor: float, frame: Frame
    ) -> Box:
        """A target's box at a new place; its size follows the best scale, damped and bounded."""
        box = target.box
        change = 1.0 + self.settings.scale_rate * (factor - 1.0)
        # The centre stays in the image, so that the next search window sees some of it.
        return self.bounded(target, Box(*inside(at, frame), box.w * change, box.h * change))

    def bounded(self, target: MatchTarget, box: Box) -> Box:
        """A target's new box with its size in the bounds, and its centre where it is."""
        s = self.settings
        size = math.sqrt(box.area / target.first.area)
        change = min(max(size, s.size_low), s.size_high) / size
        return Box(box.cx, box.cy, box.w * change, box.h * change)


def own_offset(row: Sequence[float], cells: int) -> tuple[float, float] | None:
    """How far beside the middle of its map a peak is, x and y in cells.

    None where it is more than a cell, or where the map holds a NaN.

    Parameters
    ----------
    row : sequence of float
        Of `locate`.
    cells : int
        Cells along a side of the map.
    """
    _, column, line, peak, _ = row
    middle = (cells - 1) / 2
    dx, dy = column - middle, line - middle
    if not math.isfinite(peak) or max(abs(dx), abs(dy)) > 1.0:
        return None
    return dx, dy


def covered(window: SearchWindow, cells: int, stride: int, size: int) -> SearchWindow:
    """What a map of so many cells covers of the window that was searched."""
    return SearchWindow(window.cx, window.cy, window.side * cells * stride / size)


def inside(place: tuple[float, float], frame: Frame) -> tuple[float, float]:
    """A place, or the nearest one in the frame; a NaN stays one."""
    x, y = place
    return min(max(x, 0.0), float(frame.width)), min(max(y, 0.0), float(frame.height))


def visible(box: Box, frame: Frame) -> Box:
    """The part of a box inside the frame: there is one, unless the frame shrank."""
    clipped = box.clipped(frame.width, frame.height)
    return clipped if clipped is not None else Box(frame.width / 2, frame.height / 2, 1.0, 1.0)
