# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.backbones.resnet import CROP
from siam_tracker_ros.models.cascaded import CascadedSiamese
from siam_tracker_ros.online.monitor import Calibration
from siam_tracker_ros.sequences import read_sequence
from siam_tracker_ros.trackers.csn import CSNSettings, CSNTracker
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.trackers.rpn_settings import RPNSettings
from siam_tracker_ros.trackers.sasiam_settings import SASiamSettings
from siam_tracker_ros.training import calibrate_tracks
from siam_tracker_ros.training.calibrate_tracks import (
    LONGEST,
    Evidences,
    calibrate_on_tracks,
    counting,
    fit_calibration,
    gather,
    in_a_row,
    replay,
    search,
    settings_for,
)
from siam_tracker_ros.training.followed import Followed, follow, follow_and_lose, follow_on
from siam_tracker_ros.training.rates import rates

SMALL = {
    'search_size': 191,
    'lost_search_size': 255,
    'scales': 1,
    'start_positives': 8,
    'start_negatives': 16,
    'start_iterations': 2,
    'update_positives': 2,
    'update_negatives': 4,
    'update_iterations': 1,
    'lost_patience': 2,
    'redetect_tiles': 1,
}
HISTORY = 30
TRUE = Calibration(-1.0, 0.8, 1.5, 0.3, 0.5)


@pytest.fixture
def tracker():
    torch.manual_seed(3)
    network = CascadedSiamese(
        {'widths': [4, 8, 16], 'depths': [1, 1], 'padding': CROP},
        {'widths': [4, 6, 8], 'hidden': 8},
    )
    return CSNTracker(network, CSNSettings.from_dict(SMALL), torch.device('cpu'))


def way(features, right, lost=False):
    count = len(right)
    states = np.full(count, 'lost' if lost else 'tracking')
    overlap = np.where(np.array(right, np.bool_), 0.8, 0.1)
    return Followed('made-up', np.array(features), overlap, np.zeros(count), states, overlap)


def drawn(rng, calibration, lengths, lost=False):
    """Ways whose matches are right as often as a score says."""
    ways = []
    for n in lengths:
        columns = rng.normal(1.0, 2.0, n), rng.normal(0.0, 1.0, n), rng.normal(0.0, 2.0, n)
        peak, sharpness, margin = columns
        blank = way(np.stack([peak, sharpness, 0 * peak, margin], axis=1), [True] * n, lost)
        features, scores = replay(blank, calibration, HISTORY)
        ways.append(way(features, rng.random(n) < scores, lost))
    return tuple(ways)


def numbers(calibration):
    c = calibration
    return [c.bias, c.peak, c.sharpness, c.drop, c.margin]


def test_known_weights_come_back():
    rng = np.random.default_rng(0)
    evidences = Evidences(drawn(rng, TRUE, [3000] * 4), drawn(rng, TRUE, [2000] * 2, lost=True))
    found = fit_calibration(evidences, HISTORY)
    assert numbers(found) == pytest.approx(numbers(TRUE), abs=0.12)


def test_evidence_of_a_search_counts_only_where_the_target_is_lost():
    rng = np.random.default_rng(0)
    plain = drawn(rng, TRUE, [400] * 3)
    # The second way repeats the first one up to the loss, and it is never lost here.
    assert fit_calibration(Evidences(plain, plain), HISTORY) == fit_calibration(
        Evidences(plain, ()), HISTORY
    )


def test_rows_of_flags_are_found():
    flags = np.array([1, 1, 0, 1, 1, 1, 1, 0], np.bool_)
    assert in_a_row(flags, 3).tolist() == [False] * 5 + [True, True, False]
    assert in_a_row(flags, 1).tolist() == flags.tolist()
    assert not in_a_row(flags[:2], 3).any()


def test_a_long_drift_is_cut():
    right = np.array([True] + [False] * 40 + [True] + [False] * 3)
    rows = counting(right)
    assert rows.sum() == 1 + LONGEST + 1 + 3
    assert rows[1 : 1 + LONGEST].all()
    assert not rows[1 + LONGEST : 41].any()
    rng = np.random.default_rng(1)
    plain = drawn(rng, TRUE, [300] * 4)
    ending = np.tile([-3.0, -1.0, -4.0, 8.0], (600, 1))
    drifts = [
        way(np.concatenate([plain[0].features, ending[:n]]), [*plain[0].right, *[False] * n])
        for n in (LONGEST, 600)
    ]
    # But for a few frames that were wrong before the drift began.
    fits = [numbers(fit_calibration(Evidences((*plain, d), ()), HISTORY)) for d in drifts]
    assert fits[0] == pytest.approx(fits[1], abs=1e-6)


def test_a_long_sequence_weighs_no_more_than_a_short_one():
    same = [1.0, 0.5, 0.0, 2.0]
    short, long = way([same] * 4, [True] * 4), way([same] * 28, [False] * 28)
    found = fit_calibration(Evidences((short, long), ()), HISTORY)
    assert found.score(same) == pytest.approx(0.5, abs=1e-6)


def test_no_evidence_speaks_against_a_match():
    rng = np.random.default_rng(3)
    against = Calibration(-1.0, 0.8, 1.5, 0.0, -0.4)
    found = fit_calibration(Evidences(drawn(rng, against, [1000] * 3), ()), HISTORY)
    assert found.margin == 0.0
    assert found.peak == pytest.approx(0.7, abs=0.2)
    assert found.sharpness == pytest.approx(1.3, abs=0.3)


def test_evidence_that_is_not_finite_is_left_out():
    rng = np.random.default_rng(4)
    (plain,) = drawn(rng, TRUE, [300])
    broken = way(np.full((20, 4), np.nan), [False] * 20)
    fits = [fit_calibration(Evidences(ways, ()), HISTORY) for ways in ((plain,), (plain, broken))]
    assert fits[0] == fits[1]
    features, scores = replay(broken, TRUE, HISTORY)
    assert np.isnan(features).all()
    assert not scores.any()


def test_there_is_no_search_for_what_still_scores_as_certain():
    features = np.zeros((6, 4))
    states = np.array(['tracking'] * 3 + ['lost'] * 3)
    overlap = np.array([0.9, 0.0, 0.0, 0.0, 0.4, 0.9])
    followed = Followed('made-up', features, overlap, np.zeros(6), states, overlap)
    scores = np.array([0.9, 0.4, 0.1, 0.1, 0.7, 0.8])
    found = search(followed, scores, 2)
    assert found is not None
    assert found[0].tolist() == [0.1, 0.7, 0.8]
    # A match of another size is the target, too.
    assert found[1].tolist() == [False, True, True]
    assert search(followed, scores, 3) is None
    assert search(way(features, [True] * 6), scores, 2) is None


def test_settings_are_those_of_the_tracker():
    rng = np.random.default_rng(5)
    evidences = Evidences(drawn(rng, TRUE, [300] * 4), drawn(rng, TRUE, [50] * 4, lost=True))
    found = settings_for(evidences, HISTORY, 5)
    settings = CSNSettings.from_dict(found)
    assert {n: getattr(settings, n) for n in found} == found
    assert len(found) == 8
    assert found['lost_score'] <= found['certain_score'] <= found['found_score']


@pytest.mark.parametrize('table', [RPNSettings, DSiamSettings, SASiamSettings])
@pytest.mark.parametrize('online', [True, False])
def test_the_margins_weight_is_fitted_where_a_classifier_gives_it(monkeypatch, online, table):
    rng = np.random.default_rng(5)
    evidences = Evidences(drawn(rng, TRUE, [300] * 4), drawn(rng, TRUE, [50] * 4, lost=True))
    monkeypatch.setattr(calibrate_tracks, 'gather', lambda *given: evidences)
    found = calibrate_on_tracks(SimpleNamespace(settings=table(online=online)), [])
    expected = settings_for(evidences, HISTORY, 5)
    assert ('confidence_margin' in found) is online
    assert found == {name: expected[name] for name in found}
    assert len(found) == 7 + online


def test_easy_sequences_lower_the_score_of_a_loss_and_change_nothing_else():
    rng = np.random.default_rng(5)
    evidences = Evidences(drawn(rng, TRUE, [300] * 4), drawn(rng, TRUE, [50] * 4, lost=True))
    before = settings_for(evidences, HISTORY, 5)
    # All right, and with a score just below the one at which the others are lost.
    logit = math.log(before['lost_score'] / (1 - before['lost_score'])) - 0.3
    height = (logit - before['confidence_bias']) / before['confidence_peak']
    dull = way([[height, 0.0, 0.0, 0.0]] * 300, [True] * 300)
    after = settings_for(replace(evidences, easy=(dull,)), HISTORY, 5)
    assert after['lost_score'] < before['lost_score']
    assert {**after, 'lost_score': 0} == {**before, 'lost_score': 0}


def test_one_way_is_never_lost_and_the_other_is_never_found(tracker, sequence):
    labels = sequence / 'groundtruth.txt'
    rows = labels.read_text().splitlines()
    labels.write_text('\n'.join([*rows[:5], *['nan,nan,nan,nan'] * 2, *rows[7:]]) + '\n')
    kept, searched = follow_and_lose(tracker, read_sequence(sequence))
    assert kept.features.shape == (11, 4)
    assert not kept.lost.any()
    # The score is about the box, unless the target is lost.
    assert kept.overlap.tolist() == kept.box_overlap.tolist()
    # The first image has no row; in the sixth and the seventh one the target is absent.
    assert kept.overlap[[4, 5]].tolist() == [0.0, 0.0]
    assert kept.right[:4].all()
    alone = follow_on(tracker, read_sequence(sequence))
    assert alone.states.tolist() == kept.states.tolist()
    assert alone.overlap.tolist() == pytest.approx(kept.overlap.tolist(), abs=1e-3)
    # Two frames speak for a loss; the state of a frame is that of the search in it.
    assert searched.lost.tolist() == [k > 5 for k in range(11)]
    # The box stays where it was last.
    assert len(set(searched.box_overlap[6:].tolist())) > 1
    assert (searched.overlap[6:] != searched.box_overlap[6:]).any()


@pytest.mark.parametrize('way', [follow, follow_and_lose])
def test_a_sequence_of_one_image_is_refused(tracker, sequence, way):
    whole = read_sequence(sequence)
    short = replace(whole, images=whole.images[:1], boxes=whole.boxes[:1])
    with pytest.raises(UserError, match=f'sequence {whole.name} has one image: expected two'):
        way(tracker, short)


def test_a_replay_gives_what_the_tracker_said(tracker, sequence):
    # Without weights, see below.
    nothing = Calibration(0.0, 0.0, 0.0, 0.0)
    for followed in follow_and_lose(tracker, read_sequence(sequence)):
        features, scores = replay(followed, nothing, HISTORY)
        np.testing.assert_allclose(features, followed.features, atol=1e-9)
        np.testing.assert_allclose(scores, followed.scores, atol=1e-9)


@pytest.mark.parametrize(
    'fitted', [{'confidence_bias': 60.0}, {'confidence_bias': -60.0}, {'certain_score': 1.0}]
)
def test_neither_way_depends_on_a_score_that_was_fitted_before(tracker, sequence, fitted):
    # A target that is absent for some frames is lost, and found by a score of 1.
    labels = sequence / 'groundtruth.txt'
    rows = labels.read_text().splitlines()
    labels.write_text('\n'.join([*rows[:5], *['nan,nan,nan,nan'] * 2, *rows[7:]]) + '\n')
    one = read_sequence(sequence)
    other = tracker.with_settings(tracker.settings.replaced(**fitted))
    for plain, way in zip(follow_and_lose(tracker, one), follow_and_lose(other, one)):
        assert way.states.tolist() == plain.states.tolist()
        assert way.scores.tolist() == [0.5] * 11
        np.testing.assert_array_equal(way.features, plain.features)
        np.testing.assert_array_equal(way.overlap, plain.overlap)


def test_sequences_in_and_settings_out(tracker, sequence):
    one = read_sequence(sequence)
    evidences = gather(tracker, [one], [one])
    assert len(evidences.easy) == 1
    assert evidences.easy[0].states.tolist() == evidences.never_lost[0].states.tolist()
    found = calibrate_on_tracks(tracker, [one], [one])
    assert all(math.isfinite(v) for v in found.values())
    with_them = tracker.with_settings(tracker.settings.replaced(**found))
    followed = follow(with_them, read_sequence(sequence))
    assert len(followed.scores) == 11
    assert set(followed.states) <= {'tracking', 'uncertain', 'lost'}
    assert 0.0 < rates([followed]).right < 1.0


def test_one_kind_of_match_is_refused(tracker, sequence):
    boxes = ['20,30,24,18'] + ['nan,nan,nan,nan'] * 11
    (sequence / 'groundtruth.txt').write_text('\n'.join(boxes) + '\n')
    with pytest.raises(UserError, match='none of the 11 matches in 1 sequences are right'):
        gather(tracker, [read_sequence(sequence)])
    with pytest.raises(UserError, match='none of the 0 matches in 0 sequences'):
        gather(tracker, [])


def test_rates_of_a_made_up_table():
    states = np.array(['tracking', 'lost', 'tracking', 'lost', 'lost', 'uncertain'])
    overlap = np.array([0.9, 0.6, 0.6, 0.2, 0.2, 0.2])
    one = Followed('a', np.zeros((6, 4)), overlap, np.zeros(6), states, overlap)
    nothing = np.zeros(2)
    sure = Followed('b', np.zeros((2, 4)), nothing, nothing, states[:1].repeat(2), nothing)
    found = rates([one, sure])
    assert found.right == pytest.approx(0.25)
    assert found.lost_though_right == pytest.approx(1 / 3)
    # All of the short sequence, none of the three wrong frames of the other one.
    assert found.tracking_though_wrong == pytest.approx(1.0 / 1.5)
    assert found.lost_where_wrong == pytest.approx(2 / 6 / 1.5)
    assert (found.returns, found.returns_on_target) == (2, 0.5)
