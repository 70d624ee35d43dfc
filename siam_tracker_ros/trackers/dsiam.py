# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: SiamFC, whose template and search region are transformed by what the last frame taught.

Guo et al., "Learning Dynamic Siamese Network for Visual Object Tracking", 2017. Sections cited
without a paper are of that one. A classifier that learns each target may choose among the peaks of
the response, which no paper does.
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
from ..models.interfaces import PatchNetwork
from ..online.gate import Decision
from ..settings import Settings
from ..stages import stage
from .base import Estimate, State, Target, Tracker
from .crops import cut, exemplar_crop, search_windows
from .dsiam_matching import DSiamTarget, DynamicMatcher, layer_parts
from .dsiam_settings import CROPS, FIRST, NONE, DSiamSettings
from .following import Following
from .locate import locate
from .matches import Found, own_offset
from .second_opinion import check_change
from .transforming import Layers, Lesson

LEARNED_FROM = 'the response is a success'


class DSiamTracker(Tracker):
    """Three-scale matching of a template and a region that are both transformed.

    Parameters
    ----------
    network : DSiam
        In evaluation mode, on `device`.
    settings : DSiamSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; transformations, positions and learned layers are always
        float32.
    classification : PatchNetwork, optional
        What learns the targets where `settings` say ``online``; of no use elsewhere.

    Raises
    ------
    UserError
        It is needed, and there is none.
    """

    def __init__(
        self,
        network: DSiam,
        settings: DSiamSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        classification: PatchNetwork | None = None,
    ) -> None:
        self.matcher = DynamicMatcher(network, settings, device, dtype)
        self.following = Following(self.matcher, settings.rule, settings, classification)
        self.network = network
        self.parts = layer_parts(network)
        self.settings: DSiamSettings = settings
        self.device = device

    def with_settings(self, settings: Settings) -> DSiamTracker:
        """See `Tracker.with_settings`; lessons that are not done go on.

        Raises
        ------
        UserError
            `online` would change.
        """
        assert isinstance(settings, DSiamSettings)
        check_change(self.settings, settings)
        return DSiamTracker(
            self.network,
            settings,
            self.device,
            self.matcher.dtype,
            self.following.classification,
        )

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
        self.following.start(frame, target)
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`; then all successes are learned from, in one more run.

        Transformations are learned from the place that was chosen, whoever chose it, by their own
        rule, and the classifier by its own.
        """
        mine = [t for t in targets if isinstance(t, DSiamTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        followed = self.following.follow(frame, mine)
        reasons = self._learn(frame, mine, [one.found for one in followed])
        decisions = [Decision(reason == LEARNED_FROM, reason) for reason in reasons]
        others = self.following.learn(frame, mine, followed)
        if others is not None:
            decisions = [_both(own, other) for own, other in zip(decisions, others)]
        return [
            one.estimate(frame, target, decision)
            for target, one, decision in zip(mine, followed, decisions)
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
        if not s.transforms:
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


def _both(own: Decision, other: Decision) -> Decision:
    """Whether transformations or classifier learn, and why either does or does not."""
    return Decision(
        own.update or other.update,
        f'transformations: {own.reason}; classifier: {other.reason}',
    )
