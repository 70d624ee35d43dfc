# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from siam_tracker_ros.training.proposal_labels import Labels
from siam_tracker_ros.training.proposal_losses import box_loss, class_loss

SHAPE = (2, 1, 3, 3)


def labels(positive, negative):
    """Labels of two pairs, one anchor at 3 x 3 cells, by the flat indices of what counts."""
    masks = [torch.zeros(SHAPE, dtype=torch.bool) for _ in range(2)]
    for mask, indices in zip(masks, (positive, negative)):
        mask.view(-1)[indices] = True
    return Labels(*masks)


def logits(margin):
    """Two classes whose difference is `margin`, (N, k, M, M)."""
    return torch.stack([torch.full_like(margin, 0.7), margin + 0.7], dim=1)


@pytest.mark.parametrize(
    ('kind', 'expected'),
    [
        # Two positives at margin 2 and 0, three negatives at margin 1.
        ('balanced', 0.25 * (math.log1p(math.exp(-2)) + math.log(2))
         + 0.5 * math.log1p(math.exp(1))),
        ('plain', 0.2 * (math.log1p(math.exp(-2)) + math.log(2) + 3 * math.log1p(math.exp(1)))),
    ],
)  # fmt: skip
def test_the_class_loss_is_the_cross_entropy_of_what_counts(kind, expected):
    margin = torch.full(SHAPE, 50.0)
    margin.view(-1)[[0, 1, 4, 9, 17]] = torch.tensor([2.0, 0.0, 1.0, 1.0, 1.0])
    loss = class_loss(logits(margin), labels([0, 1], [4, 9, 17]), kind)
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize('kind', ['balanced', 'plain'])
def test_only_what_counts_has_a_gradient(kind):
    margin = torch.zeros(SHAPE, requires_grad=True)
    class_loss(logits(margin), labels([0], [4, 9]), kind).backward()
    flat = margin.grad.view(-1)
    share = {'balanced': (0.5, 0.25), 'plain': (1 / 3, 1 / 3)}[kind]
    # Of the logistic loss at 0 it is a half, down where the anchor is positive.
    assert flat[[0, 4, 9]].tolist() == pytest.approx([-share[0] / 2, share[1] / 2, share[1] / 2])
    assert int((flat != 0).sum()) == 3


@pytest.mark.parametrize('kind', ['balanced', 'plain'])
@pytest.mark.parametrize(('positive', 'negative'), [([], []), ([3], []), ([], [3])])
def test_a_class_without_anchors_is_no_fault(kind, positive, negative):
    margin = torch.zeros(SHAPE, requires_grad=True)
    loss = class_loss(logits(margin), labels(positive, negative), kind)
    loss.backward()
    whole = 0.5 if kind == 'balanced' else 1.0
    expected = whole * math.log(2) if positive or negative else 0.0
    assert float(loss.detach()) == pytest.approx(expected)
    assert margin.grad.isfinite().all()


def deltas(*rows):
    """(2, 4, 1, 3, 3) that is 0 but in the first cells of the first pair."""
    out = torch.zeros(2, 4, 1, 3, 3)
    for cell, row in enumerate(rows):
        out[0, :, 0, 0, cell] = torch.tensor(row)
    return out


@pytest.mark.parametrize(
    ('kind', 'below', 'expected'),
    [
        # Means over the two positives of each pair's sums, then over two pairs.
        ('l1', 1.0, (0.5 + 2.0 + 1.0) / 2 / 2),
        ('smooth-l1', 1.0, (0.5 * 0.5**2 + (2.0 - 0.5) + 0.5 * 1.0**2) / 2 / 2),
        # Faster R-CNN's sigma of 3.
        ('smooth-l1', 1 / 9, (0.5 + 2.0 + 1.0 - 3 / 18) / 2 / 2),
    ],
)
def test_the_box_loss_is_a_mean_over_the_positives_of_each_pair(kind, below, expected):
    found = deltas([0.5, 0.0, -2.0, 0.0], [0.0, 1.0, 0.0, 0.0], [9.0, 9.0, 9.0, 9.0])
    positive = labels([0, 1], []).positive
    loss = box_loss(found, torch.zeros_like(found), positive, kind, below)
    assert float(loss) == pytest.approx(expected)


@pytest.mark.parametrize('kind', ['l1', 'smooth-l1'])
def test_many_positives_weigh_as_much_as_one(kind):
    found = torch.full((2, 4, 1, 3, 3), 2.0)
    one, many = (
        box_loss(found, torch.zeros_like(found), labels(indices, []).positive, kind)
        for indices in ([0, 9], list(range(17)))
    )
    assert float(one) == pytest.approx(float(many))


@pytest.mark.parametrize('kind', ['l1', 'smooth-l1'])
def test_without_positives_the_box_loss_is_nothing(kind):
    found = torch.randn(2, 4, 1, 3, 3, requires_grad=True)
    # A refined anchor without a size.
    wanted = torch.full_like(found, math.inf)
    loss = box_loss(found, wanted, labels([], []).positive, kind)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert found.grad.tolist() == torch.zeros_like(found).tolist()


def test_only_positives_are_pulled_to_the_box():
    found = torch.ones(2, 4, 1, 3, 3, requires_grad=True)
    box_loss(found, torch.zeros_like(found), labels([4], []).positive, 'l1').backward()
    assert found.grad[0, :, 0, 1, 1].tolist() == [0.5] * 4
    assert int((found.grad != 0).sum()) == 4
