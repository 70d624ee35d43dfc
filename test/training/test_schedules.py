# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from itertools import pairwise

import pytest

from siam_tracker_ros.training.schedules import cosine, logarithmic


def test_the_rate_rises_and_falls():
    rates = [cosine(step, 1000, 100) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[99] == 1.0
    assert max(rates) == 1.0
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)
    assert rates[:100] == sorted(rates[:100])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert cosine(0, 1, 0) == 1.0


def test_the_logarithmic_rates_are_those_of_published_code():
    # pysot: 5 epochs from 0.001 up to 0.005, where SiamRPN++ 4.2 stays at 0.001. Then, as there,
    # 15 from 0.005 to 0.0005.
    def rate(step):
        return 0.005 * logarithmic(step, 2000, 500, 0.2, 0.1)

    epochs = [rate(100 * epoch) for epoch in range(6)]
    assert epochs == pytest.approx([0.001, 0.00138, 0.0019, 0.00263, 0.00362, 0.005], rel=3e-3)
    assert rate(1999) == pytest.approx(0.0005)
    # Equal times, equal factors.
    falling = [rate(step) for step in range(500, 2000)]
    factors = [after / before for before, after in pairwise(falling)]
    assert min(factors) == pytest.approx(max(factors))
    assert max(factors) < 1.0


@pytest.mark.parametrize(('steps', 'warmup'), [(1, 0), (1, 1), (2, 2), (3, 1), (5, 9)])
def test_short_runs_have_rates(steps, warmup):
    rates = [logarithmic(step, steps, warmup, 0.2, 0.1) for step in range(steps)]
    assert all(0.1 <= rate <= 1.0 for rate in rates)
