# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing one of the proposals."""

import math

import pytest
import torch

from siam_tracker_ros.models.proposing import Proposals
from siam_tracker_ros.models.windows import hann_window
from siam_tracker_ros.trackers.locate import peak_to_sidelobe
from siam_tracker_ros.trackers.proposals import candidates, choose, steadiness

CELLS, SIZES = 9, torch.tensor([[64.0, 32.0]])


def proposals(*found, anchors=2):
    """All of logit -6 and as the target was, but for some (anchor, row, column, logit, box)."""
    logits = torch.full((1, anchors, CELLS, CELLS), -6.0)
    boxes = torch.tensor([0.0, 0.0, 64.0, 32.0]).view(1, 4, 1, 1, 1)
    boxes = boxes.repeat(1, 1, anchors, CELLS, CELLS)
    for anchor, row, column, logit, box in found:
        logits[0, anchor, row, column] = logit
        boxes[0, :, anchor, row, column] = torch.tensor(box)
    return Proposals(logits, boxes, torch.ones_like(logits, dtype=torch.bool))


@pytest.mark.parametrize(
    ('box', 'changes'),
    [
        ((64.0, 32.0), 1.0),
        # Twice as large: s doubles, r stays; and half as large is the same change.
        ((128.0, 64.0), 2.0),
        ((32.0, 16.0), 2.0),
        # Turned by a quarter: s stays, r goes from 2 to 1/2.
        ((32.0, 64.0), 4.0),
    ],
)
def test_steadiness_is_the_papers_penalty(box, changes):
    boxes = torch.tensor([0.0, 0.0, *box]).view(1, 4, 1, 1, 1)
    found = steadiness(boxes, SIZES, 0.3)
    assert found.shape == (1, 1, 1, 1)
    assert float(found) == pytest.approx(math.exp(-0.3 * (changes - 1.0)), rel=1e-5)


def test_the_window_is_a_hann_window():
    expected = [0.5 - 0.5 * math.cos(2 * math.pi * k / 8) for k in range(9)]
    window = hann_window(9, 9, torch.device('cpu'))
    torch.testing.assert_close(window[4], torch.tensor(expected))
    assert float(window[4, 4]) == 1.0
    assert not window[0].any()


def test_the_highest_score_is_chosen_with_all_that_belongs_to_it():
    box = (10.0, -20.0, 60.0, 36.0)
    given = proposals((1, 2, 6, 3.0, box), (0, 7, 1, 2.0, (0.0, 0.0, 64.0, 32.0)))
    choice = choose(given, SIZES, 0.05, 0.0)
    assert choice.boxes.tolist() == [list(box)]
    assert choice.logits.tolist() == [3.0]
    torch.testing.assert_close(choice.maps, given.logits.amax(dim=1))
    expected = peak_to_sidelobe(
        choice.maps, torch.tensor([2]), torch.tensor([6]), torch.tensor([3.0])
    )
    torch.testing.assert_close(choice.sharpness, expected)
    one = torch.tensor(box).view(1, 4, 1, 1, 1)
    torch.testing.assert_close(choice.steadiness, steadiness(one, SIZES, 0.05).flatten())


@pytest.mark.parametrize(
    ('penalty', 'influence', 'chosen'), [(0.0, 0.0, 0), (0.5, 0.0, 1), (0.0, 0.4, 2)]
)
def test_penalty_and_window_rank_again(penalty, influence, chosen):
    found = [
        # The best score, but twice as large and at the rim.
        (0, 0, 4, 3.0, (0.0, -32.0, 128.0, 64.0)),
        # As large as before.
        (1, 0, 1, 2.5, (-24.0, -32.0, 64.0, 32.0)),
        # In the middle, and larger.
        (1, 4, 4, 2.0, (0.0, 0.0, 120.0, 60.0)),
    ]
    choice = choose(proposals(*found), SIZES, penalty, influence)
    assert choice.boxes.tolist() == [list(found[chosen][4])]
    # The score that is reported is the network's own.
    assert choice.logits.tolist() == [found[chosen][3]]


def test_targets_do_not_touch_each_other():
    a = proposals((0, 3, 3, 2.0, (1.0, 2.0, 60.0, 30.0)))
    b = proposals((1, 5, 5, 1.0, (3.0, 4.0, 70.0, 40.0)))
    sizes = torch.cat([SIZES, SIZES * 2])
    pairs = ((a.logits, b.logits), (a.boxes, b.boxes), (a.kept, b.kept))
    both = choose(Proposals(*map(torch.cat, pairs)), sizes, 0.2, 0.3)
    for k, one in enumerate((a, b)):
        alone = choose(one, sizes[k : k + 1], 0.2, 0.3)
        for mine, of_both in zip(alone, both):
            assert torch.equal(mine[0], of_both[k])


@pytest.mark.parametrize('kept', [True, False])
def test_what_was_removed_is_never_chosen(kept):
    # The best score, in the middle and as large as before.
    best = (0, 4, 4, 6.0, (0.0, 0.0, 64.0, 32.0))
    other = (1, 1, 7, -5.0, (24.0, -24.0, 32.0, 32.0))
    given = proposals(best, other)
    given.kept[:] = False
    given.kept[0, 0, 4, 4] = kept
    given.kept[0, 1, 1, 7] = True
    choice = choose(given, SIZES, 0.5, 0.4)
    assert choice.boxes.tolist() == [list((best if kept else other)[4])]
    assert choice.logits.tolist() == [6.0 if kept else -5.0]


@pytest.mark.parametrize('kept', [True, False])
def test_a_nan_anywhere_in_a_map_shows(kept):
    given = proposals((0, 3, 3, 2.0, (1.0, 2.0, 60.0, 30.0)))
    given.logits[0, 1, 8, 8] = math.nan
    given.kept[0, 1, 8, 8] = kept
    choice = choose(given, SIZES, 0.05, 0.4)
    assert choice.logits.isnan().all()
    assert choice.sharpness.isnan().all()


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_a_box_that_is_none_shows(value):
    given = proposals((0, 3, 3, 9.0, (value, 2.0, 64.0, 32.0)))
    assert choose(given, SIZES, 0.05, 0.0).logits.isnan().all()
    # A NaN among the sizes is chosen whatever its score is.
    given = proposals((0, 3, 3, -9.0, (0.0, 0.0, 64.0, math.nan)))
    assert choose(given, SIZES, 0.05, 0.4).logits.isnan().all()


@pytest.mark.parametrize('side', [math.inf, 3e38, 1e-40])
def test_a_wild_box_beside_the_best_one_changes_nothing(side):
    best = (0, 3, 3, 9.0, (1.0, 2.0, 64.0, 32.0))
    for wild in ((0.0, 0.0, side, 32.0), (0.0, 0.0, 64.0, side)):
        choice = choose(proposals(best, (1, 7, 7, -9.0, wild)), SIZES, 0.0, 0.4)
        assert choice.boxes.tolist() == [list(best[4])]
        assert choice.logits.tolist() == [9.0]
        assert choice.steadiness.tolist() == [1.0]


def test_a_steadiness_that_is_none_shows():
    given = proposals((0, 3, 3, 9.0, (1.0, 2.0, 0.0, 0.0)))
    choice = choose(given, SIZES, 0.05, 0.4)
    assert choice.logits.isnan().all()
    assert choice.sharpness.isnan().all()


def test_where_all_is_alike_the_window_chooses_the_middle():
    given = proposals()
    given.boxes[0, 0] = (torch.arange(CELLS) - 4.0).view(1, 1, -1)
    given.boxes[0, 1] = (torch.arange(CELLS) - 4.0).view(1, -1, 1)
    assert choose(given, SIZES, 0.05, 0.4).boxes.tolist() == [[0.0, 0.0, 64.0, 32.0]]


def few(given, count=5, share=0.5, overlap=0.5, penalty=0.0, influence=0.0, sizes=SIZES):
    """Boxes and logits of the first target's candidates."""
    found = candidates(given, sizes, penalty, influence, count, share, overlap)
    assert len(found) == count
    return [
        (choice.boxes[0].tolist(), float(choice.logits[0]))
        for choice in found
        if choice.logits[0].isfinite()
    ]


# Four places that do not overlap, from the best to the worst.
APART = [
    (0, 1, 1, 3.0, (-24.0, -48.0, 30.0, 30.0)),
    (1, 1, 7, 2.0, (24.0, -48.0, 30.0, 30.0)),
    (0, 7, 1, 1.0, (-24.0, 48.0, 30.0, 30.0)),
    (1, 7, 7, 0.5, (24.0, 48.0, 30.0, 30.0)),
]


@pytest.mark.parametrize(('count', 'share', 'left'), [
    (5, 0.5, 4), (3, 0.5, 3), (1, 0.5, 1),
    # Probabilities are 0.953, 0.881, 0.731 and 0.622.
    (5, 0.66, 3), (5, 0.8, 2), (5, 1.0, 1),
])  # fmt: skip
def test_candidates_are_at_most_so_many_and_nearly_as_likely(count, share, left):
    found = few(proposals(*APART[::-1]), count, share)
    assert found == [(list(box), logit) for *_, logit, box in APART[:left]]


def test_candidates_do_not_overlap():
    # Two thirds of the second one lie in the first, and half of the third.
    boxes = [(0.0, 0.0, 30.0, 30.0), (10.0, 0.0, 30.0, 30.0), (-15.0, 0.0, 30.0, 30.0)]
    given = proposals(*((0, 4, 3 + k, 3.0 - k / 10, box) for k, box in enumerate(boxes)))
    assert [box for box, _ in few(given, overlap=0.6)] == [list(boxes[0]), list(boxes[2])]
    assert [box for box, _ in few(given, overlap=0.3)] == [list(boxes[0])]
    assert [box for box, _ in few(given, overlap=0.7)] == [list(box) for box in boxes]
    # Even where all may overlap none is there twice.
    assert len(few(given, overlap=1.0)) == 3


def test_a_part_of_a_candidate_is_no_other_one():
    # Its overlap by IoU is 0.11 only.
    boxes = [(0.0, 0.0, 60.0, 60.0), (8.0, 0.0, 20.0, 20.0)]
    for whole, part in (boxes, boxes[::-1]):
        given = proposals((0, 4, 3, 3.0, whole), (0, 4, 4, 2.9, part))
        assert [box for box, _ in few(given, overlap=0.9)] == [list(whole)]


@pytest.mark.parametrize(('penalty', 'influence'), [(0.0, 0.0), (0.3, 0.0), (0.05, 0.42)])
def test_the_first_candidate_is_the_one_that_is_chosen(penalty, influence):
    torch.manual_seed(2)
    logits = torch.randn(3, 2, CELLS, CELLS)
    boxes = torch.rand(3, 4, 2, CELLS, CELLS) * 40 + 20
    given = Proposals(logits, boxes, torch.rand_like(logits) > 0.3)
    sizes = torch.rand(3, 2) * 40 + 20
    first, *others = candidates(given, sizes, penalty, influence, 4, 0.5, 0.3)
    choice = choose(given, sizes, penalty, influence)
    assert all(torch.equal(a, b) for a, b in zip(first, choice))
    for before, after in zip((first, *others), others):
        there = after.logits.isfinite()
        assert (after.rank <= before.rank)[there].all()
        assert (after.logits.sigmoid() >= 0.5 * first.logits.sigmoid())[there].all()


def test_what_was_removed_is_no_candidate():
    given = proposals(*APART)
    given.kept[:] = False
    given.kept[0, 0, 1, 1] = given.kept[0, 0, 7, 1] = True
    assert [logit for _, logit in few(given, share=0.0)] == [3.0, 1.0]


def test_a_map_with_a_nan_has_no_candidates():
    given = proposals(*APART)
    given.logits[0, 1, 8, 8] = math.nan
    assert few(given) == []


def test_a_wild_box_is_no_candidate():
    given = proposals(*APART[:2], (1, 4, 4, 2.9, (0.0, 0.0, math.inf, 30.0)))
    assert [logit for _, logit in few(given)] == [3.0, 2.0]
