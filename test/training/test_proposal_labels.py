# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.anchors import Anchors
from siam_tracker_ros.training.proposal_labels import (
    FIXED,
    LabelSettings,
    around,
    draw,
    label,
)

ANCHORS = Anchors()
MANY = {'positives': 4000, 'samples': 4000, 'absent_samples': 4000}


def iou(a, b):
    shared = 1.0
    for axis in (0, 1):
        low = max(a[axis] - a[axis + 2] / 2, b[axis] - b[axis + 2] / 2)
        high = min(a[axis] + a[axis + 2] / 2, b[axis] + b[axis + 2] / 2)
        shared *= max(0.0, high - low)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def labelled(anchors, boxes, present=None, **values):
    boxes = torch.tensor(boxes)
    present = torch.ones(len(boxes), dtype=torch.bool) if present is None else present
    return label(anchors, boxes, present, 8, LabelSettings.from_dict(values))


@pytest.mark.parametrize('refined', [False, True])
def test_labels_are_those_of_a_loop(refined):
    boxes = [[0.0, 0.0, 64.0, 64.0], [20.0, -12.0, 40.0, 85.0], [-30.0, 28.0, 90.0, 33.0]]
    anchors = ANCHORS.grid(9)
    if refined:
        # C-RPN: anchors that the stage before has moved, others for each image.
        anchors = anchors + torch.randn(3, 4, 5, 9, 9)
    labels = labelled(anchors, boxes, **MANY)
    for n, box in enumerate(boxes):
        own = anchors[n] if refined else anchors
        for k in range(5):
            for i in range(9):
                for j in range(9):
                    overlap = iou(own[:, k, i, j].tolist(), box)
                    assert bool(labels.positive[n, k, i, j]) == (overlap > 0.6)
                    assert bool(labels.negative[n, k, i, j]) == (overlap < 0.3)
    assert labels.positive.flatten(1).any(dim=1).all()


def test_a_box_that_is_an_anchor_is_positive_there_and_in_its_shape():
    labels = labelled(ANCHORS.grid(17), [[16.0, -8.0, 64.0, 64.0]], **MANY)
    where = labels.positive[0].nonzero().tolist()
    assert [2, 7, 10] in where  # a square, a cell up and two to the right
    assert {shape for shape, _, _ in where} == {2}


def test_a_target_at_the_border_of_the_map_has_positive_anchors():
    # The last cell of a map of 17 lies at 64 px: the largest shift of spatial-aware sampling.
    corner = labelled(ANCHORS.grid(17), [[64.0, 64.0, 64.0, 64.0]], **MANY)
    assert bool(corner.positive[0, 2, 16, 16])
    middle = labelled(ANCHORS.grid(17), [[0.0, 0.0, 64.0, 64.0]], **MANY)
    assert int(corner.positive.sum()) < int(middle.positive.sum())


def test_a_tiny_target_has_no_positive_anchor_and_all_samples_are_negative():
    labels = labelled(ANCHORS.grid(17), [[0.0, 0.0, 10.0, 10.0]])
    assert int(labels.positive.sum()) == 0
    assert int(labels.negative.sum()) == 64


@pytest.mark.parametrize(('kind', 'negatives'), [('total', (16, 12)), (FIXED, (12, 12))])
def test_the_numbers_are_the_papers_or_the_codes(kind, negatives):
    # One pair without any positive anchor, one with more than enough.
    boxes = [[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 64.0, 64.0]]
    labels = labelled(ANCHORS.grid(17), boxes, negatives=kind, positives=4, samples=16)
    assert labels.positive.flatten(1).sum(dim=1).tolist() == [0, 4]
    assert tuple(labels.negative.flatten(1).sum(dim=1).tolist()) == negatives
    assert not (labels.positive & labels.negative).any()


def test_without_the_target_only_some_anchors_beside_what_is_there_are_negative():
    boxes = [[16.0, -8.0, 64.0, 64.0], [0.0, 0.0, 64.0, 64.0]]
    present = torch.tensor([False, True])
    labels = labelled(ANCHORS.grid(17), boxes, present)
    assert labels.positive.flatten(1).any(dim=1).tolist() == [False, True]
    assert (labels.positive | labels.negative).flatten(1).sum(dim=1).tolist() == [16, 64]
    rows, columns = labels.negative[0].nonzero()[:, 1:].unbind(dim=1)
    assert (rows - 7).abs().max() <= 3
    assert (columns - 10).abs().max() <= 3
    # All of the block, where there is no limit: 7 x 7 cells of 5 anchors.
    assert int(labelled(ANCHORS.grid(17), boxes, present, **MANY).negative[0].sum()) == 245


def test_what_a_stage_removed_does_not_count():
    boxes = torch.tensor([[0.0, 0.0, 64.0, 64.0], [0.0, 0.0, 64.0, 64.0]])
    kept = torch.zeros(2, 5, 17, 17, dtype=torch.bool)
    kept[:, 2, 8, 7:9] = kept[:, 0, 7, 8] = kept[:, 1, 0, 0] = True
    present = torch.tensor([True, False])
    settings = LabelSettings.from_dict(MANY)
    labels = label(ANCHORS.grid(17), boxes, present, 8, settings, kept=kept)
    assert labels.positive.nonzero().tolist() == [[0, 2, 8, 7], [0, 2, 8, 8]]
    # Where the target is not, all that is left beside what is there.
    assert labels.negative.nonzero().tolist() == [
        [0, 1, 0, 0], [1, 0, 7, 8], [1, 2, 8, 7], [1, 2, 8, 8]
    ]  # fmt: skip


def test_a_place_between_cells_goes_to_the_nearest_and_one_far_outside_to_none():
    boxes = torch.tensor([[3.0, 12.5, 1.0, 1.0], [900.0, 0.0, 1.0, 1.0]])
    block = around(boxes, 17, 8, 1)
    assert block[0].nonzero().tolist() == [[r, c] for r in (9, 10, 11) for c in (7, 8, 9)]
    assert not block[1].any()


def test_draws_take_candidates_only_each_as_often_as_any_other():
    candidates = torch.zeros(4000, 10, dtype=torch.bool)
    candidates[:, :5] = True
    chosen = draw(candidates, 2)
    assert (chosen.sum(dim=1) == 2).all()
    shares = chosen.float().mean(dim=0)
    assert shares[5:].tolist() == [0.0] * 5
    torch.testing.assert_close(shares[:5], torch.full((5,), 0.4), rtol=0, atol=0.04)


def test_every_row_has_its_own_number():
    candidates = torch.ones(3, 2, 4, dtype=torch.bool)
    candidates[2] = False
    chosen = draw(candidates, torch.tensor([0, 3, 8]))
    assert chosen.shape == candidates.shape
    assert chosen.flatten(1).sum(dim=1).tolist() == [0, 3, 0]


def test_the_seed_decides():
    candidates = torch.ones(2, 500, dtype=torch.bool)
    one, again, other = (
        draw(candidates, 9, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    'values', [{'negative_overlap': 0.7}, {'positives': 65}, {'samples': 8, 'positives': 9}]
)
def test_settings_that_cross_are_refused(values):
    with pytest.raises(UserError, match='expected at most'):
        LabelSettings.from_dict(values)
