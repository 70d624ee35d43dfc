# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What region proposal networks learn: SiamRPN++ (section 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..models.anchors import decode, encode, overlaps
from ..models.rpn import BACKGROUND, TARGET, ProposalMaps
from ..models.siamrpnpp import SiamRPN
from ..settings import setting
from .fit import FitSettings
from .objective import Objective
from .proposal_labels import LabelSettings, label
from .proposal_losses import LossSettings, box_loss, class_loss
from .scenes import Batch
from .schedules import cosine, logarithmic

LOGARITHMIC, COSINE = 'logarithmic', 'cosine'


@dataclass(frozen=True)
class ProposalSettings(LabelSettings, LossSettings, FitSettings):
    """How a network learns to propose boxes."""

    optimiser: str = setting(
        'sgd',
        'AdamW, or gradient descent with a momentum of 0.9',
        choices=('adamw', 'sgd'),
        source='SiamRPN++ 4.2',
    )
    rate: float = setting(
        0.005, 'highest learning rate', low=0.0, high=1.0, source='SiamRPN++ 4.2'
    )
    schedule: str = setting(
        LOGARITHMIC,
        f'how the rate changes: by equal factors in equal times ({LOGARITHMIC}), or along a line '
        f'up from 0 and a cosine down to 1 % ({COSINE})',
        choices=(LOGARITHMIC, COSINE),
        source=f'{LOGARITHMIC}: SiamRPN++ 4.2; {COSINE}: own',
    )
    warmup: float = setting(
        0.25,
        'share of the steps in which the rate rises',
        low=0.0,
        high=1.0,
        source='SiamRPN++ 4.2: 5 epochs of 20',
    )
    rise_from: float = setting(
        0.2,
        f'share of the highest rate at the first step ({LOGARITHMIC})',
        low=1e-6,
        high=1.0,
        source='SiamRPN++ 4.2: 0.001 of 0.005',
    )
    fall_to: float = setting(
        0.1,
        f'share of the highest rate at the last step ({LOGARITHMIC})',
        low=1e-6,
        high=1.0,
        source='SiamRPN++ 4.2: 0.0005 of 0.005',
    )
    backbone_frozen: float = setting(
        0.25,
        'share of the steps in which the backbone does not learn',
        low=0.0,
        high=1.0,
        source='SiamRPN++ 4.2: 5 epochs of 20; code: 10',
    )
    backbone_rate: float = setting(
        0.1,
        'share of the rate with which the backbone learns afterwards',
        low=0.0,
        high=1.0,
        source='SiamRPN++ 3.2',
    )
    decay: float = setting(
        5e-4, 'weight decay', low=0.0, high=1.0, source='SiamRPN++ 4.2; code: 0.0001'
    )
    clip: float = setting(10.0, 'largest norm of the gradient', low=0.0, source='code')
    search_size: int = setting(
        255,
        'side of the search crop in training',
        unit='px',
        low=143,
        high=511,
        source='SiamRPN++ 4.1',
    )
    absent: float = setting(
        0.2,
        'share of the pairs whose exemplar is of another object',
        low=0.0,
        high=1.0,
        source='DaSiamRPN; code',
    )


class ProposalObjective(Objective[SiamRPN]):
    """Anchors that overlap the target are told from others, and regressed to its box.

    Parameters
    ----------
    network : SiamRPN
    settings : ProposalSettings
    """

    columns = (
        'class',
        'box',
        'held_out_loss',
        'held_out_class',
        'held_out_box',
        'held_out_iou',
        'held_out_auroc',
    )
    headline = 'held_out_iou'

    def __init__(self, network: SiamRPN, settings: ProposalSettings) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.frozen = False

    def forward(
        self, exemplars: Tensor, searches: Tensor, boxes: Tensor, foreign: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of a batch's losses, and each of them."""
        whose, present = partners(foreign, self.settings.absent)
        maps = self.network.search(self.network.template(exemplars[whose]), searches)
        return self.losses(maps, boxes, present)

    def losses(
        self,
        maps: ProposalMaps,
        boxes: Tensor,
        present: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses of maps that a network made.

        Parameters
        ----------
        maps : ProposalMaps
        boxes : Tensor
            (N, 4) the object in each search crop.
        present : Tensor
            (N,) bool: whether it is the target.
        generator : torch.Generator, optional
            Draws the anchors that count.
        """
        s, shapes = self.settings, self.network.anchors
        classes, deltas = maps.classes.float(), maps.deltas.float()
        anchors = shapes.grid(classes.shape[-1], classes.device)
        labels = label(anchors, boxes, present, shapes.stride, s, generator)
        wanted = encode(anchors, boxes[:, :, None, None, None])
        parts = {
            'class': class_loss(classes, labels, s.class_loss),
            'box': box_loss(deltas, wanted, labels.positive, s.box_loss, s.smooth_below),
        }
        return parts['class'] + s.box_weight * parts['box'], parts

    @torch.no_grad()
    def measure(self, network: SiamRPN, batches: Sequence[Batch]) -> dict[str, float]:
        """Held-out losses, overlap of the best proposals with the target, AUROC of presence."""
        network.eval()
        rows, best, present, absent = [], [], [], []
        for batch in batches:
            generator = torch.Generator(batch.boxes.device).manual_seed(self.settings.seed)
            maps = network.search(network.template(batch.exemplars), batch.searches)
            here = torch.ones_like(batch.foreign[0])
            total, parts = self.losses(maps, batch.boxes, here, generator)
            rows.append([float(total), float(parts['class']), float(parts['box'])])
            score, overlap = self._proposed(maps, batch.boxes)
            present.append(score)
            best.append(overlap)
            whose, own = partners(batch.foreign, 1.0, generator)
            maps = network.search(network.template(batch.exemplars[whose]), batch.searches)
            score, _ = self._proposed(maps, batch.boxes)
            absent.append(score[~own])
        total_, class_, box_ = torch.tensor(rows).mean(dim=0).tolist()
        p, a = torch.cat(present), torch.cat(absent)
        return {
            'held_out_loss': total_,
            'held_out_class': class_,
            'held_out_box': box_,
            'held_out_iou': float(torch.cat(best).mean()),
            'held_out_auroc': float((p.view(-1, 1) > a.view(1, -1)).float().mean()),
        }

    def _proposed(self, maps: ProposalMaps, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Margin of the best anchor's score, and overlap of its proposal with the object: (N,)."""
        logits = maps.classes.float()
        margins = (logits[:, TARGET] - logits[:, BACKGROUND]).flatten(1)
        score, place = margins.max(dim=1, keepdim=True)
        anchors = self.network.anchors.grid(logits.shape[-1], logits.device)
        overlap = overlaps(decode(anchors, maps.deltas.float()), boxes).flatten(1)
        return score[:, 0], overlap.gather(1, place)[:, 0]

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        s = self.settings
        rise = round(s.warmup * s.steps)
        if s.schedule == COSINE:
            return s.rate * cosine(step, s.steps, rise)
        return s.rate * logarithmic(step, s.steps, rise, s.rise_from, s.fall_to)

    def groups(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """The heads at the whole rate, the backbone at a share of it (SiamRPN++, section 3.2)."""
        backbone = list(self.network.backbone.parameters())
        known = set(map(id, backbone))
        heads = [p for p in self.network.parameters() if id(p) not in known]
        return [(heads, 1.0), (backbone, self.settings.backbone_rate)]

    def prepare(self, step: int) -> bool:
        """Freeze the backbone at first, the statistics of its norms with it, and later no more."""
        frozen = step < round(self.settings.backbone_frozen * self.settings.steps)
        if frozen == self.frozen:
            return False
        self.frozen = frozen
        self.network.backbone.requires_grad_(not frozen).train(not frozen)
        return True


def partners(
    foreign: Tensor, share: float, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Choose the exemplars that search crops are compared with: some of other objects.

    Parameters
    ----------
    foreign : Tensor
        (N, N) bool, see `Batch`.
    share : float
        Share of search crops that get another's exemplar, where there is one that is absent.
    generator : torch.Generator, optional

    Returns
    -------
    whose : Tensor
        (N,) int64, the exemplar of each search crop.
    own : Tensor
        (N,) bool, whether it is its own, so that the target is present.
    """
    n, device = len(foreign), foreign.device
    keys = torch.rand(n, n + 1, generator=generator, device=device)
    other = keys[:, :n].masked_fill(~foreign, -1.0).argmax(dim=1)
    own = (keys[:, n] >= share) | ~foreign.any(dim=1)
    return torch.where(own, torch.arange(n, device=device), other), own
