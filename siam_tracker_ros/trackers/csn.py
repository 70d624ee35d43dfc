# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cascaded Siamese tracker: matching proposes, a classifier that learns online decides.

Gao et al., "Cascaded Siamese Networks for Visual Tracking", 2019. Sections cited without a paper
are of that one; what it leaves open follows MDNet (Nam and Han 2016) and SiamFC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor

from ..errors import UserError
from ..frames import Frame
from ..geometry import Box, SearchWindow, check_initial_box
from ..models.cascaded import CascadedSiamese
from ..online.classifier import ClassifierSettings, OnlineClassifier, TargetClassifier
from ..online.gate import Decision, GateSettings, ScoreHistory
from ..online.monitor import Calibration, Evidence, Judgement, Monitor, ThresholdSettings
from ..online.redetection import RedetectionSettings, Sweep, redetect
from ..online.sampling import Spread, box_row, gaussian
from ..settings import Settings, setting
from ..stages import stage
from .base import Estimate, Response, State, Target, Tracker
from .locate import peak_to_sidelobe
from .matcher import Matcher, MatchSettings, MatchTarget, covered, visible
from .peaks import find_peaks

# Pixels around the exemplar's size in which a chosen candidate is matched again: the map has two
# cells on each side of the middle one, more than a candidate is off.
FINE_MARGIN = 32

# Spread and number of averaged candidates where the classifier tracks alone (MDNet code).
ALONE = Spread(0.6, 1.0)
BEST = 5

# Margins beyond this are certain anyway; an unbounded one would outweigh all other evidence.
CERTAIN_MARGIN = 8.0


@dataclass(frozen=True)
class CSNSettings(
    ThresholdSettings, RedetectionSettings, GateSettings, ClassifierSettings, MatchSettings
):
    """How the cascaded Siamese tracker proposes, decides and learns; defaults: the papers'."""

    candidates_from: str = setting(
        'peaks',
        'whether candidates are the peaks of the similarity map, or drawn around the last place '
        'as by MDNet, which leaves the matching subnetwork out',
        choices=('peaks', 'draws'),
        source='section 3.2',
    )
    decide_by: str = setting(
        'classification',
        'which subnetwork chooses the result; matching leaves the classification subnetwork out',
        choices=('classification', 'matching'),
        source='section 3.2',
    )
    size_from: str = setting(
        'classification',
        'which subnetwork chooses among the scales of a candidate; matching does it by a second '
        'run at the chosen place',
        choices=('classification', 'matching'),
        source='section 3.2',
    )
    peak_count: int = setting(5, 'peaks at most', low=1, high=64, source='own')
    peak_distance: float = setting(
        2.0,
        'cells around a peak, in each direction, in which no other one counts',
        low=0.0,
        high=16.0,
        source='own',
    )
    peak_upsampling: int = setting(
        16, 'bicubic up-sampling of the map that peaks are found on', low=1, high=32, source='own'
    )
    candidate_scales: int = setting(
        3, 'scales at each peak, odd', low=1, high=15, source='section 4.1'
    )
    candidate_step: float = setting(
        1.02, 'ratio between two scales of a candidate', low=1.0, high=1.5, source='section 4.1'
    )
    drawn_candidates: int = setting(
        256, 'candidates that are drawn', low=1, high=4096, source='MDNet 3.3'
    )
    similarity_weight: float = setting(
        0.0,
        "weight of a peak's logit beside the classifier's margin, where the result is chosen; the "
        'paper chooses by the classifier alone',
        low=0.0,
        high=100.0,
        source='own',
        dynamic=True,
    )
    distance_weight: float = setting(
        0.0,
        'weight of the logarithm of a cosine window over the search there: what is far from the '
        'last place must look more like the target; none while it is lost',
        low=0.0,
        high=100.0,
        source="own; SiamFC's window",
        dynamic=True,
    )
    learning: bool = setting(
        True,
        'whether the classifier learns after the first frame; false freezes it',
        source='section 3.3',
        dynamic=True,
    )
    remember_every: int = setting(
        1,
        'frames from one whose samples are remembered to the next',
        unit='frames',
        low=1,
        high=1000,
        source='MDNet 3.3',
        dynamic=True,
    )
    update_every: int = setting(
        10,
        'frames from one update of the classifier to the next',
        unit='frames',
        low=1,
        high=1000,
        source='MDNet 3.3',
        dynamic=True,
    )
    confidence_bias: float = setting(
        0.0, "constant of the score's logit, fitted with the weights", source='own'
    )
    confidence_peak: float = setting(
        0.5,
        "weight of the similarity peak in the score's logit, fitted with the weights",
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
    confidence_margin: float = setting(
        0.5,
        "weight of the classifier's margin in the score's logit, fitted with the weights",
        source='own',
    )
    seed: int = setting(
        0, "seed of each target's random choices", low=0, high=2**31 - 1, source='own'
    )

    def check_together(self) -> None:
        """Refuse exemplars without a cell, even scales, and a cascade without its subnetworks."""
        super().check_together()
        if self.exemplar_size < 95 or self.exemplar_size % 8 != 7:
            raise UserError(
                f'exemplar_size is {self.exemplar_size}: expected at least 95, and 7 more than a '
                'multiple of 8, for which the matching subnetwork has a whole number of cells'
            )
        if self.candidate_scales % 2 == 0:
            raise UserError(
                f'candidate_scales is {self.candidate_scales}: expected an odd number, so that '
                'one keeps the size'
            )
        if self.decide_by == 'matching' and self.candidates_from != 'peaks':
            raise UserError(
                f'candidates_from is {self.candidates_from!r} and decide_by is matching: one of '
                'the two subnetworks must be left in'
            )

    @property
    def candidate_factors(self) -> list[float]:
        """Scales at each peak, rising."""
        half = self.candidate_scales // 2
        return [self.candidate_step**k for k in range(-half, half + 1)]


class CSNTarget(MatchTarget):
    """One object: its exemplar, its own last layers, and the history of both scores.

    Attributes
    ----------
    classifier : TargetClassifier
    peak_origin : tuple of float
        The `origin` that peaks of the map have, which is up-sampled less, and without a window.
    monitor : Monitor
    scores : ScoreHistory
        S_M and S_C of the last frames, for the gate.
    sweep : Sweep
        How far the search for it has come while it is lost.
    frames : int
        Frames since the first.
    news : int
        Remembered frames since the last update.
    candidate : Box
        What the last score is about. It is the target's box, unless the target is lost.
    """

    def __init__(
        self, box: Box, template: Tensor, fill: Tensor, classifier: TargetClassifier
    ) -> None:
        super().__init__(box, template, fill)
        self.classifier = classifier
        self.peak_origin = (0.0, 0.0)
        self.monitor = Monitor()
        self.scores = ScoreHistory()
        self.sweep = Sweep()
        self.frames = 0
        self.news = 0
        self.candidate = box

    def lose(self) -> None:
        """See `Target.lose`."""
        super().lose()
        self.monitor.lost = True


@dataclass
class _Proposals:
    """Where one target may be, by the similarity map.

    Attributes
    ----------
    places : list of tuple of float
        K, in the image, the highest peak first.
    size : tuple of float
        Width and height that the target is expected to have there.
    logits, sharpness : list of float
        Of each peak.
    bonus : list of float
        What is added to the classifier's margins at each peak where the result is chosen.
    rivals : list of float
        Heights of all peaks but the highest, as ratios to it.
    response : Response
    """

    places: list[tuple[float, float]]
    size: tuple[float, float]
    logits: list[float]
    sharpness: list[float]
    bonus: list[float]
    rivals: list[float]
    response: Response

    def boxes(self, factors: list[float]) -> Tensor:
        """Candidates: (K * scales, 4), peak after peak."""
        w, h = self.size
        return torch.tensor([[x, y, w * f, h * f] for x, y in self.places for f in factors])


@dataclass
class _Result:
    """The optimal result of one target in one frame.

    Attributes
    ----------
    box : Box
    evidence : Evidence
    similarity : float
        S_M.
    classification : float or None
        S_C.
    rivals : list of float
    response : Response
    """

    box: Box
    evidence: Evidence
    similarity: float
    classification: float | None
    rivals: list[float]
    response: Response


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
        s = settings
        self.rule = Judgement(
            Calibration(
                s.confidence_bias,
                s.confidence_peak,
                s.confidence_sharpness,
                s.confidence_drop,
                s.confidence_margin,
            ),
            s.thresholds,
            s.history,
        )

    def with_settings(self, settings: Settings) -> CSNTracker:
        """See `Tracker.with_settings`; lessons that are not done go on."""
        assert isinstance(settings, CSNSettings)
        other = CSNTracker(self.network, settings, self.device, self.dtype)
        other.classifier.continue_from(self.classifier)
        return other

    @torch.inference_mode()
    def start(self, frame: Frame, box: Box) -> CSNTarget:
        """See `Tracker.start`; the classifier learns the target before this returns."""
        box = check_initial_box(box, frame.width, frame.height)
        s = self.settings
        template, fill = self.matcher.exemplar(frame, box)
        target = CSNTarget(box, template, fill, self.classifier.start(frame, box, s.seed))
        # Measured as each is found later, or a static scene would move.
        alone = s.decide_by == 'matching'
        size, influence = (
            (s.search_size, s.window_influence) if alone else (s.exemplar_size + FINE_MARGIN, 0.0)
        )
        match = self.matcher.match(frame, [target], [box], size, [1.0], influence)
        target.origin = match.self_response()
        if not alone:
            peaks = self.matcher.match(
                frame, [target], [box], s.search_size, [1.0], 0.0, s.peak_upsampling
            )
            target.peak_origin = peaks.self_response()
        return target

    @torch.inference_mode()
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """See `Tracker.step`."""
        mine = [t for t in targets if isinstance(t, CSNTarget)]
        assert len(mine) == len(targets), 'targets of another tracker'
        if not mine:
            return []
        s = self.settings
        with stage('learning', self.device):
            self.classifier.advance([t.classifier for t in mine])
            ill = {id(t) for t in mine if not t.classifier.healthy}
            for target in mine:
                target.frames += 1
                if id(target) in ill:
                    self.classifier.rebuild(target.classifier)
                    target.lose()
        if s.decide_by == 'matching':
            results = self._match(frame, mine)
        elif s.candidates_from == 'draws':
            results = self._classify(frame, mine)
        else:
            results = self._cascade(frame, mine)
        scores = [
            self._judge(target, result, id(target) in ill) for target, result in zip(mine, results)
        ]
        with stage('learning', self.device):
            decisions = self._learn(frame, mine, results)
        return [
            Estimate(
                box=visible(target.box, frame),
                score=score,
                similarity=result.similarity,
                classification=result.classification,
                state=target.state,
                updated=decision.update,
                update_reason=decision.reason,
                response=result.response,
            )
            for target, result, score, decision in zip(mine, results, scores, decisions)
        ]

    def _judge(self, target: CSNTarget, result: _Result, rebuilt: bool) -> float:
        """Move a target, unless it is lost; returns its score."""
        target.candidate = result.box
        if not math.isfinite(result.evidence.margin):
            target.classifier.healthy = bool(target.classifier.head.finite())
        if rebuilt:
            # Its new layers are not those that all thresholds and histories are about.
            return 0.0
        score, word = target.monitor.judge(result.evidence, self.rule)
        target.state = State(word)
        if target.state is not State.LOST:
            target.box = result.box
            target.sweep.seen = 0
        return score

    # What follows finds results: by both subnetworks, or, to measure what each is worth, by one.

    def _cascade(self, frame: Frame, targets: list[CSNTarget]) -> list[_Result]:
        """Peaks of the similarity map are classified (section 3.2)."""
        s = self.settings
        proposals = self._proposals(frame, targets)
        factors = s.candidate_factors
        with stage('classification', self.device):
            margins = self.classifier.margins(
                frame,
                [t.classifier for t in targets],
                [_inside(p.boxes(factors), frame) for p in proposals],
            )
            tables = [m.tolist() for m in margins]
        places, chosen = [], []
        for proposal, table in zip(proposals, tables):
            # The first of equals: the higher peak.
            rank = [
                margin + proposal.bonus[k // len(factors)] for k, margin in enumerate(table)
            ]
            best = max(range(len(table)), key=rank.__getitem__)
            peak, scale = divmod(best, len(factors))
            chosen.append((peak, factors[scale], table[best]))
            places.append(Box(*proposal.places[peak], *proposal.size))
        if s.size_from == 'matching':
            # Much of one scale may look like the target to a classifier that learned from boxes
            # that overlap it by seven tenths.
            fine = self.matcher.match(
                frame, targets, places, s.exemplar_size + FINE_MARGIN, s.factors, 0.0
            )
        results = []
        for i, (target, proposal, place) in enumerate(zip(targets, proposals, places)):
            peak, factor, margin = chosen[i]
            at, logit = (place.cx, place.cy), proposal.logits[peak]
            if s.size_from == 'matching':
                _, column, line, logit, _ = fine.rows[i]
                at, factor = fine.place(i, column, line, target.origin), fine.factors[i]
            results.append(
                _Result(
                    self.matcher.moved(target, at, factor, frame),
                    Evidence(logit, proposal.sharpness[peak], _bounded(margin)),
                    _probability(logit),
                    _probability(margin),
                    proposal.rivals,
                    proposal.response,
                )
            )
        return results

    def _proposals(self, frame: Frame, targets: list[CSNTarget]) -> list[_Proposals]:
        """Search for all targets, those that are searched alike in one batch."""
        searches = self._searches(frame, targets)
        groups: dict[int, list[int]] = {}
        for i, (_, size) in enumerate(searches):
            groups.setdefault(size, []).append(i)
        found: dict[int, _Proposals] = {}
        for size, group in groups.items():
            some = [targets[i] for i in group]
            boxes = [searches[i][0] for i in group]
            found.update(zip(group, self._propose(frame, some, boxes, size)))
        return [found[i] for i in range(len(targets))]

    def _searches(self, frame: Frame, targets: list[CSNTarget]) -> list[tuple[Box, int]]:
        """Around which box, and in how large a crop, each target is searched."""
        s = self.settings
        searches = [(t.box, s.search_size) for t in targets]
        lost = [i for i, t in enumerate(targets) if t.state is State.LOST]
        if lost:
            some = [targets[i] for i in lost]
            with stage('re-detection', self.device):
                hits = redetect(
                    self.network.classification,
                    frame,
                    [t.classifier.head for t in some],
                    [t.box for t in some],
                    [t.sweep for t in some],
                    s,
                )
            for i, target, hit in zip(lost, some, hits):
                nowhere = (target.box, s.lost_search_size)
                searches[i] = nowhere if hit is None else (hit, s.search_size)
        return searches

    def _propose(
        self, frame: Frame, targets: list[CSNTarget], boxes: list[Box], size: int
    ) -> list[_Proposals]:
        """Find the peaks of one batch of searches."""
        s = self.settings
        maps, windows = self.matcher.respond(frame, targets, boxes, size, [1.0])
        maps = maps[:, 0]
        cells, stride = int(maps.shape[-1]), self.network.matching.backbone.stride
        with stage('post-processing', self.device):
            peaks = find_peaks(
                maps, s.rival_candidate, s.peak_count, s.peak_distance, s.peak_upsampling
            )
            logits = peaks.heights.logit(1e-7)
            count = logits.shape[1]
            sharpness = peak_to_sidelobe(
                maps.repeat_interleave(count, dim=0),
                peaks.lines.flatten(),
                peaks.columns.flatten(),
                logits.flatten(),
            ).view(-1, count)
            numbers = torch.stack(
                [peaks.columns, peaks.lines, logits, sharpness, peaks.ratios], dim=2
            ).tolist()
        proposals = []
        for target, box, window, response, rows in zip(targets, boxes, windows, maps, numbers):
            # The first one always: a map that is not finite has no peak, and its NaN says so.
            rows = rows[:1] + [row for row in rows[1:] if row[4] > 0]
            dx, dy = target.peak_origin
            proposals.append(
                _Proposals(
                    [
                        window.cell(column - dx, line - dy, cells, stride, size)
                        for column, line, *_ in rows
                    ],
                    (box.w, box.h),
                    [row[2] for row in rows],
                    [row[3] for row in rows],
                    [self._bonus(row, cells, target.state is State.LOST) for row in rows],
                    [row[4] for row in rows[1:]],
                    Response(response, covered(window, cells, stride, size)),
                )
            )
        return proposals

    def _bonus(self, row: list[float], cells: int, lost: bool) -> float:
        """What speaks for a peak besides the classifier; `row` begins with place and logit."""
        column, line, logit = row[:3]
        s = self.settings
        bonus = s.similarity_weight * logit
        if not lost:
            window = _hann(column, cells) * _hann(line, cells)
            bonus += s.distance_weight * math.log(window)
        return bonus

    def _match(self, frame: Frame, targets: list[CSNTarget]) -> list[_Result]:
        """The matching subnetwork alone: SiamFC."""
        s = self.settings
        results: dict[int, _Result] = {}
        for lost in (False, True):
            group = [i for i, t in enumerate(targets) if (t.state is State.LOST) == lost]
            if not group:
                continue
            some = [targets[i] for i in group]
            size, factors, influence = (
                (s.lost_search_size, [1.0], 0.0)
                if lost
                else (s.search_size, s.factors, s.window_influence)
            )
            match = self.matcher.match(
                frame, some, [t.box for t in some], size, factors, influence
            )
            for k, (i, target) in enumerate(zip(group, some)):
                _, column, line, peak, sharpness = match.rows[k]
                at = match.place(k, column, line, target.origin)
                results[i] = _Result(
                    self.matcher.moved(target, at, match.factors[k], frame),
                    Evidence(peak, sharpness),
                    _probability(peak),
                    None,
                    [],
                    match.response(k),
                )
        return [results[i] for i in range(len(targets))]

    def _classify(self, frame: Frame, targets: list[CSNTarget]) -> list[_Result]:
        """The classification subnetwork alone: MDNet's candidates, without its regression."""
        s = self.settings
        rows = [
            _inside(
                gaussian(ALONE)(box_row(t.box), s.drawn_candidates, t.classifier.generator), frame
            )
            for t in targets
        ]
        with stage('classification', self.device):
            margins = self.classifier.margins(frame, [t.classifier for t in targets], rows)
        results = []
        for target, boxes, some in zip(targets, rows, margins):
            top = some.topk(min(BEST, len(some)))
            margin = float(top.values.mean())
            mean = Box(*boxes[top.indices.cpu()].mean(dim=0).tolist())
            box = self.matcher.bounded(target, mean)
            empty = torch.zeros(1, 1, device=self.device)
            window = SearchWindow(box.cx, box.cy, max(box.w, box.h))
            results.append(
                _Result(
                    # A mean that is taken for background moves nothing (MDNet code).
                    box if margin > 0 else target.box,
                    Evidence(0.0, 1.0, _bounded(margin)),
                    0.0,
                    _probability(margin),
                    [],
                    Response(empty, window),
                )
            )
        return results

    def _learn(
        self, frame: Frame, targets: list[CSNTarget], results: list[_Result]
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
        if due and s.learning:
            self.classifier.learn([t.classifier for t in due])
            for target in due:
                target.news = 0
        return decisions

    def _decide(self, target: CSNTarget, result: _Result) -> Decision:
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


def _inside(boxes: Tensor, frame: Frame) -> Tensor:
    """Boxes with their centres moved into the frame: (N, 4)."""
    size = torch.tensor([frame.width, frame.height], dtype=boxes.dtype)
    return torch.cat([torch.minimum(boxes[:, :2].clamp_min(0.0), size), boxes[:, 2:]], dim=1)


def _hann(place: float, cells: int) -> float:
    """Hann window of `locate`'s prior, 1 in the middle and above 0 in all cells."""
    return math.cos(math.pi * (place - (cells - 1) / 2) / (cells + 1)) ** 2


def _bounded(margin: float) -> float:
    """A margin as evidence; a NaN stays one."""
    return margin if math.isnan(margin) else min(max(margin, -CERTAIN_MARGIN), CERTAIN_MARGIN)


def _probability(logit: float) -> float:
    """Probability of a logit; 0 of what is none."""
    if not math.isfinite(logit):
        return 0.0
    return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))
