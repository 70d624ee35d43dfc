# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking by proposals: SiamRPN++ (Li et al. 2019) and C-RPN (Fan and Ling 2019).

Both choose among proposals as SiamRPN does (2018); they differ in the network that makes them. A
classifier that learns each target may choose among the best of them, which no paper does.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, check_initial_box
from ..models.interfaces import PatchNetwork, ProposingNetwork, placed
from ..online.gate import Decision
from ..online.monitor import probability
from ..settings import Settings
from ..stages import stage
from .base import Estimate, Response, State, Target, Tracker
from .crops import cut, exemplar_crop, search_windows
from .matches import covered, inside, visible
from .proposals import Choice, candidates, choose
from .rpn_settings import RPNSettings
from .rpn_target import Origin, Proposal, RPNTarget
from .second_opinion import (
    Candidate,
    check_change,
    choose_results,
    judge_result,
    make_teacher,
)
from .teaching import with_pupils

# What the network finds of the first box may be this far from it, in cells and as a logarithm of
# the ratio of sides: what is further off is another object, which no correction mends.
FARTHEST_SHIFT, FARTHEST_GROWTH = 1.0, 0.4

# A size that differs by less is the same one, computed in another way.
ROUNDING = 1e-6

UNTAUGHT = Decision(False, 'the template of the first frame stays')


class RPNTracker(Tracker):
    """One search region, and the best of the proposals in it.

    Parameters
    ----------
    network : ProposingNetwork
    settings : RPNSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the networks; positions and learned layers are always float32.
    classification : PatchNetwork, optional
        What learns the targets where `settings` say ``online``; of no use elsewhere.

    Raises
    ------
    UserError
        It is needed, and there is none.
    """

    def __init__(
        self,
        network: ProposingNetwork,
        settings: RPNSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        classification: PatchNetwork | None = None,
    ) -> None:
        self.network = placed(network, device, dtype)
        self.settings: RPNSettings = settings
        self.device = device
        self.dtype = dtype
        self.rule = settings.rule
        self.classification = classification
        self.teacher = make_teacher(settings, classification, device, dtype)

    def with_settings(self, settings: Settings) -> RPNTracker:
        """See `Tracker.with_settings`; lessons that are not done go on.

        Raises
        ------
        UserError
            `online` would change.
        """
        assert isinstance(settings, RPNSettings)
        check_change(self.settings, settings)
        return RPNTracker(
            self.network, settings, self.device, self.dtype, self.classification
        )

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> RPNTarget:
        """See `Tracker.start`; a classifier learns the target before this returns."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        crop, fill = exemplar_crop(frame, box, s, self.dtype)
        target = RPNTarget(box, self.network.template(crop), fill)
        if s.keep_first_box:
            ((found,),) = self._search(frame, [target], s.search_size, s.window_influence, 1)
            target.origin = self._origin(found, box)
        if self.teacher is not None:
            target.pupil = self.teacher.start(frame, box)
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`; one run of the network for each size of the search crop.

        Lost targets search larger ones. There is no window for them (nearly none in
        pysot's ``siamrpnlt_tracker.py``), and their box stays where it was last seen until a score
        says that they are found.
        """
        mine = [t for t in targets if isinstance(t, RPNTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        if not mine:
            return []
        taught = with_pupils(mine) if self.teacher is not None else []
        if self.teacher is not None:
            with stage('learning', self.device):
                self.teacher.advance(taught)
        found = self._find(frame, mine)
        places = [
            [Candidate(self._moved(frame, t, p), p.logit, p.sharpness, p.rank) for p in some]
            for t, some in zip(mine, found)
        ]
        results = choose_results(self.teacher, frame, mine, places, self.settings.rank_weight)
        scores = [judge_result(self.teacher, t, r, self.rule) for t, r in zip(mine, results)]
        decisions = [UNTAUGHT] * len(mine)
        if self.teacher is not None:
            with stage('learning', self.device):
                decisions = self.teacher.learn(frame, taught, [r.scores for r in results])
        return [
            Estimate(
                box=visible(target.box, frame),
                score=score,
                similarity=result.scores.similarity,
                classification=result.scores.classification,
                state=target.state,
                updated=decision.update,
                update_reason=decision.reason,
                response=some[result.index].response,
            )
            for target, some, result, score, decision in zip(
                mine, found, results, scores, decisions
            )
        ]

    def _find(self, frame: Frame, targets: list[RPNTarget]) -> list[list[Proposal]]:
        """Search for all targets; what is searched alike in one batch."""
        s = self.settings
        count = s.online_candidates if s.online else 1
        groups: dict[tuple[int, float], list[int]] = {}
        for i, target in enumerate(targets):
            influence = 0.0 if target.state is State.LOST else s.window_influence
            groups.setdefault((target.search_size(s), influence), []).append(i)
        found: dict[int, list[Proposal]] = {}
        for search, group in groups.items():
            some = self._search(frame, [targets[i] for i in group], *search, count)
            found.update(zip(group, some))
        return [found[i] for i in range(len(targets))]

    def _search(
        self, frame: Frame, targets: list[RPNTarget], size: int, influence: float, count: int
    ) -> list[list[Proposal]]:
        """Run the network once over all targets, and list the best of each one's proposals."""
        s = self.settings
        windows = search_windows([t.box for t in targets], size, [1.0], s)
        with stage('crop', self.device):
            fill = torch.stack([t.fill for t in targets])
            crops = cut(frame, windows, size, fill, self.dtype)
        with stage('network', self.device):
            template = [torch.cat(parts) for parts in zip(*(t.template for t in targets))]
            proposals = self.network.propose(template, crops)
        with stage('post-processing', self.device):
            scale = torch.tensor([size / window.side for window in windows]).view(-1, 1)
            # What the network makes of the last box: its proposals are compared with that.
            sizes = torch.tensor(
                [[t.box.w * t.origin.width, t.box.h * t.origin.height] for t in targets]
            )
            given = (proposals, (sizes * scale).to(self.device), s.penalty, influence)
            if count == 1:
                choices = [choose(*given)]
            else:
                choices = candidates(*given, count, s.rival_candidate, s.candidate_overlap)
            maps = choices[0].maps
            cells = maps.shape[-1]
            tables = torch.stack([_table(choice) for choice in choices], dim=1).tolist()
        found = []
        for rows, window, response in zip(tables, windows, maps):
            # The first one always: a NaN of it says that the map holds one.
            rows = rows[:1] + [row for row in rows[1:] if math.isfinite(row[4])]
            covering = covered(window, cells, self.network.stride, size)
            shown = Response(response, covering)
            found.append(
                [
                    Proposal(Box(*place), logit, sharpness, rank, steady, window, size, shown)
                    for *place, logit, sharpness, rank, steady in rows
                ]
            )
        return found

    def _origin(self, found: Proposal, box: Box) -> Origin:
        """What was found of a first box, where that is the box."""
        scale = found.window.side / found.size
        origin = Origin(
            found.box.cx,
            found.box.cy,
            found.box.w * scale / box.w,
            found.box.h * scale / box.h,
        )
        shift = max(abs(origin.dx), abs(origin.dy)) / self.network.stride
        sides = (origin.width, origin.height)
        if not math.isfinite(found.logit + shift) or shift > FARTHEST_SHIFT:
            return Origin()
        most = math.exp(FARTHEST_GROWTH)
        if not all(1.0 / most < side < most for side in sides):
            return Origin()
        return origin

    def _moved(self, frame: Frame, target: RPNTarget, found: Proposal) -> Box:
        """A target's box at its proposal: there at once, its size by and by (SiamRPN 4.3)."""
        s, origin, last = self.settings, target.origin, target.box
        scale = found.window.side / found.size
        rate = found.steadiness * probability(found.logit) * s.size_rate
        at = inside(
            (
                last.cx + (found.box.cx - origin.dx) * scale,
                last.cy + (found.box.cy - origin.dy) * scale,
            ),
            frame,
        )
        sides = []
        for before, now, first, most in (
            (last.w, found.box.w * scale / origin.width, target.first.w, frame.width),
            (last.h, found.box.h * scale / origin.height, target.first.h, frame.height),
        ):
            side = before + rate * (now - before)
            if math.isclose(now, before, rel_tol=ROUNDING):
                side = before
            sides.append(min(max(side, min(s.least_side, first)), float(most)))
        return Box(*at, *sides)


def _table(choice: Choice) -> Tensor:
    """Rows of what a `Proposal` begins with: (N, 8)."""
    numbers = [choice.logits, choice.sharpness, choice.rank, choice.steadiness]
    return torch.cat([choice.boxes, torch.stack(numbers, dim=1)], dim=1)
