# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the stages of C-RPN hand on."""

import math

import pytest
import torch

from siam_tracker_ros.models.anchors import Anchors, decode, encode
from siam_tracker_ros.models.refinement import cascade, proposals, refine, survivors
from siam_tracker_ros.models.rpn import ProposalMaps

K, CELLS, THETA = 5, 3, 0.95
GRID = Anchors().grid(CELLS)
# The logit whose negative confidence is theta.
EDGE = -math.log(THETA / (1 - THETA))


def maps_of(logits, deltas=None):
    """Maps of these logits (N, k, M, M); deltas of 0 where there are none."""
    # A softmax does not mind what is added to both.
    classes = torch.stack([torch.full_like(logits, 0.5), logits + 0.5], dim=1)
    if deltas is None:
        deltas = torch.zeros(len(logits), 4, *logits.shape[1:])
    return ProposalMaps(classes, deltas)


def some_maps(seed, n=2):
    torch.manual_seed(seed)
    return maps_of(torch.randn(n, K, CELLS, CELLS) * 3, torch.randn(n, 4, K, CELLS, CELLS) * 0.3)


def all_kept(n=2):
    return torch.ones(n, K, CELLS, CELLS, dtype=torch.bool)


def test_a_refinement_by_hand():
    # Eq. 6.
    anchor = torch.tensor([8.0, -16.0, 64.0, 32.0]).view(4, 1, 1, 1)
    deltas = torch.tensor([0.5, -0.25, math.log(2.0), math.log(0.5)]).view(1, 4, 1, 1, 1)
    wanted = [8 + 64 * 0.5, -16 - 32 * 0.25, 128.0, 16.0]
    torch.testing.assert_close(refine(anchor, deltas).flatten(), torch.tensor(wanted))


def test_a_refinement_is_bounded():
    deltas = torch.tensor([9.0, -9.0, 50.0, -50.0]).view(1, 4, 1, 1, 1)
    box = GRID[:, :1, :1, :1]
    for _ in range(3):
        before, box = box, refine(box, deltas)
        assert box.isfinite().all()
        w, h = (box / before).flatten()[2:]
        assert (float(w), float(h)) == pytest.approx((8.0, 1 / 8))
    inside = torch.rand(2, 4, K, CELLS, CELLS) * 4 - 2
    torch.testing.assert_close(refine(GRID, inside), decode(GRID, inside))


def test_boxes_of_half_precision_are_not_rounded():
    deltas = torch.randn(1, 4, K, CELLS, CELLS).half()
    assert refine(GRID, deltas).dtype == torch.float32


def test_what_is_surely_background_is_removed():
    logits = torch.randn(2, K, CELLS, CELLS) * 4
    negative = maps_of(logits).classes.softmax(dim=1)[:, 0]
    kept = survivors(all_kept(), logits, THETA)
    assert torch.equal(kept, negative <= THETA)
    assert kept.any()
    assert not kept.all()
    edge = torch.full((1, K, CELLS, CELLS), EDGE)
    edge[0, 0, 0, :2] += torch.tensor([0.01, -0.01])
    assert survivors(all_kept(1), edge, THETA)[0, 0, 0, :2].tolist() == [True, False]


def test_a_theta_of_1_removes_nothing():
    logits = torch.tensor([-1e30, -1e4, -100.0, 0.0, 100.0]).view(1, K, 1, 1)
    assert survivors(torch.ones_like(logits, dtype=torch.bool), logits, 1.0).all()


def test_what_was_removed_does_not_come_back():
    kept = all_kept()
    kept[:, 2] = False
    rest = survivors(kept, torch.full((2, K, CELLS, CELLS), 9.0), THETA)
    assert torch.equal(rest, kept)


def test_where_all_are_background_the_best_survives():
    logits = torch.full((2, K, CELLS, CELLS), -20.0)
    logits[0, 4, 1, 2], logits[0, 3, 0, 0], logits[1, 0, 2, 2] = -8.0, -9.0, 1.0
    kept = all_kept()
    rest = survivors(kept, logits, THETA)
    # Each target has its own best; the second one has a good one.
    assert rest.nonzero().tolist() == [[0, 4, 1, 2], [1, 0, 2, 2]]
    # The best among those that are left.
    kept[0, 4] = False
    assert survivors(kept, logits, THETA).nonzero().tolist() == [[0, 3, 0, 0], [1, 0, 2, 2]]


def test_what_is_no_number_is_not_removed():
    logits = torch.full((1, K, CELLS, CELLS), -20.0)
    logits[0, 1, 1, 1] = math.nan
    assert survivors(all_kept(1), logits, THETA).nonzero().tolist() == [[0, 1, 1, 1]]


def test_each_stage_begins_where_the_one_before_ends():
    maps = [some_maps(seed) for seed in range(3)]
    stages = cascade(maps, GRID, THETA)
    assert [stage.maps for stage in stages] == maps
    anchors, kept = GRID.expand(2, -1, -1, -1, -1), all_kept()
    for stage in stages:
        assert torch.equal(stage.anchors, anchors)
        assert torch.equal(stage.kept, kept)
        anchors = decode(stage.anchors, stage.maps.deltas)
        kept = kept & (stage.maps.classes.softmax(dim=1)[:, 0] <= THETA)
    found = proposals(stages, THETA)
    torch.testing.assert_close(found.boxes, anchors)
    assert torch.equal(found.kept, kept)
    assert len({int(stage.kept.sum()) for stage in stages} | {int(kept.sum())}) == 4


def test_what_a_regressor_leaves_the_next_one_finds():
    # Fig. 4: the first stage finds a third of the way, the second one finds the rest.
    box = torch.tensor([10.0, -5.0, 80.0, 60.0]).view(1, 4, 1, 1, 1)
    near = torch.zeros(1, K, CELLS, CELLS)
    first = encode(GRID, box) / 3
    second = encode(refine(GRID, first), box)
    found = proposals(cascade([maps_of(near, first), maps_of(near, second)], GRID, 1.0), 1.0)
    torch.testing.assert_close(found.boxes, box.expand_as(found.boxes), rtol=0, atol=1e-3)


def test_an_anchor_has_the_logit_of_the_last_stage_that_looked_at_it():
    logits = [torch.full((1, K, CELLS, CELLS), value) for value in (1.0, 2.0, 3.0)]
    logits[0][0, 0], logits[1][0, 1], logits[2][0, 2] = -5.0, -6.0, -7.0
    found = proposals(cascade([maps_of(each) for each in logits], GRID, THETA), THETA)
    assert found.logits[0, :, 1, 1].tolist() == [-5.0, -6.0, -7.0, 3.0, 3.0]
    assert found.kept[0, :, 1, 1].tolist() == [False, False, False, True, True]


@pytest.mark.parametrize('number', [0, 1, 2])
def test_a_nan_of_any_stage_shows(number):
    maps = [some_maps(seed) for seed in range(3)]
    maps[number].classes[1, 0, 3, 2, 0] = math.nan
    if number:
        # A stage says nothing about what an earlier one removed.
        for stage in maps[:number]:
            stage.classes[1, 1, 3, 2, 0] = 9.0
    found = proposals(cascade(maps, GRID, THETA), THETA)
    assert found.logits.isnan().nonzero().tolist() == [[1, 3, 2, 0]]
    assert found.kept[1, 3, 2, 0]


def test_no_gradient_flows_through_refined_anchors():
    maps = [some_maps(seed, 1) for seed in range(2)]
    for stage in maps:
        stage.deltas.requires_grad_()
    stages = cascade(maps, GRID, THETA)
    assert not stages[1].anchors.requires_grad
    boxes = decode(stages[1].anchors, stages[1].maps.deltas)
    boxes.sum().backward()
    assert maps[0].deltas.grad is None
    assert maps[1].deltas.grad.any()
