# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which anchors a region proposal network learns from, and as what.

SiamRPN++ takes this from SiamRPN; C-RPN (section 3.3) labels the refined anchors of each stage in
the same way. For pairs without the target, what is done is published code's (pysot).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import UserError
from ..models.anchors import overlaps
from ..settings import Settings, setting

TOTAL, FIXED = 'total', 'fixed'


@dataclass(frozen=True)
class LabelSettings(Settings):
    """Thresholds and numbers of the anchors that count."""

    positive_overlap: float = setting(
        0.6,
        'overlap (IoU) with the target above which an anchor is positive',
        low=0.0,
        high=1.0,
        symbol='tau_pos',
        source='SiamRPN; C-RPN 3.3',
    )
    negative_overlap: float = setting(
        0.3,
        'overlap (IoU) with the target below which an anchor is negative',
        low=0.0,
        high=1.0,
        symbol='tau_neg',
        source='SiamRPN; C-RPN 3.3',
    )
    positives: int = setting(
        16, 'positive anchors of a pair at most', low=1, high=4096, source='SiamRPN'
    )
    samples: int = setting(
        64, 'anchors of a pair at most', low=2, high=4096, source='SiamRPN; C-RPN 3.3'
    )
    negatives: str = setting(
        TOTAL,
        'negative anchors of a pair at most: --samples without the positive ones that were drawn '
        f'({TOTAL}), or without --positives, however few were drawn ({FIXED})',
        choices=(TOTAL, FIXED),
        source=f'{TOTAL}: SiamRPN, C-RPN 3.3; {FIXED}: code',
    )
    absent_samples: int = setting(
        16,
        'anchors of a pair without the target, all negative',
        low=1,
        high=4096,
        source='code',
    )
    absent_reach: int = setting(
        3,
        'in a pair without the target: how far the anchors that count are at most from the object '
        'that is there instead',
        unit='cells',
        low=0,
        high=100,
        source='code',
    )

    def check_together(self) -> None:
        """Refuse thresholds and numbers that cross."""
        super().check_together()
        for low, high in (('negative_overlap', 'positive_overlap'), ('positives', 'samples')):
            if getattr(self, low) > getattr(self, high):
                raise UserError(
                    f'{low} is {getattr(self, low)}: expected at most {high} '
                    f'({getattr(self, high)})'
                )


@dataclass(frozen=True)
class Labels:
    """The anchors that count; all others are ignored.

    Attributes
    ----------
    positive, negative : Tensor
        (N, k, M, M) bool.
    """

    positive: Tensor
    negative: Tensor


def label(
    anchors: Tensor,
    boxes: Tensor,
    present: Tensor,
    stride: int,
    settings: LabelSettings,
    generator: torch.Generator | None = None,
    kept: Tensor | None = None,
) -> Labels:
    """Draw the anchors that count for each pair.

    Parameters
    ----------
    anchors : Tensor
        (4, k, M, M), or (N, 4, k, M, M) where each pair has its own: those that C-RPN refined.
    boxes : Tensor
        (N, 4) the object in each search crop, in pixels from its middle.
    present : Tensor
        (N,) bool: whether this object is the target; else nothing in the crop is.
    stride : int
        Pixels of the search crop between two cells.
    settings : LabelSettings
    generator : torch.Generator, optional
        Source of the choice where there are too many; torch's own by default.
    kept : Tensor, optional
        (N, k, M, M) bool: the anchors that may count, where C-RPN has removed some; all by
        default.
    """
    s = settings
    overlap = overlaps(anchors, boxes)
    here = present.view(-1, 1, 1, 1)
    allowed = torch.ones_like(overlap, dtype=torch.bool) if kept is None else kept
    positive = draw(allowed & here & (overlap > s.positive_overlap), s.positives, generator)
    if s.negatives == TOTAL:
        left = s.samples - positive.flatten(1).sum(dim=1)
    else:
        left = torch.full_like(present, s.samples - s.positives, dtype=torch.long)
    near = around(boxes, overlap.shape[-1], stride, s.absent_reach).unsqueeze(1)
    candidates = torch.where(here, overlap < s.negative_overlap, near)
    negative = draw(allowed & candidates, left.where(present, s.absent_samples), generator)
    return Labels(positive, negative)


def draw(
    candidates: Tensor, count: int | Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Choose some of each row's candidates at random, at most `count`; all rows at once.

    Parameters
    ----------
    candidates : Tensor
        (N, ...) bool.
    count : int or Tensor
        For all rows, or (N,) for each.
    generator : torch.Generator, optional

    Returns
    -------
    Tensor
        (N, ...) bool.
    """
    flat = candidates.flatten(1)
    keys = torch.rand(flat.shape, generator=generator, device=flat.device)
    # Candidates come first, in random order.
    order = keys.masked_fill_(~flat, 2.0).argsort(dim=1)
    wanted = torch.as_tensor(count, device=flat.device).view(-1, 1)
    first = torch.arange(flat.shape[1], device=flat.device) < wanted
    chosen = torch.zeros_like(flat).scatter_(1, order, first.expand_as(flat))
    return (chosen & flat).view_as(candidates)


def around(boxes: Tensor, cells: int, stride: int, reach: int) -> Tensor:
    """Cells around the one that is nearest to each box's centre, in a square block.

    Parameters
    ----------
    boxes : Tensor
        (N, 4), in pixels from the middle of the search crop.
    cells : int
        Cells along a side of the map, M.
    stride : int
        Pixels of the search crop between two cells.
    reach : int
        Cells from the middle of the block to its rim.

    Returns
    -------
    Tensor
        (N, M, M) bool; no cell of a box that is far outside the map.
    """
    nearest = (boxes[:, :2] / stride + (cells - 1) / 2).round()
    index = torch.arange(cells, device=boxes.device)
    x, y = ((index - nearest[:, None, axis]).abs() <= reach for axis in (0, 1))
    return y.unsqueeze(2) & x.unsqueeze(1)
