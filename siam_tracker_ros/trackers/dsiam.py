# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: SiamFC, whose template and search region are transformed by what the last frame taught.

Guo et al., "Learning Dynamic Siamese Network for Visual Object Tracking", 2017. Sections cited
without a paper are of that one.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, check_initial_box
from ..models.backbones.base import centre
from ..models.dsiam import DSiam
from ..models.dynamic import weight_map
from ..settings import Settings
from ..stages import stage
from .base import Estimate, State, Target, Tracker
from .crops import cut, exemplar_crop, search_windows
from .dsiam_settings import CROPS, FIRST, NONE, DSiamSettings
from .locate import locate
from .matcher import Found, Matcher, MatchTarget, own_offset
from .transforming import Layers, Learned, Lesson, Transforming

LEARNED_FROM = 'the response is a success'


def layer_parts(network: DSiam) -> tuple[str, ...]:
    """Names of the layers' responses, where there are several."""
    layers = network.layers if len(network.layers) > 1 else ()
    return tuple(f'conv{layer}' for layer in layers)


class DSiamTarget(MatchTarget):
    """One object: what it looked like at first, and what its last success taught.

    Attributes
    ----------
    exemplars : tuple of Tensor
        (C, h, w) for each layer: f(O_1), the features of the first exemplar.
    exemplar_size : int
        Side of its crop in pixels.
    regions : tuple of Tensor
        (C, H, W) for each layer: features of the first frame's search region, with which what was
        learned is compared to know where its own peak lies.
    first_origin : tuple of float
        `origin` without any transformations.
    learned : Learned or None
        None before the second frame, after a failure and while lost.
    skipped : int
        Successes since then that were not learned from because it is not their turn.
    searched : tuple of Tensor
        (S, C, H, W) for each layer: features of what was searched in this frame; empty between
        two frames.
    """

    def __init__(self, box: Box, exemplars: Layers, exemplar_size: int, fill: Tensor) -> None:
        super().__init__(box, exemplars[-1], fill)
        self.exemplars = exemplars
        self.exemplar_size = exemplar_size
        self.regions: Layers = ()
        self.first_origin = (0.0, 0.0)
        self.learned: Learned | None = None
        self.skipped = 0
        self.searched: Layers = ()

    def learn(self, learned: Learned, origin: tuple[float, float]) -> None:
        """Take what a success taught, and where the peak of its own template lies."""
        self.learned, self.origin, self.skipped = learned, origin, 0

    def drop(self) -> None:
        """Drop what was learned: back to the first frame's exemplar."""
        self.learned, self.origin, self.skipped = None, self.first_origin, 0

    def skips(self, every: int) -> bool:
        """Count a success; whether it is not its turn to be learned from."""
        self.skipped += 1
        return self.learned is not None and self.skipped < every

    def fits(self, cells: int) -> bool:
        """Whether regions of so many cells can be transformed by what was learned."""
        known = self.learned.suppression if self.learned else ()
        return not known or known[-1].shape[-2] == cells

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.drop()


class DynamicMatcher(Matcher):
    """A `Matcher` whose targets have transformations of their own."""

    def __init__(
        self, network: DSiam, settings: DSiamSettings, device: torch.device, dtype: torch.dtype
    ) -> None:
        super().__init__(network, settings, device, dtype)
        self.transforming = Transforming(network, settings)

    def compare(self, targets: Sequence[MatchTarget], crops: Tensor) -> Tensor:
        """See `Matcher.compare`; each target keeps for now what was searched for it."""
        mine = [t for t in targets if isinstance(t, DSiamTarget)]
        features = self.transforming.network.layer_features(crops.flatten(0, 1))
        regions = [f.reshape(*crops.shape[:2], *f.shape[1:]) for f in features]
        for i, target in enumerate(mine):
            target.searched = tuple(region[i] for region in regions)
            if not target.fits(regions[-1].shape[-1]):
                target.drop()
        maps = self.transforming.layer_maps(
            [t.exemplars for t in mine], [t.learned for t in mine], regions
        )
        names = layer_parts(self.transforming.network)
        for target, layers in zip(mine, maps):
            target.parts = dict(zip(names, layers))
        return self.transforming.fuse(maps)


class DSiamTracker(Tracker):
    """Three-scale matching of a template and a region that are both transformed.

    Parameters
    ----------
    network : DSiam
        In evaluation mode, on `device`.
    settings : DSiamSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; transformations and positions are always computed in float32.
    """

    def __init__(
        self,
        network: DSiam,
        settings: DSiamSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.matcher = DynamicMatcher(network, settings, device, dtype)
        self.network = network
        self.parts = layer_parts(network)
        self.settings: DSiamSettings = settings
        self.device = device
        self.rule = settings.rule

    def with_settings(self, settings: Settings) -> DSiamTracker:
        """See `Tracker.with_settings`."""
        assert isinstance(settings, DSiamSettings)
        return DSiamTracker(self.network, settings, self.device, self.matcher.dtype)

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> DSiamTarget:
        """See `Tracker.start`; nothing is transformed before the first success (section 3.6)."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        crop, fill = exemplar_crop(frame, box, s, self.matcher.dtype)
        exemplars = tuple(f[0] for f in self.network.layer_features(crop))
        target = DSiamTarget(box, exemplars, s.exemplar_size, fill)
        match = self.matcher.match(
            frame, [target], [box], s.search_size, s.factors, s.window_influence
        )
        target.first_origin = target.origin = match.self_response()
        # A copy, so that the other scales are not kept.
        target.regions = tuple(f[s.scales // 2].clone() for f in target.searched)
        target.searched = ()
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`; then all successes are learned from, in one more run."""
        mine = [t for t in targets if isinstance(t, DSiamTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        found = self.matcher.search(frame, mine)
        scores = [target.follow(one, self.rule) for target, one in zip(mine, found)]
        reasons = self._learn(frame, mine, found)
        return [
            target.estimate(frame, one, score, reason == LEARNED_FROM, reason)
            for target, score, one, reason in zip(mine, scores, found, reasons)
        ]

    def _learn(
        self, frame: Frame, targets: Sequence[DSiamTarget], found: Sequence[Found]
    ) -> list[str]:
        """Learn from all successes for the next frame; drop what was learned of the failures.

        Returns
        -------
        list of str
            Of each target, why its transformations are what they are.
        """
        reasons, pupils = [], []
        for i, (target, one) in enumerate(zip(targets, found)):
            reason = self._failure(target, one)
            if reason:
                target.drop()
            else:
                reason = self._obstacle(target) or LEARNED_FROM
            if reason == LEARNED_FROM:
                pupils.append(i)
            reasons.append(reason)
        if pupils:
            some = [targets[i] for i in pupils]
            with stage('learning', self.device):
                taught = self._teach(
                    some, self._lesson(frame, some, [found[i] for i in pupils])
                )
            for i, good in zip(pupils, taught):
                if not good:
                    reasons[i] = 'what was learned is not finite'
        for target in targets:
            target.searched = ()
        return reasons

    def _failure(self, target: DSiamTarget, found: Found) -> str:
        """Why a frame is none to learn from and what was learned is wrong; empty where it is."""
        s = self.settings
        if target.state is State.LOST:
            return 'the target is lost'
        if not found.peak > s.success_peak:
            return f'the response {found.peak:.2f} is not above {s.success_peak:g}'
        return ''

    def _obstacle(self, target: DSiamTarget) -> str:
        """Why nothing is learned from a success; empty where something is."""
        s = self.settings
        if not s.learns:
            return 'both transformations are left out'
        if not s.learning:
            return 'learning is off'
        searched, first = target.searched[-1].shape[-1], target.regions[-1].shape[-1]
        if (searched, s.exemplar_size) != (first, target.exemplar_size):
            # It was searched while it was lost, or the settings have changed since its start.
            return 'the crops are not of the size of those of the first frame'
        if target.state is State.UNCERTAIN and not s.learn_uncertain:
            return 'the target is uncertain'
        if target.skips(s.learn_every):
            return f'one in {s.learn_every} successes is learned from'
        return ''

    def _lesson(
        self, frame: Frame, targets: Sequence[DSiamTarget], found: Sequence[Found]
    ) -> Lesson:
        """Features of the results: O_t, G_t and its weighted twin (section 3.2, Fig. 3)."""
        s = self.settings
        first = tuple(map(torch.stack, zip(*(t.exemplars for t in targets))))
        if s.suppression == CROPS:
            crops = self._cut(frame, targets, s.search_size)
            middle = torch.zeros(len(targets), 2, device=self.device)
            spread = s.weight_spread * s.exemplar_size
            weights = weight_map(s.search_size, middle, spread, s.weight_window)
            both = torch.cat([crops, crops * weights.unsqueeze(1).to(crops.dtype)])
            halves = [f.chunk(2) for f in self.network.layer_features(both)]
            plain = tuple(half[0] for half in halves)
            if self.network.crops_are_parts:
                latest = tuple(centre(g, o.shape[-1]) for g, o in zip(plain, first))
            else:
                latest = self._latest(frame, targets)
            return Lesson(first, latest, plain, tuple(half[1] for half in halves))
        latest = self._latest(frame, targets)
        if s.suppression == NONE:
            return Lesson(first, latest)
        best = [[f[one.scale] for f in t.searched] for t, one in zip(targets, found)]
        plain = tuple(map(torch.stack, zip(*best)))
        places = torch.tensor([one.place for one in found], device=self.device)
        spread = s.weight_spread * s.exemplar_size / self.matcher.stride
        weighted = tuple(
            g * weight_map(g.shape[-1], places, spread, s.weight_window).unsqueeze(1).to(g.dtype)
            for g in plain
        )
        return Lesson(first, latest, plain, weighted)

    def _latest(self, frame: Frame, targets: Sequence[DSiamTarget]) -> Layers:
        """f(O_t), where something is learned from it."""
        s = self.settings
        if s.template == FIRST:
            return ()
        return self.network.layer_features(self._cut(frame, targets, s.exemplar_size))

    def _cut(self, frame: Frame, targets: Sequence[DSiamTarget], size: int) -> Tensor:
        """Crops around the targets' boxes, at the scale of their exemplars."""
        windows = search_windows([t.box for t in targets], size, [1.0], self.settings)
        fill = torch.stack([t.fill for t in targets])
        return cut(frame, windows, size, fill, self.matcher.dtype)

    def _teach(self, targets: Sequence[DSiamTarget], lesson: Lesson) -> list[bool]:
        """Learn, and find anew where each target's own peak lies; whether that went well.

        Transformed, the exemplar has its peak elsewhere by a fraction of a cell, which as a
        constant error would move the box of a still object. The response to the first frame
        tells, where the place is known: in any other frame an error would be taken for the
        truth, and here a template that has drifted is brought back.
        """
        s, transforming = self.settings, self.matcher.transforming
        learned = transforming.learn(lesson)
        regions = [torch.stack(layer).unsqueeze(1) for layer in zip(*(t.regions for t in targets))]
        maps = transforming.match([t.exemplars for t in targets], learned, regions).float()
        rows = locate(maps, maps.new_ones(1), s.window_influence, s.upsampling).tolist()
        finite = [math.isfinite(row[3]) for row in rows]
        for target, new, row, good in zip(targets, learned, rows, finite):
            if good:
                offset = own_offset(row, maps.shape[-1])
                target.learn(new, target.first_origin if offset is None else offset)
            else:
                target.drop()
        return finite

