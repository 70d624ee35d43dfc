# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures agree with vot-toolkit's: scripts/reference_vot.py wrote them down."""

import numpy as np
import pytest

from siam_tracker_ros.evaluation.overlap import box_corners, polygon_overlaps
from siam_tracker_ros.evaluation.vot import AccuracyRobustness, ExpectedOverlap, LongTerm
from siam_tracker_ros.evaluation.vot.longterm import choose_thresholds

SAME = 1e-9


@pytest.fixture(scope='module')
def short_term(reference, make_sequence, make_trace):
    stored = reference['short_term']
    size = tuple(reference['size'])
    sequences = [
        make_sequence(boxes, name, resolution=size) for name, boxes in stored['sequences'].items()
    ]
    passes = {
        name: [
            make_trace(boxes, events)
            for boxes, events in zip(stored['said'][name], stored['events'][name])
        ]
        for name in stored['sequences']
    }
    return stored, sequences, passes


def test_accuracy_and_robustness(short_term):
    stored, sequences, passes = short_term
    summary = AccuracyRobustness().summarise(sequences, passes)
    for measure in ('accuracy', 'robustness', 'failures'):
        assert summary.overall[measure] == pytest.approx(stored[measure], abs=SAME)


def test_accuracy_and_robustness_of_each_sequence(short_term):
    stored, sequences, passes = short_term
    summary = AccuracyRobustness().summarise(sequences, passes)
    for name, (accuracy, failures, robustness) in stored['per_sequence'].items():
        figures = summary.sequences[name]
        assert figures['accuracy'] == pytest.approx(accuracy, abs=SAME)
        assert figures['failures'] == pytest.approx(failures, abs=SAME)
        assert figures['robustness'] == pytest.approx(robustness, abs=SAME)


def test_expected_overlap(short_term):
    stored, sequences, passes = short_term
    summary = ExpectedOverlap(tuple(stored['interval'])).summarise(sequences, passes)
    assert summary.overall['eao'] == pytest.approx(stored['eao'], abs=SAME)
    np.testing.assert_allclose(summary.curves[0].y, stored['curve'][1:], rtol=0, atol=SAME)


def test_expected_overlap_as_the_toolkit_rounds_it(short_term):
    stored, sequences, passes = short_term
    summary = ExpectedOverlap(tuple(stored['interval'])).summarise(sequences, passes)
    assert summary.overall['eao'] == pytest.approx(stored['eao_single'], abs=1e-6)


@pytest.fixture(scope='module', params=['many scores', 'few scores', 'no scores'])
def long_term(request, reference, make_sequence, make_trace):
    stored = reference['long_term'][request.param]
    size = tuple(reference['size'])
    sequences = [
        make_sequence(boxes, name, resolution=size) for name, boxes in stored['sequences'].items()
    ]
    passes = {}
    for name, boxes in stored['said'].items():
        trace = make_trace(boxes, scores=stored['scores'][name])
        trace.scores[0] = np.nan
        passes[name] = [trace]
    return stored, sequences, passes


def test_precision_recall_and_f(long_term):
    stored, sequences, passes = long_term
    summary = LongTerm().summarise(sequences, passes)
    for measure in ('precision', 'recall', 'f'):
        assert summary.overall[measure] == pytest.approx(stored[measure], abs=SAME)


def test_long_term_curves(long_term):
    stored, sequences, passes = long_term
    both, f = LongTerm().summarise(sequences, passes).curves
    np.testing.assert_allclose(both.x, stored['recall_curve'], rtol=0, atol=SAME)
    np.testing.assert_allclose(both.y, stored['precision_curve'], rtol=0, atol=SAME)
    np.testing.assert_allclose(f.y, stored['f_curve'], rtol=0, atol=SAME)


def test_thresholds(long_term):
    stored, _, passes = long_term
    scores = np.concatenate([np.nan_to_num(trace.scores) for (trace,) in passes.values()])
    wanted = np.array([float(value) for value in stored['thresholds']])
    np.testing.assert_array_equal(choose_thresholds(scores), wanted)


@pytest.mark.parametrize(
    ('side', 'mean', 'most'),
    [('15', 0.025, 0.07), ('30', 0.016, 0.05), ('60', 0.007, 0.025), ('120', 0.003, 0.01)],
)
def test_exact_overlap_is_near_the_toolkits_pixels(reference, side, mean, most):
    """The bounds are those of docs/vot.md."""
    pytest.importorskip('shapely')
    rows = np.array(reference['pixel_overlaps'][side])
    exact = polygon_overlaps(rows[:, :8].reshape(-1, 4, 2), box_corners(rows[:, 8:12]))
    error = np.abs(exact - rows[:, 12])
    assert error.mean() < mean
    assert error.max() < most
