# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The steps of the cascaded Siamese tracker: find, judge, learn."""

from __future__ import annotations

from collections.abc import Sequence
import math

import torch

from ...frames import Frame
from ...geometry import Box, check_initial_box
from ...models.cascaded import CascadedSiamese
from ...online.bbox_regression import learn_regression
from ...online.classifier import OnlineClassifier
from ...online.gate import Decision
from ...online.patches import patch_features
from ...online.sampling import box_row, overlaps
from ...settings import Settings
from ...stages import stage
from ..base import Estimate, State, Target, Tracker
from ..matcher import Matcher, visible
from .finders import make_finder
from .settings import CSNSettings
from .target import CSNTarget, Result


class CSNTracker(Tracker):
    """The cascade of section 3.

    Parameters
    ----------
    network : CascadedSiamese
        In evaluation mode, on `device`.
    settings : CSNSettings
    device : torch.device
    dtype : torch.dtype
        Number format of both subnetworks; positions and learned layers are always float32.
    """

    def __init__(
        self,
        network: CascadedSiamese,
        settings: CSNSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.network = network.eval().to(device=device, dtype=dtype)
        self.settings: CSNSettings = settings
        self.device = device
        self.dtype = dtype
        self.matcher = Matcher(network.matching, settings, device, dtype)
        self.classifier = OnlineClassifier(network.classification, settings)
        self.finder = make_finder(self.matcher, self.classifier, settings)
        self.rule = settings.rule

    def with_settings(self, settings: Settings) -> CSNTracker:
        """See `Tracker.with_settings`; lessons that are not done go on."""
        assert isinstance(settings, CSNSettings)
        return CSNTracker(self.network, settings, self.device, self.dtype)

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> CSNTarget:
        """See `Tracker.start`; the classifier learns the target before this returns."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        template, fill = self.matcher.exemplar(frame, box)
        target = CSNTarget(box, template, fill, self.classifier.start(frame, box, s.seed))
        self.finder.measure_origins(frame, target)
        if s.box_regression:
            generator = target.classifier.generator
            target.regression = learn_regression(
                self.network.classification, frame, box, s, generator
            )
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`."""
        mine = [t for t in targets if isinstance(t, CSNTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        if not mine:
            return []
        with stage('learning', self.device):
            self.classifier.advance([t.classifier for t in mine])
            ill = {id(t) for t in mine if not t.classifier.healthy}
            for target in mine:
                target.frames += 1
                if id(target) in ill:
                    self.classifier.rebuild(target.classifier)
                    target.lose()
        results = self.finder.find(frame, mine)
        scores = [
            self._judge(target, result, id(target) in ill) for target, result in zip(mine, results)
        ]
        boxes = self._reported(frame, mine, results)
        with stage('learning', self.device):
            decisions = self._learn(frame, mine, results)
        return [
            Estimate(
                box=visible(box, frame),
                score=score,
                similarity=result.similarity,
                classification=result.classification,
                state=target.state,
                updated=decision.update,
                update_reason=decision.reason,
                response=result.response,
            )
            for target, box, result, score, decision in zip(
                mine, boxes, results, scores, decisions
            )
        ]

    def _judge(self, target: CSNTarget, result: Result, rebuilt: bool) -> float:
        """Move a target, unless it is lost; returns its score."""
        target.candidate = result.box
        if not math.isfinite(result.evidence.margin):
            # Layers may be finite and their scores not.
            target.classifier.healthy = False
        if rebuilt:
            # Its new layers are not those that all thresholds and histories are about.
            target.monitor.features = None
            return 0.0
        score = target.judge(result.evidence, self.rule)
        if target.state is not State.LOST:
            target.box = result.box
            target.sweep.seen = 0
        return score

    def _reported(
        self, frame: Frame, targets: list[CSNTarget], results: list[Result]
    ) -> list[Box]:
        """The targets' boxes, regressed where the classifier is for them (MDNet, algorithm 1)."""
        boxes = [t.box for t in targets]
        learned = {
            i: target.regression
            for i, (target, result) in enumerate(zip(targets, results))
            if target.regression is not None
            and target.state is not State.LOST
            and result.evidence.margin > 0
        }
        if not learned:
            return boxes
        with stage('regression', self.device):
            rows = torch.stack([box_row(boxes[i]) for i in learned])
            features = patch_features(self.network.classification, frame, rows)
            for (i, regression), some, row in zip(learned.items(), features, rows):
                moved = regression.apply(some.unsqueeze(0), row.unsqueeze(0))
                # It knows no larger changes: beyond them, and where it is not finite, it is wrong.
                if overlaps(row, moved)[0] >= self.settings.regression_overlap:
                    boxes[i] = self.matcher.bounded(targets[i], Box(*moved[0].tolist()))
        return boxes

    def _learn(
        self, frame: Frame, targets: list[CSNTarget], results: list[Result]
    ) -> list[Decision]:
        """Remember and learn from results that are fit for it (section 3.3)."""
        s = self.settings
        decisions = [self._decide(t, r) for t, r in zip(targets, results)]
        fit = [t for t, d in zip(targets, decisions) if d.update]
        if fit:
            self.classifier.remember(frame, [t.classifier for t in fit], [t.box for t in fit])
        for target in fit:
            target.news += 1
        due = [
            t
            for t in targets
            if s.learning
            and t.news
            and t.frames % s.update_every == 0
            and t.state is not State.LOST
            # What is new waits for the next update.
            and not t.classifier.learning
        ]
        if due:
            self.classifier.learn([t.classifier for t in due])
            for target in due:
                target.news = 0
        return decisions

    def _decide(self, target: CSNTarget, result: Result) -> Decision:
        """Whether this frame's samples are remembered, and why."""
        s = self.settings
        if result.classification is None:
            return Decision(False, 'matching alone does not learn')
        if target.state is State.LOST:
            return Decision(False, 'the target is lost')
        decision = target.scores.decide(
            result.rivals, result.similarity, result.classification, s
        )
        if not s.learning:
            return Decision(False, 'learning is off')
        if decision.update and target.frames % s.remember_every:
            return Decision(False, f'one frame in {s.remember_every} is remembered')
        return decision
