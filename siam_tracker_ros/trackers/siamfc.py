# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SiamFC: the matching baseline that the cascaded Siamese, DSiam and SA-Siam papers build on.

Bertinetto et al., "Fully-Convolutional Siamese Networks for Object Tracking", 2016. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..errors import UserError
from ..frames import Frame
from ..geometry import Box, SearchWindow, check_initial_box, context_side
from ..models.siamese import Siamese
from ..online.monitor import Calibration, Evidence, Judgement, Monitor, Thresholds
from ..settings import Settings, setting
from ..stages import stage
from .base import Estimate, Response, State, Target, Tracker
from .locate import locate


@dataclass(frozen=True)
class SiamFCSettings(Settings):
    """How SiamFC searches, and when it gives up. Defaults are the paper's where it states them."""

    exemplar_size: int = setting(
        127,
        'side of the exemplar crop',
        unit='px',
        low=87,
        high=511,
        symbol='z',
        source='SiamFC 2.5',
    )
    search_size: int = setting(
        255,
        'side of the search crop',
        unit='px',
        low=103,
        high=1023,
        symbol='x',
        source='SiamFC 2.5',
    )
    context: float = setting(
        0.5,
        'context around the target as a share of (w + h), both sides together',
        low=0.0,
        high=2.0,
        symbol='2p',
        source='SiamFC 2.5',
    )
    scales: int = setting(
        3, 'number of search scales, odd', low=1, high=7, source='SiamFC 3 (SiamFC-3s)'
    )
    scale_step: float = setting(
        1.0375, 'ratio between two search scales', low=1.0, high=1.5, source='SiamFC code'
    )
    scale_penalty: float = setting(
        0.9745,
        'factor on the response of every scale but the middle one',
        low=0.0,
        high=1.0,
        source='SiamFC code',
        dynamic=True,
    )
    scale_rate: float = setting(
        0.59,
        'how far the size follows the best scale in one frame',
        low=0.0,
        high=1.0,
        source='SiamFC code',
        dynamic=True,
    )
    window_influence: float = setting(
        0.176,
        'weight of the cosine window against the response',
        low=0.0,
        high=1.0,
        source='SiamFC code',
        dynamic=True,
    )
    upsampling: int = setting(
        16, 'bicubic up-sampling of the response map', low=1, high=32, source='SiamFC 3'
    )
    size_low: float = setting(
        0.2,
        'smallest size against the first frame',
        low=0.01,
        high=1.0,
        source='DSiam code',
        dynamic=True,
    )
    size_high: float = setting(
        5.0,
        'largest size against the first frame',
        low=1.0,
        high=100.0,
        source='DSiam code',
        dynamic=True,
    )
    lost_search_size: int = setting(
        511,
        'side of the search crop while the target is lost',
        unit='px',
        low=103,
        high=2047,
        source='own; SiamRPN++ 4.4 grows its search region likewise',
    )
    confidence_bias: float = setting(
        0.0, "constant of the score's logit, fitted when the weights were trained", source='own'
    )
    confidence_peak: float = setting(
        1.0,
        "weight of the response peak in the score's logit, fitted with the weights",
        source='own',
    )
    confidence_sharpness: float = setting(
        0.0,
        'weight of the logarithm of the peak-to-sidelobe ratio, fitted with the weights',
        source='own; ratio of Bolme et al. 2010',
    )
    confidence_drop: float = setting(
        0.0,
        "weight of the peak's difference from its trusted history, fitted with the weights",
        source='own',
    )
    certain_score: float = setting(
        0.5,
        'score from which a target is tracked, not uncertain',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
    lost_score: float = setting(
        0.2,
        'score below which a frame speaks for a loss',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
    found_score: float = setting(
        0.6,
        'score from which a lost target counts as found',
        low=0.0,
        high=1.0,
        source='own',
        dynamic=True,
    )
    lost_patience: int = setting(
        5,
        'frames in a row below lost_score before the target is lost',
        unit='frames',
        low=1,
        high=1000,
        source='own',
        dynamic=True,
    )
    history: int = setting(
        30, 'trusted peaks that are remembered', unit='frames', low=1, high=1000, source='own'
    )

    def check_together(self) -> None:
        """Refuse maps without a cell at zero displacement, even scales, crossed thresholds."""
        for name in ('search_size', 'lost_search_size'):
            size = getattr(self, name)
            if size <= self.exemplar_size or (size - self.exemplar_size) % 16:
                raise UserError(
                    f'{name} is {size}: expected exemplar_size ({self.exemplar_size}) plus a '
                    'multiple of 16, '
                    'so that a cell of the response map lies at zero displacement'
                )
        if self.scales % 2 == 0:
            raise UserError(
                f'scales is {self.scales}: expected an odd number, so that one keeps the size'
            )
        if not self.lost_score <= self.certain_score:
            raise UserError(
                f'lost_score is {self.lost_score}: expected at most certain_score '
                f'({self.certain_score})'
            )


class SiamFCTarget(Target):
    """One object: its exemplar's features, the colour around its image, its history.

    Attributes
    ----------
    template : Tensor
        (C, h, w) exemplar features, computed once from the first frame.
    fill : Tensor
        (3,) mean colour of the first frame; it stays, so that padding does not flicker.
    first : Box
        The box that tracking started with; bounds the size.
    origin : tuple of float
        Where the exemplar's own peak lies in the frame it was taken from, x and y in cells from
        the middle of the map.
    monitor : Monitor
    """

    def __init__(self, box: Box, template: Tensor, fill: Tensor) -> None:
        super().__init__(box)
        self.template = template
        self.fill = fill
        self.first = box
        self.origin = (0.0, 0.0)
        self.monitor = Monitor()

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.monitor.lost = True

    def rescale(self, fx: float, fy: float) -> None:
        """See `Target.rescale`; the bounds of the size are rescaled with it."""
        super().rescale(fx, fy)
        self.first = self.first.scaled(fx, fy)


@dataclass(frozen=True)
class _Match:
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
    """

    rows: list[list[float]]
    maps: Tensor
    factors: list[float]
    windows: list[SearchWindow]

    def self_response(self) -> tuple[float, float]:
        """Offset of the first target's peak in its own first frame, x and y in cells.

        The response around the exemplar is not symmetric, because its surroundings are not, so
        its up-sampled peak lies a fraction of a cell beside the middle. As a constant error it
        would move every box of a static scene. A peak further off is something else that looks
        alike, which no offset mends.
        """
        _, column, line, peak, _ = self.rows[0]
        middle = (self.maps.shape[-1] - 1) / 2
        dx, dy = column - middle, line - middle
        if not math.isfinite(peak) or max(abs(dx), abs(dy)) > 1.0:
            return 0.0, 0.0
        return dx, dy


class SiamFCTracker(Tracker):
    """Three-scale matching of the first frame's exemplar.

    Parameters
    ----------
    network : Siamese
        In evaluation mode, on `device`.
    settings : SiamFCSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions are always computed in float32.
    """

    def __init__(
        self,
        network: Siamese,
        settings: SiamFCSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.network = network.eval().to(device=device, dtype=dtype)
        # Convolution and pooling of one image are quicker with the channels innermost.
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.settings: SiamFCSettings = settings
        self.device = device
        self.dtype = dtype
        s = settings
        self.rule = Judgement(
            Calibration(
                s.confidence_bias, s.confidence_peak, s.confidence_sharpness, s.confidence_drop
            ),
            Thresholds(s.certain_score, s.lost_score, s.found_score, s.lost_patience),
            s.history,
        )

    def with_settings(self, settings: Settings) -> SiamFCTracker:
        """See `Tracker.with_settings`."""
        assert isinstance(settings, SiamFCSettings)
        return SiamFCTracker(self.network, settings, self.device, self.dtype)

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> SiamFCTarget:
        """See `Tracker.start`; the exemplar is cropped with its context (section 2.5)."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        fill = frame.mean_colour()
        window = SearchWindow(box.cx, box.cy, context_side(box.w, box.h, s.context))
        crop = frame.crop([window], s.exemplar_size, fill).to(
            self.dtype, memory_format=torch.channels_last
        )
        target = SiamFCTarget(box, self.network.template(crop)[0], fill)
        match = self._match(frame, [target], s.search_size, s.scales, s.window_influence)
        target.origin = match.self_response()
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`; lost targets search a larger crop, in a run of their own."""
        mine = [t for t in targets if isinstance(t, SiamFCTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        s = self.settings
        searches = {
            False: (s.search_size, s.scales, s.window_influence),
            True: (s.lost_search_size, 1, 0.0),
        }
        # Before any search: who is lost in this frame searches more from the next one on.
        groups = {
            lost: [(i, t) for i, t in enumerate(mine) if (t.state is State.LOST) == lost]
            for lost in searches
        }
        results: dict[int, Estimate] = {}
        for lost, (size, scales, influence) in searches.items():
            group = groups[lost]
            if group:
                found = self._search(frame, [t for _, t in group], size, scales, influence)
                results.update((i, estimate) for (i, _), estimate in zip(group, found))
        return [results[i] for i in range(len(mine))]

    def _match(
        self, frame: Frame, targets: list[SiamFCTarget], size: int, scales: int, influence: float
    ) -> _Match:
        """Run the network once over all targets and scales."""
        s = self.settings
        factors = [s.scale_step**k for k in range(-(scales // 2), scales // 2 + 1)]
        sides = [
            context_side(t.box.w, t.box.h, s.context) * size / s.exemplar_size for t in targets
        ]
        windows = [
            SearchWindow(t.box.cx, t.box.cy, side * factor)
            for t, side in zip(targets, sides)
            for factor in factors
        ]
        fill = torch.stack([t.fill for t in targets]).repeat_interleave(scales, dim=0)
        with stage('crop', self.device):
            crops = frame.crop(windows, size, fill).to(
                self.dtype, memory_format=torch.channels_last
            )
        with stage('network', self.device):
            template = torch.stack([t.template for t in targets])
            maps = self.network.search(
                template, crops.reshape(len(targets), scales, *crops.shape[1:])
            ).float()
        with stage('post-processing', self.device):
            penalty = maps.new_tensor([1.0 if f == 1.0 else s.scale_penalty for f in factors])
            numbers = locate(maps, penalty, influence, s.upsampling)
            best = numbers[:, 0].long()
            rows = numbers.tolist()
        return _Match(
            rows=rows,
            maps=maps[torch.arange(len(targets), device=maps.device), best],
            factors=[factors[int(row[0])] for row in rows],
            windows=[windows[i * scales + int(row[0])] for i, row in enumerate(rows)],
        )

    def _search(
        self, frame: Frame, targets: list[SiamFCTarget], size: int, scales: int, influence: float
    ) -> list[Estimate]:
        """Match all targets of one group in one batch, and move them."""
        match = self._match(frame, targets, size, scales, influence)
        stride = self.network.backbone.stride
        cells = int(match.maps.shape[-1])
        estimates = []
        for target, row, logits, factor, window in zip(
            targets, match.rows, match.maps, match.factors, match.windows
        ):
            _, column, line, peak, sharpness = row
            # A NaN in the map has no position: keep the old one, the monitor says lost.
            score, word = target.monitor.judge(Evidence(peak, sharpness), self.rule)
            target.state = State(word)
            if target.state is not State.LOST:
                dx, dy = target.origin
                cx, cy = window.cell(column - dx, line - dy, cells, stride, size)
                target.box = self._moved(target, cx, cy, factor, frame)
            estimates.append(
                Estimate(
                    box=_visible(target.box, frame),
                    score=score,
                    similarity=peak if math.isfinite(peak) else 0.0,
                    classification=None,
                    state=target.state,
                    updated=False,
                    update_reason='SiamFC keeps its first exemplar',
                    response=Response(
                        logits,
                        SearchWindow(window.cx, window.cy, window.side * cells * stride / size),
                    ),
                )
            )
        return estimates

    def _moved(
        self, target: SiamFCTarget, cx: float, cy: float, factor: float, frame: Frame
    ) -> Box:
        """The box at its new place; its size follows the best scale, damped and bounded."""
        s = self.settings
        change = 1.0 + s.scale_rate * (factor - 1.0)
        size = target.box.w * change / target.first.w
        change *= min(max(size, s.size_low), s.size_high) / size
        # The centre stays in the image, so that the next search window sees some of it.
        return Box(
            min(max(cx, 0.0), float(frame.width)),
            min(max(cy, 0.0), float(frame.height)),
            target.box.w * change,
            target.box.h * change,
        )


def _visible(box: Box, frame: Frame) -> Box:
    """The part of a box inside the frame: there is one, unless the frame shrank."""
    clipped = box.clipped(frame.width, frame.height)
    return clipped if clipped is not None else Box(frame.width / 2, frame.height / 2, 1.0, 1.0)
