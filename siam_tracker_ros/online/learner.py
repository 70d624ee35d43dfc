# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning of the last three layers from remembered samples (MDNet 3.3; section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.classification import BACKGROUND, FOREGROUND, Head
from ..settings import Settings, setting
from .descent import Descent, clip_each, gradients
from .mining import hardest
from .samples import SampleMemory


@dataclass(frozen=True)
class LearnerSettings(Settings):
    """How the classifier learns while tracking; defaults: the MDNet paper, then its first code."""

    start_rate: float = setting(
        1e-4,
        'learning rate of fc4 and fc5 in the first frame',
        low=0.0,
        high=1.0,
        source='MDNet 3.3; the code of 2019 has 5e-4',
    )
    start_iterations: int = setting(
        30,
        'iterations in the first frame',
        low=1,
        high=10000,
        source='MDNet 3.3; the code of 2019 has 50',
    )
    update_rate: float = setting(
        3e-4,
        'learning rate of fc4 and fc5 in an update',
        low=0.0,
        high=1.0,
        source='MDNet 3.3; the code of 2019 has 1e-3',
        dynamic=True,
    )
    update_iterations: int = setting(
        10,
        'iterations of an update',
        low=1,
        high=10000,
        source='MDNet 3.3; the code of 2019 has 15',
    )
    last_multiplier: float = setting(
        10.0, 'how much faster fc6 learns', low=0.0, high=1000.0, source='MDNet 3.3'
    )
    bias_multiplier: float = setting(
        2.0,
        'how much faster biases learn',
        low=0.0,
        high=1000.0,
        source='MDNet code; that of 2019 has 1',
    )
    momentum: float = setting(
        0.9, 'momentum; it begins anew in each update', low=0.0, high=0.999, source='MDNet 3.3'
    )
    weight_decay: float = setting(5e-4, 'weight decay', low=0.0, high=1.0, source='MDNet 3.3')
    gradient_clip: float = setting(
        10.0,
        "largest norm of a target's gradient; 0 clips nothing",
        low=0.0,
        high=1e6,
        source='MDNet code of 2019; the first has none',
    )
    dropout: float = setting(
        0.5,
        'share of the units of fc4 and fc5 that are left out in an iteration',
        low=0.0,
        high=0.9,
        source='MDNet code',
    )
    batch_positives: int = setting(
        32, 'positive samples of an iteration', low=1, high=4096, source='MDNet 3.3'
    )
    batch_negatives: int = setting(
        96, 'hard negative samples of an iteration', low=1, high=4096, source='MDNet 3.3'
    )
    negative_candidates: int = setting(
        1024,
        'negative samples that the hard ones are mined from',
        low=1,
        high=65536,
        source='MDNet 3.3',
    )


@dataclass(frozen=True)
class Samples:
    """Some remembered samples of one target."""

    memory: SampleMemory
    rows: Tensor


class Lesson:
    """Training of T targets from begin to end, in as many parts as wanted.

    It works on a copy: the heads that track stay as they are until the lesson is done. All its
    random choices come from generators of its own, forked from the targets' at the start, so that
    whatever is drawn in between changes nothing: a lesson in parts ends in the same head as one
    that is run at once.

    Parameters
    ----------
    head : Head
        Of T targets.
    positives, negatives : sequence of Samples
        T pools, none of them empty.
    generators : sequence of torch.Generator
        The targets' own, on the CPU.
    rate : float
        Learning rate of fc4 and fc5.
    iterations : int
    settings : LearnerSettings
    """

    def __init__(
        self,
        head: Head,
        positives: Sequence[Samples],
        negatives: Sequence[Samples],
        generators: Sequence[torch.Generator],
        rate: float,
        iterations: int,
        settings: LearnerSettings,
    ) -> None:
        s = settings
        self.settings = s
        self.head = Head.stack([head.row(i) for i in range(len(head))])
        self.left = iterations
        self.losses: Tensor | None = None
        self._velocity = [torch.zeros_like(t) for t in self.head.tensors]
        self._generators = [_fork(g) for g in generators]
        self._positives = [
            _Deck(pool, s.batch_positives * iterations, g)
            for pool, g in zip(positives, self._generators)
        ]
        self._negatives = [
            _Deck(pool, s.negative_candidates * iterations, g)
            for pool, g in zip(negatives, self._generators)
        ]
        last, bias = s.last_multiplier, s.bias_multiplier
        self._descent = Descent(
            tuple(rate * m for m in (1.0, 1.0, last, bias, bias, last * bias)),
            s.momentum,
            s.weight_decay,
        )

    @property
    def done(self) -> bool:
        """Whether all iterations are done."""
        return self.left == 0

    @property
    def tensors(self) -> list[Tensor]:
        """What an iteration reads or writes that it does not make itself."""
        memories = [deck.memory.features for deck in (*self._positives, *self._negatives)]
        return [*self.head.tensors, *self._velocity, *memories]

    def advance(self, iterations: int | None = None) -> None:
        """Do some iterations; all that are left by default."""
        count = self.left if iterations is None else min(iterations, self.left)
        for _ in range(count):
            self._iterate()
            self.left -= 1

    def _iterate(self) -> None:
        s = self.settings
        positives = torch.stack([deck.deal(s.batch_positives) for deck in self._positives])
        candidates = torch.stack([deck.deal(s.negative_candidates) for deck in self._negatives])
        negatives = hardest(self.head, candidates, s.batch_negatives)
        features = torch.cat([positives, negatives], dim=1)
        labels = features.new_full(features.shape[:2], BACKGROUND, dtype=torch.int64)
        labels[:, : positives.shape[1]] = FOREGROUND
        self.losses, slopes = gradients(self.head, features, labels, self._masks(features))
        clip_each(slopes, s.gradient_clip)
        self._descent.step(self.head.tensors, slopes, self._velocity)

    def _masks(self, features: Tensor) -> tuple[Tensor, Tensor] | None:
        """Dropout of both layers, drawn on the CPU: the same on every device."""
        keep = 1.0 - self.settings.dropout
        if keep == 1.0:
            return None
        shape = (2, features.shape[1], self.head.weights[1].shape[1])
        drawn = torch.stack(
            [(torch.rand(shape, generator=g) < keep).to(torch.uint8) for g in self._generators],
            dim=1,
        )
        first, second = drawn.to(features.device, non_blocking=True).to(features.dtype) / keep
        return first, second


class _Deck:
    """Samples of a pool in random order, shuffled again whenever all were dealt (MDNet code)."""

    def __init__(self, pool: Samples, count: int, generator: torch.Generator) -> None:
        size = pool.rows.numel()
        assert size > 0, 'nothing to learn from'
        rounds = -(-count // size)
        order = torch.cat([torch.randperm(size, generator=generator) for _ in range(rounds)])
        self.memory = pool.memory
        self._rows = pool.rows[order[:count]]
        self._dealt = 0

    def deal(self, count: int) -> Tensor:
        """Features of the next samples: (count, D)."""
        rows = self._rows[self._dealt : self._dealt + count]
        self._dealt += count
        return self.memory.take(rows)


def _fork(generator: torch.Generator) -> torch.Generator:
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.Generator().manual_seed(seed)
