# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.online.gate import GateSettings, ScoreHistory, decide

PAPER = GateSettings()
DOUBTING = GateSettings(least_classification=0.5)
CAUTIOUS = GateSettings(between='gated')
# Histories whose means make the bars 0.8 * 0.5 = 0.4 for S_M and 0.6 * 0.5 = 0.3 for S_C.
HALF = [0.5] * 6
HOLD = (0.41, 0.31)
NO_RIVAL, BOTH_HOLD = 'no rival peak', 'both scores hold'
MATCHING, CLASSIFICATION = 'the matching score', 'the classification score'


@pytest.mark.parametrize(
    ('rivals', 'scores', 'settings', 'update', 'reason'),
    [
        # Direct: no peak exceeds gamma_m = 0.8; the scores do not matter.
        ([], (0.0, 0.0), PAPER, True, NO_RIVAL),
        ([0.1, 0.5], (0.0, 0.0), PAPER, True, NO_RIVAL),
        ([0.75], (0.0, 0.0), PAPER, True, NO_RIVAL),
        # In (gamma_p, gamma_m] both sentences hold: the first as the default, or the second.
        ([0.78], (0.0, 0.0), PAPER, True, NO_RIVAL),
        ([0.78], HOLD, CAUTIOUS, True, BOTH_HOLD),
        ([0.78], (0.4, 0.31), CAUTIOUS, False, MATCHING),
        ([0.78], (0.41, 0.3), CAUTIOUS, False, CLASSIFICATION),
        ([0.75], (0.0, 0.0), CAUTIOUS, True, NO_RIVAL),  # "exceeds": not at gamma_p itself
        ([0.8], (0.0, 0.0), PAPER, True, NO_RIVAL),  # nor at gamma_m
        # Gated: one or more rivals above both; "greater": not at the bar itself.
        ([0.81], HOLD, PAPER, True, BOTH_HOLD),
        ([0.2, 0.9, 0.85], HOLD, PAPER, True, BOTH_HOLD),
        ([1.0], HOLD, PAPER, True, BOTH_HOLD),
        ([0.9], (0.4, 0.31), PAPER, False, MATCHING),
        ([0.9], (0.41, 0.3), PAPER, False, CLASSIFICATION),
        ([0.9], (0.1, 0.1), PAPER, False, MATCHING),
        ([0.9], (0.41, 0.3), CAUTIOUS, False, CLASSIFICATION),
        # What the classifier does not take for the target is left out, if asked for.
        ([], (0.9, 0.49), DOUBTING, False, 'is below 0.5'),
        ([0.9], (0.9, 0.49), DOUBTING, False, 'is below 0.5'),
        ([], (0.9, 0.5), DOUBTING, True, NO_RIVAL),
        # Numbers that are not finite never update, with or without rivals.
        ([], (math.nan, 0.9), PAPER, False, 'not finite'),
        ([], (0.9, math.inf), PAPER, False, 'not finite'),
        ([math.nan], (0.9, 0.9), PAPER, False, 'not finite'),
        ([0.9, -math.inf], (0.9, 0.9), PAPER, False, 'not finite'),
    ],
)
def test_every_case_of_section_3_3(rivals, scores, settings, update, reason):
    decision = decide(rivals, *scores, HALF, HALF, settings)
    assert decision.update is update
    assert reason in decision.reason


def test_the_history_is_the_mean_of_the_last_six():
    # 0.8 * mean(1, 1, 1, 0, 0, 0) = 0.4; older ones would raise it.
    history = [9.0, 9.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert decide([0.9], 0.41, 0.9, history, HALF, PAPER).update
    assert not decide([0.9], 0.40, 0.9, history, HALF, PAPER).update


def test_a_short_history_is_used_as_it_is():
    assert decide([0.9], 0.41, 0.31, [0.5], [0.5, 0.5], PAPER).update


@pytest.mark.parametrize('histories', [([], []), ([], HALF), (HALF, [])])
def test_without_a_history_a_rival_closes_the_gate(histories):
    decision = decide([0.9], 0.9, 0.9, *histories, PAPER)
    assert not decision.update
    assert 'no history' in decision.reason
    assert decide([0.5], 0.9, 0.9, *histories, PAPER).update


def test_a_spoilt_history_closes_the_gate():
    assert not decide([0.9], 0.9, 0.9, [math.nan], HALF, PAPER).update


def test_the_reason_names_score_and_bar():
    assert decide([0.9], 0.123, 0.9, HALF, HALF, PAPER).reason.endswith(
        'the matching score 0.123 is not above 0.4'
    )


def test_a_history_holds_the_frames_before_and_only_so_many():
    history = ScoreHistory()
    assert not history.decide([0.9], 0.5, 0.5, PAPER).update  # nothing before it
    assert history.decide([0.9], 0.41, 0.31, PAPER).update
    for k in range(20):
        history.decide([], 0.1 + k / 100, 0.5, PAPER)
    assert list(history.matching) == pytest.approx([0.24, 0.25, 0.26, 0.27, 0.28, 0.29])
    assert len(history.classification) == 6


def test_scores_that_are_not_finite_are_not_remembered():
    history = ScoreHistory()
    history.decide([], math.nan, 0.5, PAPER)
    history.decide([], 0.5, math.inf, PAPER)
    assert not history.matching
    assert not history.classification


def test_thresholds_between_which_no_rule_holds_are_refused():
    with pytest.raises(UserError, match=r'rival_candidate is 0\.9: expected at most rival_update'):
        GateSettings(rival_candidate=0.9)
