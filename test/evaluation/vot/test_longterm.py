# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from siam_tracker_ros.evaluation.vot import LongTerm
from siam_tracker_ros.evaluation.vot.longterm import choose_thresholds


def test_a_perfect_tracker(still, make_trace):
    trace = make_trace(still.boxes, scores=[np.nan] + [1.0] * 29)
    found = LongTerm(count_start=False).summarise([still], {'s': [trace]}).overall
    assert found == {'f': 1.0, 'precision': 1.0, 'recall': 1.0}


def test_the_start_counts_as_a_miss_in_the_toolkit(still, make_trace):
    trace = make_trace(still.boxes, scores=[np.nan] + [1.0] * 29)
    found = LongTerm().summarise([still], {'s': [trace]}).overall
    recall = 29 / 30
    assert found['precision'] == 1.0
    assert found['recall'] == pytest.approx(recall)
    assert found['f'] == pytest.approx(2 * recall / (1 + recall))


def test_a_perfect_tracker_is_sure_only_where_the_target_is(make_sequence, make_trace):
    truth = make_sequence([[10, 20, 40, 30]] * 10 + [None] * 10 + [[10, 20, 40, 30]] * 10)
    said = np.broadcast_to([10.0, 20, 40, 30], (30, 4))
    scores = np.repeat([0.9, 0.1, 0.9], 10)
    analysis = LongTerm(count_start=False)
    assert analysis.summarise([truth], {'s': [make_trace(said, scores=scores)]}).overall['f'] == 1
    # The same boxes without scores are wrong where nothing is.
    found = analysis.summarise([truth], {'s': [make_trace(said)]}).overall
    assert found['precision'] == pytest.approx(19 / 29)
    assert found['recall'] == pytest.approx(1.0)


def test_no_box_is_no_report(make_sequence, make_trace):
    truth = make_sequence([[10, 20, 40, 30]] * 10 + [None] * 10)
    said = np.full((20, 4), np.nan)
    said[:10] = 10, 20, 40, 30
    found = LongTerm(count_start=False).summarise([truth], {'s': [make_trace(said)]}).overall
    assert found == {'f': 1.0, 'precision': 1.0, 'recall': 1.0}


def test_a_target_that_never_comes_back_is_never_missed(make_sequence, make_trace):
    truth = make_sequence([[10, 20, 40, 30]] + [None] * 9)
    said = np.full((10, 4), np.nan)
    said[0] = 10, 20, 40, 30
    found = LongTerm(count_start=False).summarise([truth], {'s': [make_trace(said)]}).overall
    assert found == {'f': 1.0, 'precision': 1.0, 'recall': 1.0}


def test_a_half_box(still, make_trace):
    trace = make_trace(still.boxes * [1, 1, 1, 0.5], scores=np.linspace(0, 1, 30))
    found = LongTerm(count_start=False).summarise([still], {'s': [trace]})
    assert found.overall['f'] == pytest.approx(0.5)
    both, f = found.curves
    assert (both.x[0], both.y[0]) == (0.0, 1.0), 'nothing said is nothing wrong'
    assert both.y[-1] == pytest.approx(0.5)
    assert f.value == found.overall['f']
    assert (np.diff(both.x) >= 0).all()


def test_images_that_nobody_labelled_do_not_count(make_sequence, make_trace):
    labelled = np.arange(20) < 10
    truth = make_sequence([[10, 20, 40, 30]] * 10 + [None] * 10, labelled=labelled)
    trace = make_trace(np.broadcast_to([10.0, 20, 40, 30], (20, 4)))
    assert LongTerm(count_start=False).summarise([truth], {'s': [trace]}).overall['f'] == 1.0


def test_sequences_and_attributes_at_the_threshold_of_all(make_sequence, make_trace):
    first = make_sequence([[10, 20, 40, 30]] * 20, 'first', attributes=('gone',))
    second = make_sequence([[10, 20, 40, 30]] * 20, 'second')
    passes = {
        'first': [make_trace(first.boxes * [1, 1, 1, 0.5], scores=[0.5] * 20)],
        'second': [make_trace(second.boxes, scores=[0.9] * 20)],
    }
    found = LongTerm(count_start=False).summarise([first, second], passes)
    assert found.attributes == {'gone': found.sequences['first']}
    # With both: precision and recall 0.75. With the second one alone: precision 1, recall 0.5.
    assert found.overall['f'] == pytest.approx(0.75)
    assert found.sequences['first']['f'] == pytest.approx(0.5)


def test_thresholds_split_the_scores():
    scores = np.random.default_rng(0).permutation(np.arange(1000.0))
    found = choose_thresholds(np.append(scores, np.nan), resolution=12)
    assert found[0] == math.inf
    assert found[-1] == -math.inf
    assert len(found) == 12
    assert (np.diff(found) < 0).all()
    assert (found[1], found[-2]) == (899, 99), 'a tenth is above the first, and below the last'


def test_few_scores_are_all_thresholds():
    np.testing.assert_array_equal(
        choose_thresholds(np.array([0.1, 0.9, 0.5])), [math.inf, 0.9, 0.5, 0.1, -math.inf]
    )


def test_passes_of_a_sequence_are_averaged_at_the_thresholds_of_all(still, make_trace):
    sure = make_trace(still.boxes, scores=[0.9] * 30)
    unsure = make_trace(still.boxes * [1, 1, 1, 0.5], scores=[0.5] * 30)
    analysis = LongTerm(count_start=False)
    found = analysis.summarise([still], {'s': [sure, unsure]})
    # At 0.9: precision 1 and 1, recall 1 and 0. At 0.5: precision and recall 1 and 0.5.
    both, _ = found.curves
    np.testing.assert_allclose(both.x[[0, 1, -1]], [0, 0.5, 0.75])
    np.testing.assert_allclose(both.y[[0, 1, -1]], [1, 1, 0.75])
    assert found.overall == {
        'f': pytest.approx(0.75), 'precision': pytest.approx(0.75), 'recall': pytest.approx(0.75)
    }  # fmt: skip
    # In the other order, too: the thresholds are not those of the first pass.
    assert analysis.summarise([still], {'s': [unsure, sure]}).overall == found.overall


def test_scores_of_images_that_nobody_labelled_make_no_threshold(make_sequence, make_trace):
    labelled = np.arange(400) < 40
    truth = make_sequence([[10, 20, 40, 30]] * 40 + [None] * 360, labelled=labelled)
    scores = np.concatenate([np.linspace(0.1, 0.2, 40), np.full(360, 0.9)])
    trace = make_trace(np.broadcast_to([10.0, 20, 40, 30], (400, 4)), scores=scores)
    both, _ = LongTerm(count_start=False).summarise([truth], {'s': [trace]}).curves
    assert len(both.x) == 40 + 2
    assert len(np.unique(both.x)) == 40


def test_without_sequences_there_are_no_figures():
    assert all(map(math.isnan, LongTerm().summarise([], {}).overall.values()))
