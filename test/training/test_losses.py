# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from siam_tracker_ros.training.losses import (
    absent_peaks,
    balanced_logistic,
    disagreement,
    distance_map,
    place_entropy,
    plain_logistic,
)


def test_distances_are_l1_in_cells():
    centres = torch.tensor([[0.0, 0.0], [16.0, -8.0], [4.0, 0.0]])
    distance = distance_map(centres, 5, 8.0)
    for n in range(3):
        for i in range(5):
            for j in range(5):
                x, y = centres[n].tolist()
                expected = abs(j - 2 - x / 8) + abs(i - 2 - y / 8)
                assert float(distance[n, i, j]) == pytest.approx(expected)
    assert float(distance[0, 2, 2]) == 0.0
    assert float(distance[1, 1, 4]) == 0.0  # x is the column


def test_plain_logistic_is_equation_10():
    logits = torch.randn(2, 5, 5, dtype=torch.float64)
    distance = distance_map(torch.tensor([[0.0, 0.0], [8.0, -16.0]]), 5, 8.0)
    # J is 1 near the target and -1 elsewhere.
    labels = torch.where(distance <= 1.0, 1.0, -1.0)
    assert [int((j > 0).sum()) for j in labels] == [5, 4]
    expected = sum(float((1 + (-s * j).exp()).log().sum()) / 25 for s, j in zip(logits, labels))
    assert float(plain_logistic(logits, distance, 1.0)) == pytest.approx(expected / 2)


def test_a_map_with_even_cells_has_its_middle_between_them():
    distance = distance_map(torch.zeros(1, 2), 4, 8.0)
    assert distance[0, 1:3, 1:3].flatten().tolist() == [1.0] * 4


def test_balanced_logistic_against_loops():
    logits = torch.randn(3, 7, 7, dtype=torch.float64)
    distance = distance_map(torch.tensor([[0.0, 0.0], [20.0, 8.0], [-24.0, 24.0]]), 7, 8.0)
    expected = 0.0
    for n in range(3):
        sums, counts = {True: 0.0, False: 0.0}, {True: 0, False: 0}
        for i in range(7):
            for j in range(7):
                positive = float(distance[n, i, j]) <= 2.0
                y = 1 if positive else -1
                sums[positive] += math.log1p(math.exp(-y * float(logits[n, i, j])))
                counts[positive] += 1
        expected += 0.5 * (sums[True] / counts[True] + sums[False] / counts[False]) / 3
    assert float(balanced_logistic(logits, distance, 2.0)) == pytest.approx(expected)


def test_positives_weigh_as_much_as_all_negatives():
    # 13 of 225 cells are positive; a wrong constant map loses the same whichever side is wrong.
    distance = distance_map(torch.zeros(1, 2), 15, 8.0)
    assert int((distance <= 2).sum()) == 13
    high = float(balanced_logistic(torch.full((1, 15, 15), 5.0), distance, 2.0))
    low = float(balanced_logistic(torch.full((1, 15, 15), -5.0), distance, 2.0))
    assert high == pytest.approx(low, rel=1e-5)
    even = float(balanced_logistic(torch.zeros(1, 15, 15), distance, 2.0))
    assert even == pytest.approx(math.log(2))


def test_a_right_map_loses_less():
    distance = distance_map(torch.zeros(1, 2), 15, 8.0)
    right = torch.where(distance <= 2, 8.0, -8.0)
    assert float(balanced_logistic(right, distance, 2.0)) < 1e-3
    assert float(balanced_logistic(-right, distance, 2.0)) > 7


def test_a_target_outside_the_map_is_all_negative():
    distance = distance_map(torch.tensor([[500.0, 0.0]]), 7, 8.0)
    loss = balanced_logistic(torch.zeros(1, 7, 7), distance, 2.0)
    assert float(loss) == pytest.approx(0.5 * math.log(2))


def test_place_entropy_is_least_at_the_target():
    distance = distance_map(torch.tensor([[8.0, -16.0]]), 9, 8.0)

    def loss(x, y):
        peak = distance_map(torch.tensor([[x, y]]), 9, 8.0)
        return float(place_entropy(-0.5 * peak**2, distance, 1.0))

    least = loss(8.0, -16.0)
    # With the label itself as the map, what is left is the label's own entropy.
    label = torch.softmax(-0.5 * distance.flatten() ** 2, dim=0)
    assert least == pytest.approx(float(-(label * label.log()).sum()), rel=1e-5)
    for x, y in ((0.0, -16.0), (8.0, -8.0), (16.0, -16.0), (-8.0, 16.0)):
        assert loss(x, y) > least + 0.1


def test_place_entropy_does_not_see_a_constant():
    distance = distance_map(torch.zeros(2, 2), 7, 8.0)
    logits = torch.randn(2, 7, 7)
    torch.testing.assert_close(
        place_entropy(logits + 30.0, distance, 1.0), place_entropy(logits, distance, 1.0)
    )


def test_place_entropy_of_a_target_far_outside_is_finite():
    distance = distance_map(torch.tensor([[128.0, 128.0]]), 7, 8.0)
    logits = torch.randn(1, 7, 7, requires_grad=True)
    loss = place_entropy(logits, distance, 0.25)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


def test_absent_peaks_counts_only_foreign_exemplars():
    logits = torch.full((2, 2, 5, 5), -50.0)
    logits[0, 0] = 40.0
    logits[1, 0] = 3.0
    foreign = torch.tensor([[False, True], [True, False]])
    expected = (math.log1p(math.exp(3.0)) + 0.0) / 2
    assert float(absent_peaks(logits, foreign)) == pytest.approx(expected, rel=1e-5)
    assert float(absent_peaks(logits, torch.zeros(2, 2, dtype=torch.bool))) == 0.0


def test_absent_peaks_counts_only_the_highest_cells():
    logits = torch.zeros(1, 1, 5, 5) - 50.0
    logits[0, 0, 2, :4] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    expected = sum(math.log1p(math.exp(v)) for v in (1, 2, 3, 4)) / 4
    foreign = torch.ones(1, 1, dtype=torch.bool)
    assert float(absent_peaks(logits, foreign, worst=4)) == pytest.approx(expected, rel=1e-5)
    assert float(absent_peaks(logits, foreign, worst=1)) == pytest.approx(4.018, abs=1e-3)


def test_disagreement_against_loops():
    # Huber: half the square up to 1, then the distance less a half.
    torch.manual_seed(0)
    logits = 2 * torch.randn(2, 2, 5, 5, dtype=torch.float64)
    taught = 2 * torch.randn(2, 2, 5, 5, dtype=torch.float64)
    distance = distance_map(torch.tensor([[0.0, 0.0], [8.0, -8.0]]), 5, 8.0)
    everywhere, own = [], {n: {True: [], False: []} for n in range(2)}
    for n in range(2):
        for k in range(2):
            for i in range(5):
                for j in range(5):
                    gap = abs(float(logits[n, k, i, j] - taught[n, k, i, j]))
                    everywhere.append(gap**2 / 2 if gap < 1 else gap - 0.5)
                    if n == k:
                        own[n][float(distance[n, i, j]) <= 2.0].append(everywhere[-1])
    means = [sum(v) / len(v) for sides in own.values() for v in sides.values()]
    expected = 0.5 * (sum(means) / 4 + sum(everywhere) / len(everywhere))
    assert float(disagreement(logits, taught, distance, 2.0)) == pytest.approx(expected)
    assert float(disagreement(taught, taught, distance, 2.0)) == 0.0
