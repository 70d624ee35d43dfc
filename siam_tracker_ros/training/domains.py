# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Domains for the classification subnetwork: objects, and the images in which each is seen.

Nam and Han 2016, section 3.2: a domain is a video with its object, and what is learned in all of
them is what tells any object from its surroundings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import UserError
from ..settings import Settings, setting
from .lending import Lenders
from .pairs import View, view_of, view_or_draw
from .sources import ImageCache, Shot


@dataclass(frozen=True)
class DomainSettings(Settings):
    """What is seen of a domain in one visit."""

    views: int = setting(8, 'images of a visit', low=1, high=64, source='MDNet 3.2')
    positives: int = setting(
        32, 'patches of the object in a visit', low=1, high=1024, source='MDNet 3.2'
    )
    negatives: int = setting(
        96, 'patches of its surroundings in a visit', low=1, high=4096, source='MDNet 3.2'
    )
    positive_overlap: float = setting(
        0.7, 'smallest overlap (IoU) of the object', low=0.0, high=1.0, source='MDNet 3.2'
    )
    negative_overlap: float = setting(
        0.5, 'largest overlap (IoU) of its surroundings', low=0.0, high=1.0, source='MDNet 3.2'
    )
    rotation: float = setting(
        12.0, 'largest rotation of a view', unit='deg', low=0.0, high=180.0, source='own'
    )
    log_stretch: float = setting(
        0.12,
        'spread of the aspect ratio of a view (uniform in the logarithm)',
        low=0.0,
        high=1.0,
        source='own',
    )
    foreign: float = setting(
        0.5,
        'share of views in which the object lies on another image: the views of a still would '
        'else teach its background',
        low=0.0,
        high=1.0,
        source='own',
    )
    distractors: int = setting(
        2,
        'objects of other domains that are laid beside the object in each view, and from which a '
        'third of its negatives is taken: an object on another image would else be known by its '
        'edge',
        low=0,
        high=8,
        source='own',
    )

    def check_together(self) -> None:
        """Refuse patches that the views cannot share evenly, and overlaps that cross."""
        for name in ('positives', 'negatives'):
            if getattr(self, name) % self.views:
                raise UserError(
                    f'{name} is {getattr(self, name)}: expected a multiple of views ({self.views})'
                )
        if self.negative_overlap > self.positive_overlap:
            raise UserError(
                f'negative_overlap is {self.negative_overlap}: expected at most '
                f'positive_overlap ({self.positive_overlap})'
            )


@dataclass(frozen=True)
class Visit:
    """What is needed of one domain for one step.

    Attributes
    ----------
    domain : int
        Its number, which is that of its branch.
    views : list of View
        One object in several images, or several times in one.
    backdrop : Tensor
        (H, W, 3) uint8 RGB, an image of another domain.
    others : list of View
        Objects of other domains, of the same kind where there are any.
    """

    domain: int
    views: list[View]
    backdrop: Tensor
    others: list[View] = field(default_factory=list)


class Domains(Dataset[Visit]):
    """An endless, seeded sequence of visits: the same index always gives the same visit.

    All domains are visited before any of them is visited again, in an order drawn anew each time.

    Parameters
    ----------
    shots : sequence of Shot
        A domain each, of two or more scenes. A shot that is given several times is visited as
        often; its copies do not lend each other anything.
    seed : int
    views : int
        Views of a visit.
    distractors : int
        Other objects of a visit.

    Attributes
    ----------
    lenders : Lenders
        Who gives a visit its backdrop and its distractors.

    Raises
    ------
    UserError
        See `Lenders`.
    """

    def __init__(
        self, shots: Sequence[Shot], seed: int, views: int, distractors: int = 0
    ) -> None:
        self.shots = list(shots)
        self.lenders = Lenders(self.shots)
        self.seed = seed
        self.views = views
        self.distractors = distractors
        self.cache = ImageCache()

    def __len__(self) -> int:
        """Return the number of domains."""
        return len(self.shots)

    def __getitem__(self, index: int) -> Visit:
        """Return visit number `index`."""
        cycle, nth = divmod(index, len(self.shots))
        order = np.random.default_rng((self.seed, 0, cycle)).permutation(len(self.shots))
        number = int(order[nth])
        rng = np.random.default_rng((self.seed, 1, index))
        other = self.shots[self.lenders.draw(number, rng)]
        backdrop, _ = self.cache.read(other.images[int(rng.integers(len(other.images)))])
        views = self._views(number, self.views, rng)
        others = [self._views(other, 1, rng)[0] for other in self._others(number, rng)]
        return Visit(number, views, backdrop, others)

    def _others(self, number: int, rng: np.random.Generator) -> list[int]:
        """Domains that lend distractors: half of them are of the same kind, if it has others."""
        return [
            self.lenders.draw(number, rng, alike=rng.random() < 0.5)
            for _ in range(self.distractors)
        ]

    def _views(self, number: int, count: int, rng: np.random.Generator) -> list[View]:
        shot = self.shots[number]
        if len(shot.images) == 1:
            # A domain keeps its object: the box that is drawn depends on nothing else.
            drawer = np.random.default_rng((self.seed, 2, number))
            return [view_or_draw(self.cache, shot, 0, drawer)] * count
        visible = shot.visible
        # Without repetition, as far as there are images.
        chosen = rng.permutation(len(visible))[np.arange(count) % len(visible)]
        return [view_of(self.cache, shot, visible[int(i)]) for i in chosen]
