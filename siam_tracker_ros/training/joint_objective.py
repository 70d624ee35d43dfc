# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam's joint training: features, regularisation and fusion from clips (DSiam, section 3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import math

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..models.dsiam import OWN, DSiam
from ..settings import Scalar, setting, varied
from ..trackers.dsiam_settings import CROPS, LEARNED, DSiamSettings
from .clip_material import ClipBatch, ClipSettings
from .losses import balanced_logistic, distance_map, place_entropy, plain_logistic
from .objective import Objective
from .proposal_losses import BALANCED, PLAIN
from .schedules import cosine
from .unrolled import Course, Unrolled


@dataclass(frozen=True)
class JointSettings(ClipSettings):
    """How a network learns from clips, and from what it learned in them."""

    steps: int = varied(ClipSettings, 'steps', 400, '')
    batch: int = varied(ClipSettings, 'batch', 4, '')
    rate: float = setting(
        0.01,
        'highest learning rate, of what DSiam adds: regularisation, fusion, scales and biases of '
        'further layers',
        low=0.0,
        high=1.0,
    )
    feature_rate: float = setting(
        0.01,
        'share of the rate with which all else learns, which is trained already',
        low=0.0,
        high=1.0,
    )
    decay: float = varied(ClipSettings, 'decay', 5e-4, 'DSiam 3.6')
    search_size: int = varied(ClipSettings, 'search_size', 255, 'SiamFC 2.5')
    warmup: int = setting(20, 'steps of linear warm-up; then the rate falls as a cosine', low=0)
    begin_lambda_v: float = setting(
        0.0,
        'what the regularisation of the variation begins with, in all layers; 0: what the '
        'weights have',
        low=0.0,
        high=1e9,
        source='DSiam 3.6: selected by hand',
    )
    begin_lambda_w: float = setting(
        0.0,
        'what the regularisation of the suppression begins with, in all layers; 0: what the '
        'weights have',
        low=0.0,
        high=1e9,
        source='DSiam 3.6: selected by hand',
    )
    radius: float = setting(
        2.0, 'cells around the target that are positive', low=0.5, high=8.0, source='SiamFC Eq. 4'
    )
    logistic_loss: str = setting(
        BALANCED,
        f'logistic loss whose positive cells weigh as much as all negative ones ({BALANCED}), or '
        f'each cell as much as any other ({PLAIN})',
        choices=(BALANCED, PLAIN),
        source=f'{BALANCED}: SiamFC 2.2; {PLAIN}: DSiam Eq. 10',
    )
    place_weight: float = setting(
        0.3, 'weight of the softmax loss of the place', low=0.0, high=10.0, source='own; Eq. 10: 0'
    )

    def check_together(self) -> None:
        """Refuse maps without a middle cell: fusion is learned for an odd number of cells."""
        super().check_together()
        if (self.search_size - 143) % 16:
            raise UserError(
                f'search_size is {self.search_size}: expected 143 plus a multiple of 16, so that '
                'the response map has a cell in the middle'
            )


class JointObjective(Objective[DSiam, ClipBatch]):
    """Peaks where targets are, in all images of a clip, after what the images before taught.

    Parameters
    ----------
    network : DSiam
        Its norms keep their statistics: images of few clips are too much alike for new ones.
    settings : JointSettings
    tracker : mapping
        Settings of the tracker, of the weights that training begins from.

    Raises
    ------
    UserError
        Its W is learned from other crops, or its fusion is not the learned one.
    """

    columns = (
        'logistic',
        'place',
        'successes',
        'lambda_v',
        'lambda_w',
        'held_out_loss',
        'held_out_hit',
        'held_out_successes',
    )
    headline = 'held_out_hit'

    def __init__(
        self, network: DSiam, settings: JointSettings, tracker: Mapping[str, Scalar]
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.tracker = DSiamSettings.from_dict(tracker)
        if self.tracker.suppression == CROPS:
            raise UserError(
                f'suppression is {CROPS} in the weights that training begins from: expected one '
                'that needs no further crops, because joint training learns from the crops that '
                'were searched; use other weights'
            )
        if len(network.layers) > 1 and self.tracker.fusion != LEARNED:
            raise UserError(
                f'fusion is {self.tracker.fusion} in the weights that training begins from, so '
                f'that it would not learn: expected {LEARNED}; use other weights, or write '
                f'fusion={LEARNED} into them'
            )
        for learned, value in (
            (network.log_lambda_v, settings.begin_lambda_v),
            (network.log_lambda_w, settings.begin_lambda_w),
        ):
            if value > 0:
                nn.init.constant_(learned, math.log(value))

    def forward(self, searches: Tensor, places: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of a batch's losses, and each of them."""
        course = Unrolled(self.network, self.tracker)(searches)
        total, parts = self.losses(course, places)
        of_v, of_w = self.network.lambdas
        return total, {
            **parts,
            'successes': course.successes.float().mean(),
            # Of several layers the last one's.
            'lambda_v': of_v[-1],
            'lambda_w': of_w[-1],
        }

    def losses(self, course: Course, places: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses of all images but the first, summed: L = sum of L_t (section 3.5)."""
        s, stride = self.settings, self.network.backbone.stride
        count = course.maps.shape[1]
        maps = course.maps.flatten(0, 1)
        distance = distance_map(places[:, 1:].flatten(0, 1), maps.shape[-1], stride)
        logistic = balanced_logistic if s.logistic_loss == BALANCED else plain_logistic
        parts = {
            'logistic': count * logistic(maps, distance, s.radius),
            'place': count * place_entropy(maps, distance, s.radius / 2),
        }
        return parts['logistic'] + s.place_weight * parts['place'], parts

    @torch.no_grad()
    def measure(self, network: DSiam, batches: Sequence[ClipBatch]) -> dict[str, float]:
        """Held-out loss, share of results within two cells of the target, and of successes."""
        network.eval()
        totals, hits, successes = [], [], []
        for batch in batches:
            course = Unrolled(network, self.tracker)(batch.searches)
            totals.append(float(self.losses(course, batch.places)[0]))
            apart = (course.places - batch.places[:, 1:]).abs().sum(dim=2)
            hits.append((apart <= 2.0 * network.backbone.stride).float())
            successes.append(course.successes.float())
        return {
            'held_out_loss': sum(totals) / len(totals),
            'held_out_hit': float(torch.cat(hits).mean()),
            'held_out_successes': float(torch.cat(successes).mean()),
        }

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        s = self.settings
        return s.rate * cosine(step, s.steps, s.warmup)

    def groups(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """What DSiam adds at the whole rate, what SiamFC has at a share of it."""
        parts: tuple[list[nn.Parameter], list[nn.Parameter]] = ([], [])
        for name, parameter in self.network.named_parameters():
            parts[name not in OWN].append(parameter)
        return [(parts[0], 1.0), (parts[1], self.settings.feature_rate)]

    def prepare(self, step: int) -> bool:
        """See `Objective.prepare`."""
        self.network.eval()
        return False

    def facts(self) -> dict[str, object]:
        """What was followed with."""
        return {'tracker': self.tracker.to_dict()}
