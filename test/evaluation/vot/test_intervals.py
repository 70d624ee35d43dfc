# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.vot import INTERVALS, typical_lengths
from siam_tracker_ros.evaluation.vot.intervals import _bandwidth, _density

# Numbers of images of the sequences, from ants1 to zebrafish1.
VOT2018 = [
    *(325, 579, 196, 105, 41, 725, 339, 225, 76, 350, 293, 175, 151, 742, 345, 160, 131, 326, 355),
    *(147, 113, 292, 366, 310, 519, 1377, 248, 1500, 120, 366, 844, 567, 240, 118, 267, 377, 402),
    *(708, 661, 707, 63, 100, 164, 61, 999, 140, 158, 156, 558, 365, 251, 366, 131, 392, 129, 138),
    *(365, 191, 341, 400),
]


def lengths(seed=0, count=60):
    return np.random.default_rng(seed).lognormal(5.4, 0.6, count).astype(int) + 40


def test_bandwidth_minimises_the_expected_error_with_the_pilot_curvature():
    """The closed form is the integral that it stands for, done here by adding up."""
    values = lengths().astype(float)
    count, deviation = len(values), values.std()
    scaled = (values - values.mean()) / deviation
    # The pilot is the density of x - y, whose kernel variances add up: half of it each.
    variance = (4 / (3 * count)) ** 0.4 / 2
    grid = np.linspace(-8, 12, 40001)
    offset = grid[:, None] - scaled
    kernel = np.exp(-0.5 * offset**2 / variance) / np.sqrt(2 * np.pi * variance)
    second = (kernel * (offset**2 / variance - 1) / variance).mean(axis=1)
    curvature = float((second**2).sum() * (grid[1] - grid[0]))
    wanted = deviation * (1 / (2 * np.sqrt(np.pi) * count * curvature)) ** 0.2
    assert _bandwidth(values) == pytest.approx(wanted, rel=1e-6)


def test_bandwidth_scales_with_the_lengths():
    values = lengths().astype(float)
    assert _bandwidth(3 * values) == pytest.approx(3 * _bandwidth(values))


@pytest.mark.parametrize('seed', range(5))
def test_the_interval_holds_half_of_the_sequences(seed):
    values = lengths(seed).astype(float)
    low, high = typical_lengths(values.astype(int).tolist())
    density = _density(values, _bandwidth(values))
    inside = density[low - 1 : high]
    assert inside.sum() >= 0.5
    assert low <= density.argmax() + 1 <= high
    # The last step was needed, and it went to the likelier side.
    assert inside.sum() - min(inside[0], inside[-1]) < 0.5
    outside = np.delete(density, slice(low - 1, high))
    assert outside.max() <= inside[1:-1].min()


def test_the_lengths_of_vot2018_give_its_published_interval():
    """Those of VOT2017 are the same; PySOT notes 160 as the likeliest length."""
    assert sum(VOT2018) == 21356
    assert typical_lengths(VOT2018) == INTERVALS['vot2018'] == INTERVALS['vot2017'] == (100, 356)
    values = np.array(VOT2018, float)
    assert _density(values, _bandwidth(values)).argmax() + 1 == 160


def test_the_published_intervals():
    """vot-toolkit's stacks of these years, which count the images after the start."""
    assert INTERVALS == {
        'vot2015': (108, 371), 'vot2016': (108, 371), 'vot2017': (100, 356),
        'vot2018': (100, 356), 'vot2019': (46, 291),
    }  # fmt: skip


def test_sequences_of_one_length():
    assert typical_lengths([70, 70, 70]) == (70, 70)
    assert typical_lengths([12]) == (12, 12)


def test_two_lengths_far_apart():
    low, high = typical_lengths([10, 1000])
    assert 1 <= low < high <= 1000


def test_the_longest_length_itself_is_left_out():
    low, high = typical_lengths([10, 20, 990, 992, 995, 998, 1000])
    assert low < 990
    assert high == 999
