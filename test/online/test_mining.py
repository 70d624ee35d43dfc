# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.classification import Head
from siam_tracker_ros.online.mining import hardest


def sums(weights):
    """A head for each weight, whose target logit is that weight times a sample's only number."""
    t = len(weights)
    last = torch.tensor([[[0.0], [w]] for w in weights])
    return Head(
        (torch.ones(t, 1, 1), torch.ones(t, 1, 1), last),
        (torch.full((t, 1), 100.0), torch.zeros(t, 1), torch.zeros(t, 2)),
    )


def test_the_highest_target_scores_are_picked():
    candidates = torch.tensor([3.0, -1.0, 7.0, 5.0, 0.0]).view(1, 5, 1)
    assert hardest(sums([1.0]), candidates, 2).flatten().tolist() == [7.0, 5.0]


def test_each_target_picks_by_its_own_head():
    candidates = torch.tensor([3.0, -1.0, 7.0, 5.0]).view(1, 4, 1).expand(2, -1, -1)
    picked = hardest(sums([1.0, -1.0]), candidates, 2)
    assert picked.squeeze(2).tolist() == [[7.0, 5.0], [-1.0, 3.0]]


def test_of_1024_candidates_the_96_hardest_of_mdnet():
    candidates = torch.randperm(1024).float().view(1, 1024, 1)
    picked = hardest(sums([1.0]), candidates, 96)
    assert sorted(picked.flatten().tolist()) == list(range(1024 - 96, 1024))


@pytest.mark.parametrize('count', [4, 9])
def test_too_few_candidates_are_all_taken(count):
    candidates = torch.rand(1, 4, 1)
    assert torch.equal(hardest(sums([1.0]), candidates, count), candidates)
