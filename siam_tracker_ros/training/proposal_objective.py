# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What region proposal networks learn: SiamRPN++ (section 4.2), and C-RPN (section 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
import math

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..models.anchors import COORDINATES, anchor_boxes, encode, overlaps
from ..models.crpn import CRPN
from ..models.refinement import StageOutput, cascade, proposals
from ..models.rpn import ProposalMaps
from ..models.siamrpnpp import SiamRPN
from ..settings import Scalar, Settings
from ..trackers.match_settings import CropSettings
from .comparing import comparing_layers
from .objective import Objective
from .proposal_labels import label
from .proposal_losses import box_loss, class_loss
from .proposal_settings import COSINE, LARGEST_SEARCH, ProposalSettings
from .scenes import Batch, ShiftSettings
from .schedules import cosine, logarithmic

EXEMPLAR = CropSettings.exemplar_size
"""Side of the usual exemplar crop, in pixels."""


class ProposalObjective(Objective[SiamRPN | CRPN, Batch]):
    """Anchors that overlap the target are told from others, and regressed to its box.

    Parameters
    ----------
    network : SiamRPN or CRPN
    settings : ProposalSettings
    tracker : mapping, optional
        Settings of the weights that training begins from: its crops are as theirs.
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

    def __init__(
        self,
        network: SiamRPN | CRPN,
        settings: ProposalSettings,
        tracker: Mapping[str, Scalar] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.rim = settings.crop_rim or _rim(tracker or {})
        self.frozen: bool | None = None
        self.fixed = first_layers(network.backbone, settings.frozen_layers)

    def check(self, scenes: Settings) -> None:
        """See `Objective.check`: beyond the outermost cells hardly any anchor is positive."""
        size = self.settings.search_size + 2 * self.rim
        if size > LARGEST_SEARCH:
            raise UserError(
                f'search_size is {self.settings.search_size}, and crops show {self.rim} px more '
                f'on each side: expected {LARGEST_SEARCH} px at most, both together'
            )
        within = reach(self.network, EXEMPLAR + 2 * self.rim, size)
        if isinstance(scenes, ShiftSettings) and scenes.shift > within:
            raise UserError(
                f'shift is {scenes.shift:g}: expected at most {within:g} px, which is how far '
                f'the anchors of this network lie from the middle of a search crop of {size} px; '
                'lower --shift, or raise --search-size'
            )

    def forward(
        self, exemplars: Tensor, searches: Tensor, boxes: Tensor, foreign: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum of a batch's losses, and each of them."""
        whose, present = partners(foreign, self.settings.absent)
        template = self.network.template(exemplars[whose])
        return self.losses(stages(self.network, template, searches), boxes, present)

    def losses(
        self,
        outputs: Sequence[StageOutput],
        boxes: Tensor,
        present: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses of all stages, summed (C-RPN, Eq. 7); SiamRPN++ has one.

        Parameters
        ----------
        outputs : sequence of StageOutput
        boxes : Tensor
            (N, 4) the object in each search crop.
        present : Tensor
            (N,) bool: whether it is the target.
        generator : torch.Generator, optional
            Draws the anchors that count.
        """
        s, stride = self.settings, self.network.stride
        class_, box_ = [], []
        for stage in outputs:
            classes, deltas = stage.maps.classes.float(), stage.maps.deltas.float()
            labels = label(stage.anchors, boxes, present, stride, s, generator, stage.kept)
            wanted = encode(stage.anchors, boxes[:, :, None, None, None])
            class_.append(class_loss(classes, labels, s.class_loss))
            box_.append(box_loss(deltas, wanted, labels.positive, s.box_loss, s.smooth_below))
        parts = {'class': torch.stack(class_).sum(), 'box': torch.stack(box_).sum()}
        return parts['class'] + s.box_weight * parts['box'], parts

    @torch.no_grad()
    def measure(self, network: SiamRPN | CRPN, batches: Sequence[Batch]) -> dict[str, float]:
        """Held-out losses, overlap of the best proposals with the target, AUROC of presence."""
        network.eval()
        rows: list[list[float]] = []
        overlap: list[Tensor] = []
        present: list[Tensor] = []
        absent: list[Tensor] = []
        for batch in batches:
            generator = torch.Generator(batch.boxes.device).manual_seed(self.settings.seed)
            template = network.template(batch.exemplars)
            outputs = stages(network, template, batch.searches)
            here = torch.ones_like(batch.foreign[0])
            total, parts = self.losses(outputs, batch.boxes, here, generator)
            rows.append([float(total), float(parts['class']), float(parts['box'])])
            score, shared = _best(network, outputs, batch)
            present.append(score)
            overlap.append(shared)
            whose, own = partners(batch.foreign, 1.0, generator)
            others = [kernel[whose] for kernel in template]
            score, _ = _best(network, stages(network, others, batch.searches), batch)
            absent.append(score[~own])
        total_, class_, box_ = torch.tensor(rows).mean(dim=0).tolist()
        p, a = torch.cat(present), torch.cat(absent)
        return {
            'held_out_loss': total_,
            'held_out_class': class_,
            'held_out_box': box_,
            'held_out_iou': float(torch.cat(overlap).mean()),
            'held_out_auroc': float((p.view(-1, 1) > a.view(1, -1)).float().mean()),
        }

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        s = self.settings
        rise = round(s.warmup * s.steps)
        if s.schedule == COSINE:
            return s.rate * cosine(step, s.steps, rise)
        return s.rate * logarithmic(step, s.steps, rise, s.rise_from, s.fall_to)

    def groups(self) -> list[tuple[Iterable[nn.Parameter], float]]:
        """The heads at the whole rate, the backbone at a share of it (SiamRPN++, section 3.2).

        So do layers that compare, where they have a share of their own.
        """
        s, network = self.settings, self.network
        backbone = list(network.backbone.parameters())
        fixed = {id(p) for layer in self.fixed for p in layer.parameters()}
        slow = [([p for p in backbone if id(p) not in fixed], s.backbone_rate)]
        if s.comparison_rate != 1:
            comparing = [p for layer in comparing_layers(network) for p in layer.parameters()]
            slow.append((comparing, s.comparison_rate))
        known = {id(p) for parameters, _ in slow for p in parameters} | set(map(id, backbone))
        heads = [p for p in network.parameters() if id(p) not in known]
        return [(heads, 1.0), *slow]

    def prepare(self, step: int) -> bool:
        """Freeze the backbone at first, the statistics of its norms with it, and later no more.

        Its first layers stay frozen.
        """
        frozen = step < round(self.settings.backbone_frozen * self.settings.steps)
        if frozen == self.frozen:
            return False
        self.frozen = frozen
        self.network.backbone.requires_grad_(not frozen).train(not frozen)
        for layer in self.fixed:
            layer.requires_grad_(False).eval()
        return True


def _rim(tracker: Mapping[str, Scalar]) -> int:
    """What the crops of weights show more than the usual ones, by their settings.

    Raises
    ------
    UserError
        No number of cells.
    """
    known = CropSettings().to_dict()
    size = CropSettings.from_dict({k: v for k, v in tracker.items() if k in known}).exemplar_size
    if size < EXEMPLAR or (size - EXEMPLAR) % 16:
        raise UserError(
            f'the weights say exemplar_size {size}: expected {EXEMPLAR}, or a multiple of 16 more '
            'as --crop-rim makes; choose other weights to begin from'
        )
    return (size - EXEMPLAR) // 2


def first_layers(backbone: nn.Module, convolutions: int) -> list[nn.Module]:
    """Layers of a backbone up to one of its convolutions, and the norms that follow that.

    Parameters
    ----------
    backbone : Module
        Its layers are registered in the order from the image on.
    convolutions : int
        How many convolutions are among them, if it has as many.
    """
    layers, count = [], 0
    for layer in backbone.modules():
        count += isinstance(layer, nn.Conv2d)
        if count > convolutions:
            break
        if next(layer.children(), None) is None:
            layers.append(layer)
    return layers


def stages(
    network: SiamRPN | CRPN, template: Sequence[Tensor], searches: Tensor
) -> Sequence[StageOutput]:
    """Outputs of all stages of C-RPN; SiamRPN++ is its one stage on anchors that nobody refined.

    Parameters
    ----------
    network : SiamRPN or CRPN
    template : sequence of Tensor
        Of the network's ``template``.
    searches : Tensor
        Those of a `Batch`.
    """
    found = network.search(template, searches)
    if not isinstance(found, ProposalMaps):
        return found
    anchors = anchor_boxes(network.anchors, found.classes.shape[-1], found.classes.device)
    return cascade([found], anchors, theta=1.0)


@torch.no_grad()
def reach(network: SiamRPN | CRPN, exemplar_size: int, search_size: int) -> float:
    """How far the outermost anchors lie from the middle of the search crop, in pixels."""
    learning, device = network.training, next(network.parameters()).device
    exemplar, search = (
        torch.zeros(1, 3, side, side, device=device) for side in (exemplar_size, search_size)
    )
    network.eval()
    first = stages(network, network.template(exemplar), search)[0]
    network.train(learning)
    return float(first.anchors.select(COORDINATES, 0).max())


def _best(
    network: SiamRPN | CRPN, outputs: Sequence[StageOutput], batch: Batch
) -> tuple[Tensor, Tensor]:
    """Logit of each pair's best proposal, and its overlap with the object: (N,) each.

    Where several are as good, as all anchors of a cell are to layers that only compare, it is
    their mean overlap.
    """
    # SiamRPN++ removes none of its proposals, and a theta of 1 does neither.
    found = proposals(outputs, network.theta if isinstance(network, CRPN) else 1.0)
    logits = found.logits.masked_fill(~found.kept, -math.inf).flatten(1)
    score = logits.amax(dim=1)
    best = (logits == score[:, None]).float()
    overlap = overlaps(found.boxes, batch.boxes).flatten(1)
    return score, (overlap * best).sum(dim=1) / best.sum(dim=1)


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
