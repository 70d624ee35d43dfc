# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.online.monitor import (
    Calibration,
    Evidence,
    Judgement,
    Monitor,
    Thresholds,
)

# A calibration whose logit is the peak itself, so that tests choose scores.
PLAIN = Calibration(bias=0.0, peak=1.0, sharpness=0.0, drop=0.0)
RULE = Judgement(PLAIN, Thresholds(certain=0.5, lost=0.2, found=0.6, patience=3), memory=4)


def evidence(score, sharpness=8.0):
    return Evidence(math.log(score / (1 - score)), sharpness)


def run(scores, rule=RULE):
    monitor = Monitor()
    return [monitor.judge(evidence(score), rule)[1] for score in scores]


T, U, L = 'tracking', 'uncertain', 'lost'


@pytest.mark.parametrize(
    ('scores', 'states'),
    [
        ([0.9, 0.9], [T, T]),
        ([0.9, 0.4, 0.9], [T, U, T]),
        ([0.4, 0.4, 0.4, 0.4, 0.4], [U, U, U, U, U]),  # in doubt, but above `lost`
        ([0.9, 0.1, 0.1, 0.9], [T, U, U, T]),  # within the patience
        ([0.9, 0.1, 0.1, 0.1], [T, U, U, L]),
        ([0.1, 0.1, 0.3, 0.1, 0.1, 0.1], [U, U, U, U, U, L]),  # doubts must be in a row
        ([0.1, 0.1, 0.1, 0.55], [U, U, L, L]),  # certain, but not enough to be found
        ([0.1, 0.1, 0.1, 0.7, 0.1], [U, U, L, T, U]),  # found, with the full patience
        ([0.1, 0.1, 0.1, 0.1, 0.7, 0.1, 0.1, 0.1], [U, U, L, L, T, U, U, L]),
    ],
)
def test_transitions(scores, states):
    assert run(scores) == states


def test_found_below_certain_is_uncertain():
    rule = Judgement(PLAIN, Thresholds(certain=0.8, lost=0.2, found=0.5, patience=1), memory=4)
    assert run([0.1, 0.6, 0.9], rule) == [L, U, T]


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_lose_the_target_at_once(value):
    for spoilt in (Evidence(value, 8.0), Evidence(3.0, value), Evidence(3.0, 8.0, value)):
        monitor = Monitor()
        monitor.judge(evidence(0.9), RULE)
        assert monitor.judge(spoilt, RULE) == (0.0, L)
        assert list(monitor.peaks) == [evidence(0.9).peak]
        assert monitor.judge(evidence(0.55), RULE)[1] == L
        assert monitor.judge(evidence(0.9), RULE)[1] == T


def test_only_trusted_peaks_are_remembered_and_only_so_many():
    monitor = Monitor()
    for score in (0.9, 0.4, 0.1, 0.8, 0.7, 0.6, 0.95):
        monitor.judge(evidence(score), RULE)
    assert list(monitor.peaks) == [evidence(s).peak for s in (0.8, 0.7, 0.6, 0.95)]


def test_a_shorter_memory_forgets_the_oldest():
    monitor = Monitor()
    for score in (0.9, 0.8, 0.7, 0.6):
        monitor.judge(evidence(score), RULE)
    monitor.judge(evidence(0.55), Judgement(PLAIN, RULE.thresholds, memory=2))
    assert list(monitor.peaks) == [evidence(0.6).peak, evidence(0.55).peak]


def test_thresholds_may_change_between_frames():
    monitor = Monitor()
    assert monitor.judge(evidence(0.6), RULE)[1] == T
    strict = Judgement(PLAIN, Thresholds(certain=0.95, lost=0.9, found=0.95, patience=1), 4)
    assert monitor.judge(evidence(0.6), strict)[1] == L


def test_two_monitors_share_nothing():
    one, other = Monitor(), Monitor()
    one.judge(evidence(0.9), RULE)
    assert list(other.peaks) == []


def test_the_score_is_the_logistic_of_the_documented_sum():
    calibration = Calibration(bias=-1.0, peak=0.5, sharpness=2.0, drop=0.25)
    logit = -1.0 + 0.5 * 3.0 + 2.0 * math.log(4.0) + 0.25 * (3.0 - 5.0)
    score = calibration.score(Evidence(3.0, 4.0).features(trusted=5.0))
    assert score == pytest.approx(1 / (1 + math.exp(-logit)))


def test_the_margin_of_a_classifier_counts_with_its_weight():
    calibration = Calibration(bias=-1.0, peak=0.5, sharpness=0.0, drop=0.0, margin=2.0)
    score = calibration.score(Evidence(3.0, 4.0, -0.75).features(trusted=5.0))
    assert score == pytest.approx(1 / (1 + math.exp(1.0)))
    # Without a classifier its weight is worth nothing.
    score = calibration.score(Evidence(3.0, 4.0).features(trusted=5.0))
    assert score == pytest.approx(1 / (1 + math.exp(-0.5)))


def test_features_are_what_the_weights_are_of():
    features = Evidence(3.0, 4.0, -0.75).features(trusted=5.0)
    assert features == pytest.approx((3.0, math.log(4.0), -2.0, -0.75))
    # A map that is flat or worse has a logarithm, too.
    for sharpness in (0.0, -3.0):
        assert Evidence(3.0, sharpness).features(5.0)[1] == pytest.approx(math.log(1e-3))


def test_a_monitor_tells_what_its_last_score_was_made_of():
    monitor = Monitor()
    assert monitor.features is None
    rule = Judgement(Calibration(0.0, 1.0, 0.0, 0.0, 1.0), RULE.thresholds, 4)
    monitor.judge(Evidence(4.0, 2.0, 1.5), rule)
    monitor.judge(Evidence(3.0, 2.0, 0.5), rule)
    assert monitor.features == pytest.approx((3.0, math.log(2.0), -1.0, 0.5))
    monitor.judge(Evidence(math.nan, 2.0), rule)
    assert monitor.features is None


def test_the_first_frame_is_compared_with_itself():
    rule = Judgement(Calibration(0.0, 0.0, 0.0, 1.0), RULE.thresholds, 4)
    assert Monitor().judge(Evidence(17.0, 5.0), rule)[0] == 0.5


def test_a_drop_below_the_trusted_peaks_lowers_the_score():
    rule = Judgement(Calibration(0.0, 0.0, 0.0, 1.0), RULE.thresholds, 4)
    monitor = Monitor()
    monitor.judge(Evidence(4.0, 5.0), rule)
    monitor.judge(Evidence(6.0, 5.0), rule)
    assert monitor.judge(Evidence(2.0, 5.0), rule)[0] == pytest.approx(1 / (1 + math.exp(3)))


@given(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.lists(st.floats(-100, 100), min_size=5, max_size=5),
)
def test_extreme_evidence_saturates(peak, sharpness, margin, weights):
    score, state = Monitor().judge(
        Evidence(peak, sharpness, margin), Judgement(Calibration(*weights), RULE.thresholds, 4)
    )
    assert 0.0 <= score <= 1.0
    assert state in (T, U, L)


@given(st.lists(st.floats(0.01, 0.99), max_size=40))
def test_a_target_is_lost_only_after_its_patience(scores):
    states = run(scores)
    for i, state in enumerate(states):
        newly = state == L and (i == 0 or states[i - 1] != L)
        if newly:
            assert i >= 2
            assert all(score < 0.2 for score in scores[i - 2 : i + 1])
        if state == T:
            assert scores[i] >= 0.5 - 1e-12
