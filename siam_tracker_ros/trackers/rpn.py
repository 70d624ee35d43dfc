# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tracking by proposals: SiamRPN++ (Li et al. 2019) and C-RPN (Fan and Ling 2019).

Both choose among proposals as SiamRPN does (2018); they differ in the network that makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, SearchWindow, check_initial_box
from ..models.proposing import ProposalNetwork
from ..online.monitor import Evidence, probability
from ..settings import Settings
from ..stages import stage
from .base import Estimate, Response, State, Target, Tracker
from .crops import cut, exemplar_crop, search_windows
from .judged import JudgedTarget
from .matcher import covered, inside, visible
from .proposals import choose
from .rpn_settings import RPNSettings

# What the network finds of the first box may be this far from it, in cells and as a logarithm of
# the ratio of sides: what is further off is another object, which no correction mends.
FARTHEST_SHIFT, FARTHEST_GROWTH = 1.0, 0.4

# A size that differs by less is the same one, computed in another way.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Origin:
    """What the network finds of a target's first box in its own frame.

    Attributes
    ----------
    dx, dy : float
        From the middle of the crop, in its pixels.
    width, height : float
        Ratios to the box's.
    """

    dx: float = 0.0
    dy: float = 0.0
    width: float = 1.0
    height: float = 1.0


@dataclass(frozen=True)
class Proposal:
    """What was found of one target in a frame.

    Attributes
    ----------
    box : Box
        In pixels of the crop, from its middle.
    logit, sharpness, steadiness : float
        See `proposals.Choice`.
    window : SearchWindow
        The crop.
    size : int
        Its side in its own pixels.
    response : Response
    """

    box: Box
    logit: float
    sharpness: float
    steadiness: float
    window: SearchWindow
    size: int
    response: Response


class RPNTarget(JudgedTarget):
    """One object: its template, and the colour around its image.

    Attributes
    ----------
    template : tuple of Tensor
        (1, ...) each, from the first frame.
    fill : Tensor
        (3,) mean colour of the first frame.
    origin : Origin
    """

    def __init__(self, box: Box, template: tuple[Tensor, ...], fill: Tensor) -> None:
        super().__init__(box)
        self.template = template
        self.fill = fill
        self.origin = Origin()


class RPNTracker(Tracker):
    """One search region, and the best of the proposals in it.

    Parameters
    ----------
    network : ProposalNetwork
        In evaluation mode, on `device`.
    settings : RPNSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions are always computed in float32.
    """

    def __init__(
        self,
        network: ProposalNetwork,
        settings: RPNSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.network = network.eval().to(device=device, dtype=dtype)
        # Convolution and pooling of one image are quicker with the channels innermost.
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.settings: RPNSettings = settings
        self.device = device
        self.dtype = dtype
        self.rule = settings.rule

    def with_settings(self, settings: Settings) -> RPNTracker:
        """See `Tracker.with_settings`."""
        assert isinstance(settings, RPNSettings)
        return RPNTracker(self.network, settings, self.device, self.dtype)

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> RPNTarget:
        """See `Tracker.start`."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        crop, fill = exemplar_crop(frame, box, s, self.dtype)
        target = RPNTarget(box, self.network.template(crop), fill)
        if s.keep_first_box:
            (found,) = self._search(frame, [target], s.search_size, s.window_influence)
            target.origin = self._origin(found, box)
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
        s = self.settings
        groups: dict[tuple[int, float], list[int]] = {}
        for i, target in enumerate(mine):
            influence = 0.0 if target.state is State.LOST else s.window_influence
            groups.setdefault((target.search_size(s), influence), []).append(i)
        estimates: dict[int, Estimate] = {}
        for search, group in groups.items():
            found = self._search(frame, [mine[i] for i in group], *search)
            for i, proposal in zip(group, found):
                estimates[i] = self._judge(frame, mine[i], proposal)
        return [estimates[i] for i in range(len(mine))]

    def _search(
        self, frame: Frame, targets: list[RPNTarget], size: int, influence: float
    ) -> list[Proposal]:
        """Run the network once over all targets."""
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
            choice = choose(
                proposals, (sizes * scale).to(self.device), s.penalty, influence
            )
            cells = choice.maps.shape[-1]
            rows = torch.cat(
                [
                    choice.boxes,
                    torch.stack([choice.logits, choice.sharpness, choice.steadiness], dim=1),
                ],
                dim=1,
            ).tolist()
        return [
            Proposal(
                box=Box(*row[:4]),
                logit=row[4],
                sharpness=row[5],
                steadiness=row[6],
                window=window,
                size=size,
                response=Response(response, covered(window, cells, self.network.stride, size)),
            )
            for row, window, response in zip(rows, windows, choice.maps)
        ]

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

    def _judge(self, frame: Frame, target: RPNTarget, found: Proposal) -> Estimate:
        """Move a target to its proposal, unless the score says that it is lost."""
        evidence = Evidence(found.logit, found.sharpness)
        score = target.judge(evidence, self.rule)
        target.candidate = self._moved(frame, target, found)
        if target.state is not State.LOST:
            target.box = target.candidate
        return Estimate(
            box=visible(target.box, frame),
            score=score,
            similarity=probability(found.logit),
            classification=None,
            state=target.state,
            updated=False,
            update_reason='the template of the first frame stays',
            response=found.response,
        )

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
