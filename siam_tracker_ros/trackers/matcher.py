# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Matching of an exemplar with search crops: what SiamFC does, and the others begin with.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import math

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, SearchWindow
from ..models.interfaces import MatchingNetwork, placed
from ..stages import stage
from .base import State
from .crops import cut, exemplar_crop, search_windows
from .locate import located
from .match_settings import MatchSettings
from .matches import Found, Match, MatchTarget, inside

# Pixels of the crops that a CPU searches at once, twelve of 255 x 255: what layers hand to each
# other then stays in its caches, and all of many targets at once take up to twice as long.
CPU_PIXELS = 12 * 255**2


class Matcher:
    """A Siamese network that cuts out exemplars and searches for them.

    Parameters
    ----------
    network : MatchingNetwork
    settings : MatchSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions are always computed in float32.
    """

    def __init__(
        self,
        network: MatchingNetwork,
        settings: MatchSettings,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.network = placed(network, device, dtype)
        self.settings = settings
        self.device = device
        self.dtype = dtype

    @property
    def stride(self) -> int:
        """Pixels of a crop between two cells."""
        return self.network.stride

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
        most = len(targets)
        if self.device.type == 'cpu':
            most = max(1, CPU_PIXELS // (scales * size**2))
        maps = [
            self._respond(
                frame, targets[i : i + most], windows[i * scales : (i + most) * scales], size
            )
            for i in range(0, len(targets), most)
        ]
        return torch.cat(maps), windows

    def _respond(
        self,
        frame: Frame,
        targets: Sequence[MatchTarget],
        windows: Sequence[SearchWindow],
        size: int,
    ) -> Tensor:
        """(N, S, M, M) maps of targets that are searched at once, each in as many windows."""
        scales = len(windows) // len(targets)
        fill = torch.stack([t.fill for t in targets]).repeat_interleave(scales, dim=0)
        with stage('crop', self.device):
            crops = cut(frame, windows, size, fill, self.dtype)
        with stage('network', self.device):
            return self.compare(
                targets, crops.reshape(len(targets), scales, *crops.shape[1:])
            ).float()

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
            numbers, pull = located(maps, penalty, influence, upsampling)
            best = numbers[:, 0].long()
            rows = numbers.tolist()
        return Match(
            rows=rows,
            maps=maps[torch.arange(len(targets), device=maps.device), best],
            factors=[factors[int(row[0])] for row in rows],
            windows=[windows[i * scales + int(row[0])] for i, row in enumerate(rows)],
            pull=pull,
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
        found: dict[int, Found] = {}
        for group, match in self.matches(frame, targets):
            for k, i in enumerate(group):
                found[i] = self.found(frame, targets[i], match, k, match.rows[k])
        return [found[i] for i in range(len(targets))]

    def matches(
        self, frame: Frame, targets: Sequence[MatchTarget]
    ) -> Iterator[tuple[list[int], Match]]:
        """Search for targets as `search` does; what is searched alike comes together.

        Yields
        ------
        group : list of int
            Numbers of the targets.
        match : Match
            What was found for them, in this order.
        """
        s = self.settings
        groups: dict[tuple[int, bool], list[int]] = {}
        for i, target in enumerate(targets):
            key = (target.search_size(s), target.state is State.LOST)
            groups.setdefault(key, []).append(i)
        for (size, lost), group in groups.items():
            factors, influence = ([1.0], 0.0) if lost else (s.factors, s.window_influence)
            some = [targets[i] for i in group]
            yield group, self.match(frame, some, [t.box for t in some], size, factors, influence)

    def found(
        self, frame: Frame, target: MatchTarget, match: Match, index: int, row: Sequence[float]
    ) -> Found:
        """One place of a target: what a row says, such as `locate` gives, of its map."""
        scale, column, line, peak, sharpness = row
        at = match.place(index, column, line, target.origin)
        box = self.moved(target, at, match.factors[index], frame)
        middle = (match.cells - 1) / 2
        place = (column - target.origin[0] - middle, line - target.origin[1] - middle)
        return Found(box, peak, sharpness, match.response(index), int(scale), place)

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
