# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The steps of the cascaded Siamese tracker: find, judge, learn."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...frames import Frame
from ...geometry import Box, check_initial_box
from ...models.interfaces import CascadedNetwork, placed
from ...online.bbox_regression import learn_regression
from ...online.patches import patch_features
from ...online.sampling import box_row, overlaps
from ...settings import Settings
from ...stages import stage
from ..base import Estimate, State, Target, Tracker
from ..matcher import Matcher
from ..matches import visible
from ..teaching import Scores, Teacher, with_pupils
from .finders import make_finder
from .settings import CSNSettings
from .target import CSNTarget, Result


class CSNTracker(Tracker):
    """The cascade of section 3.

    Parameters
    ----------
    network : CascadedNetwork
    settings : CSNSettings
    device : torch.device
    dtype : torch.dtype
        Number format of both subnetworks; positions and learned layers are always float32.
    """

    def __init__(
        self,
        network: CascadedNetwork,
        settings: CSNSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.network = network
        self.settings: CSNSettings = settings
        self.device = device
        self.dtype = dtype
        self.matcher = Matcher(network.matching, settings, device, dtype)
        self.teacher = Teacher(placed(network.classification, device, dtype), settings)
        self.classifier = self.teacher.classifier
        self.finder = make_finder(self.matcher, self.classifier, settings)

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
        target = CSNTarget(box, template, fill, self.teacher.start(frame, box))
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
        taught = with_pupils(mine)
        with stage('learning', self.device):
            self.teacher.advance(taught)
        results = self.finder.find(frame, mine)
        scores = [self._judge(target, result) for target, result in zip(mine, results)]
        boxes = self._reported(frame, mine, results)
        with stage('learning', self.device):
            decisions = self.teacher.learn(
                frame,
                taught,
                [Scores(r.similarity, r.classification, r.rivals) for r in results],
            )
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

    def _judge(self, target: CSNTarget, result: Result) -> float:
        """Move a target, unless it is lost; returns its score."""
        score = self.teacher.judge(target, target.pupil, result.evidence)
        target.go(result.box)
        if target.state is not State.LOST:
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
