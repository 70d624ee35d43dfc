# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The online classifier of any number of targets: score candidates, remember samples, learn."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box
from ..models.classification import Head
from ..models.interfaces import PatchNetwork, placed
from .classifier_settings import ClassifierSettings
from .learner import Lesson, Samples
from .patches import grid_boxes, grid_features, patch_features
from .samples import SampleMemory
from .sampling import Spread, box_row, gaussian, overlaps, sample, uniform, whole
from .schedule import Schedule, make_schedule

# Largest changes of the scale of drawn boxes, in steps of 1.05 (MDNet code).
NEAR_STEPS = 5.0
FAR_STEPS = 10.0


class TargetClassifier:
    """What one target learns with: everything of the classifier that belongs to it.

    Attributes
    ----------
    head : Head
        Its last three layers, T = 1, as they score now.
    positives, negatives : SampleMemory
    generator : torch.Generator
        Source of all its random choices, on the CPU.
    healthy : bool
        False from when a lesson ended in numbers that are not finite: its head is the one
        before that lesson. Also where the first frame gave no finite features to learn from. The
        target is then lost, and `OnlineClassifier.rebuild` helps.
    """

    def __init__(
        self,
        head: Head,
        positives: SampleMemory,
        negatives: SampleMemory,
        generator: torch.Generator,
    ) -> None:
        self.head = head
        self.positives = positives
        self.negatives = negatives
        self.generator = generator
        self.healthy = True
        self.lesson: Lesson | None = None
        # That of the settings under which the lesson began; only it knows how far it is.
        self.schedule: Schedule | None = None
        self.seat = 0

    @property
    def learning(self) -> bool:
        """Whether a lesson is not done yet."""
        return self.lesson is not None


class OnlineClassifier:
    """The classification subnetwork and its online learning (sections 3.2 and 3.3).

    It holds no target: network, settings and schedule serve all of them.

    Parameters
    ----------
    network : PatchNetwork
        On the device and in the number format that it runs in.
    settings : ClassifierSettings
    """

    def __init__(self, network: PatchNetwork, settings: ClassifierSettings) -> None:
        self.network = placed(network, network.device, network.dtype)
        self.settings = settings
        self.device = network.device
        self.schedule = make_schedule(
            self.device, settings.iterations_per_frame, settings.update_iterations
        )

    @torch.no_grad()
    def start(self, frame: Frame, box: Box, seed: int) -> TargetClassifier:
        """Learn a target from its first frame (MDNet, algorithm 1, lines 1 to 4).

        Parameters
        ----------
        frame : Frame
        box : Box
            In continuous pixels of the frame.
        seed : int
            Of all random choices for this target.
        """
        s = self.settings
        generator = torch.Generator().manual_seed(seed)
        target = TargetClassifier(
            self.network.new_head(generator),
            self._memory(s.long_frames, s.update_positives),
            self._memory(s.short_frames, s.update_negatives),
            generator,
        )
        row, size = box_row(box), (frame.width, frame.height)
        near = gaussian(Spread(s.positive_shift, NEAR_STEPS))
        around = uniform(Spread(s.start_shift, FAR_STEPS))
        anywhere = whole(*size, FAR_STEPS)
        background = (0.0, s.start_negative_overlap)
        half = s.start_negatives // 2
        drawn = [
            sample(near, row, s.start_positives, (s.positive_overlap, 1.0), size, generator),
            sample(around, row, s.start_negatives - half, background, size, generator),
            sample(anywhere, row, half, background, size, generator),
        ]
        features = patch_features(self.network, frame, torch.cat(drawn))
        pools = torch.split(features, [s.start_positives, s.start_negatives])
        positives, negatives = _pool(pools[0]), _pool(pools[1])
        if len(positives.rows) and len(negatives.rows):
            self._begin(target, positives, negatives)
        else:
            target.healthy = False
        # Our choice: later updates remember as much of the first frame as of any other. The
        # negatives were drawn in two halves: every n-th keeps both.
        target.positives.push(pools[0][: s.update_positives])
        target.negatives.push(_every(pools[1], s.update_negatives))
        return target

    @torch.no_grad()
    def margins(
        self, frame: Frame, targets: Sequence[TargetClassifier], boxes: Sequence[Tensor]
    ) -> list[Tensor]:
        """Score candidate boxes of all targets with one run of the network.

        Parameters
        ----------
        frame : Frame
        targets : sequence of TargetClassifier
            One or more.
        boxes : sequence of Tensor
            For each target (N_t, 4) candidates, ``cx, cy, w, h`` in continuous pixels, on the CPU.

        Returns
        -------
        list of Tensor
            (N_t,) float32 each, on the device: see `Head.margins`; S_C is their sigmoid.
        """
        counts = [len(b) for b in boxes]
        features = torch.split(patch_features(self.network, frame, torch.cat(list(boxes))), counts)
        # Targets with fewer candidates are filled up, so that all heads are one product.
        stacked = torch.nn.utils.rnn.pad_sequence(list(features), batch_first=True)
        scores = Head.stack([t.head for t in targets]).margins(stacked).float()
        return [row[:count] for row, count in zip(scores, counts)]

    @torch.no_grad()
    def remember(
        self, frame: Frame, targets: Sequence[TargetClassifier], boxes: Sequence[Box]
    ) -> None:
        """Take samples around results that may be learned from, with one run of the network.

        Parameters
        ----------
        frame : Frame
        targets : sequence of TargetClassifier
            One or more.
        boxes : sequence of Box
            Where each of them is.
        """
        s = self.settings
        size = (frame.width, frame.height)
        rows = torch.stack([box_row(box) for box in boxes])
        near = gaussian(Spread(s.positive_shift, NEAR_STEPS))
        around = uniform(Spread(s.update_shift, NEAR_STEPS))
        wanted, background = (s.positive_overlap, 1.0), (0.0, s.update_negative_overlap)
        drawn = [
            sample(near, row, s.update_positives, wanted, size, t.generator)
            for t, row in zip(targets, rows)
        ]
        if not s.grid:
            drawn += [
                sample(around, row, s.update_negatives, background, size, t.generator)
                for t, row in zip(targets, rows)
            ]
        features = torch.split(
            patch_features(self.network, frame, torch.cat(drawn)), [len(d) for d in drawn]
        )
        for target, positives in zip(targets, features):
            target.positives.push(positives)
        negatives = features[len(targets) :] if not s.grid else self._grid(frame, targets, rows)
        for target, some in zip(targets, negatives):
            target.negatives.push(some)

    @torch.no_grad()
    def learn(self, targets: Sequence[TargetClassifier], short: bool = False) -> None:
        """Begin an update of some targets from what they remember, as one batch.

        Parameters
        ----------
        targets : sequence of TargetClassifier
            Those that are still `learning`, or that remember nothing, are passed over.
        short : bool
            Use only the newest positive samples: MDNet's short-term update, for when a score
            falls.
        """
        s = self.settings
        newest = s.short_frames if short else None
        for target in targets:
            if not target.learning:
                # It may be one that was started under settings with shorter lessons.
                target.positives.reserve(self._spare)
                target.negatives.reserve(self._spare)
        pools = [
            (t, Samples(t.positives, t.positives.rows(newest)), _all(t.negatives))
            for t in targets
            if not t.learning
        ]
        # Frames may be remembered without a sample: a grid need not hold background.
        pools = [(t, p, n) for t, p, n in pools if len(p.rows) and len(n.rows)]
        if not pools:
            return
        pupils = [t for t, _, _ in pools]
        lesson = Lesson(
            Head.stack([t.head for t in pupils]),
            [positives for _, positives, _ in pools],
            [negatives for _, _, negatives in pools],
            [t.generator for t in pupils],
            s.update_rate,
            s.update_iterations,
            s,
        )
        for seat, target in enumerate(pupils):
            target.lesson, target.schedule, target.seat = lesson, self.schedule, seat
        if self.schedule.begin(lesson):
            self._swap(pupils, lesson)

    @torch.no_grad()
    def advance(self, targets: Sequence[TargetClassifier]) -> None:
        """Work on lessons that are not done; to be called once a frame, before `margins`.

        Heads whose lesson is done take the place of the targets' own here. Lessons that were begun
        under other settings go on as they were begun.
        """
        lessons = {
            id(t.lesson): (t.lesson, t.schedule)
            for t in targets
            if t.lesson is not None and t.schedule is not None
        }
        for lesson, schedule in lessons.values():
            if schedule.advance(lesson):
                self._swap([t for t in targets if t.lesson is lesson], lesson)

    @torch.no_grad()
    def rebuild(self, target: TargetClassifier) -> None:
        """Learn a new head from all that is remembered: what was learned before is dropped."""
        target.lesson = target.schedule = None
        target.head = self.network.new_head(target.generator)
        target.healthy = True
        positives, negatives = _all(target.positives), _all(target.negatives)
        if len(positives.rows) and len(negatives.rows):
            self._begin(target, positives, negatives)

    def _begin(self, target: TargetClassifier, positives: Samples, negatives: Samples) -> None:
        """Train a new head as in the first frame, which waits for it."""
        s = self.settings
        lesson = Lesson(
            target.head,
            [positives],
            [negatives],
            [target.generator],
            s.start_rate,
            s.start_iterations,
            s,
        )
        lesson.advance()
        self._graduate(target, lesson)

    def _swap(self, targets: Sequence[TargetClassifier], lesson: Lesson) -> None:
        for target in targets:
            self._graduate(target, lesson, target.seat)
            target.lesson = target.schedule = None

    def _graduate(self, target: TargetClassifier, lesson: Lesson, seat: int = 0) -> None:
        """Give a target what its lesson ended in, if that is finite."""
        learned = lesson.head.row(seat)
        target.healthy = bool(learned.finite())
        if target.healthy:
            target.head = learned

    def _grid(
        self, frame: Frame, targets: Sequence[TargetClassifier], rows: Tensor
    ) -> list[Tensor]:
        """Features of the boxes of a grid that are background, for each target."""
        s = self.settings
        boxes = grid_boxes(rows, s.grid)
        features = grid_features(self.network, frame, rows, s.grid)
        chosen = []
        for target, row, around, some in zip(targets, rows, boxes, features):
            apart = (overlaps(row, around) <= s.update_negative_overlap).nonzero().flatten()
            order = torch.randperm(len(apart), generator=target.generator)[: s.update_negatives]
            chosen.append(some.index_select(0, apart[order].to(some.device)))
        return chosen

    @property
    def _spare(self) -> int:
        # One more than a lesson's frames: it may be advanced after a frame was remembered.
        return self.schedule.frames + 1

    def _memory(self, frames: int, samples: int) -> SampleMemory:
        return SampleMemory(
            frames, samples, self.network.dimension, self.device, spare=self._spare
        )


def _pool(features: Tensor) -> Samples:
    """Samples that are learned from once."""
    memory = SampleMemory(1, len(features), features.shape[1], features.device, features.dtype)
    memory.push(features)
    return _all(memory)


def _every(features: Tensor, count: int) -> Tensor:
    """At most `count` rows, evenly spread."""
    return features[:: max(1, -(-len(features) // count))]


def _all(memory: SampleMemory) -> Samples:
    """Everything that is remembered."""
    return Samples(memory, memory.rows())
