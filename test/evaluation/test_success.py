# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.success import Success
from siam_tracker_ros.evaluation.traces import INIT, SKIPPED, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence

NAN = [float('nan')] * 4
SQUARE = [10.0, 10.0, 40.0, 40.0]


def make_sequence(boxes, name='one', **rest):
    return Sequence(name, (), np.array(boxes, float), **rest)


def make_trace(boxes, start=0):
    trace = Trace.empty(len(boxes))
    trace.boxes[start:] = boxes[start:]
    trace.events[start:] = TRACKED
    trace.events[start] = INIT
    return trace


def summarise(sequence, *traces, **settings):
    return Success(**settings).summarise([sequence], {sequence.name: traces})


def test_a_perfect_tracker_misses_only_the_threshold_of_one():
    truth = np.random.default_rng(0).uniform(5, 50, (30, 4))
    found = summarise(make_sequence(truth), make_trace(truth))
    assert found.overall == pytest.approx(
        {
            'auc': 20 / 21,
            'precision': 1.0,
            'normalised_precision': 1.0,
            'normalised_precision_20': 1.0,
            'sr50': 1.0,
        }
    )
    assert found.sequences == {'one': found.overall}
    success, precision, normalised = found.curves
    np.testing.assert_array_equal(success.y, [1.0] * 20 + [0.0])
    np.testing.assert_array_equal(precision.y, 1.0)
    np.testing.assert_array_equal(normalised.y, 1.0)
    assert [curve.value for curve in found.curves] == pytest.approx([20 / 21, 1.0, 1.0])


def test_a_constant_box_scores_what_the_formula_says():
    # The lower half of 7 boxes after the start: overlap 0.5, which is above ten thresholds,
    # centres 10 px or a quarter of the height apart.
    truth = np.tile(SQUARE, (8, 1))
    half = np.tile([10.0, 30.0, 40.0, 20.0], (8, 1))
    summary = summarise(make_sequence(truth), make_trace(half))
    found = summary.overall
    ranks = [curve.value for curve in summary.curves]
    assert ranks == [found[name] for name in ('auc', 'precision', 'normalised_precision')]
    assert found['auc'] == pytest.approx((20 + 7 * 10) / 21 / 8)
    assert found['sr50'] == 1 / 8
    assert found['precision'] == 1.0
    assert found['normalised_precision_20'] == 1 / 8
    # The step at a quarter is the tenth of 20 intervals: 10 whole ones and half of one remain.
    assert found['normalised_precision'] == pytest.approx((1 + 7 * 10.5 / 20) / 8)


def test_a_tracker_that_never_answers_has_its_start_only():
    truth = np.tile(SQUARE, (4, 1))
    found = summarise(make_sequence(truth), make_trace(np.full((4, 4), np.nan))).overall
    assert found == pytest.approx(
        {
            'auc': 20 / 21 / 4,
            'precision': 0.25,
            'normalised_precision': 0.25,
            'normalised_precision_20': 0.25,
            'sr50': 0.25,
        }
    )


def test_an_imprecise_start_counts_as_if_it_were_true():
    truth = np.tile(SQUARE, (4, 1))
    boxes = truth.copy()
    boxes[0] = [200, 200, 10, 10]
    assert summarise(make_sequence(truth), make_trace(boxes)).overall['auc'] == pytest.approx(
        20 / 21
    )


def test_absent_frames_do_not_count_or_are_misses():
    truth = np.array([SQUARE, NAN, SQUARE, NAN], float)
    boxes = np.tile(SQUARE, (4, 1))
    sequence = make_sequence(truth, labelled=np.array([True, True, True, False]))
    found = summarise(sequence, make_trace(boxes)).overall
    assert found['auc'] == pytest.approx(20 / 21)
    assert found['precision'] == 1.0
    strict = summarise(sequence, make_trace(boxes), absent_is_miss=True).overall
    assert strict['auc'] == pytest.approx(20 / 21 * 2 / 3)
    assert strict['precision'] == pytest.approx(2 / 3)
    assert strict['normalised_precision'] == pytest.approx(2 / 3)
    # Nobody can miss a frame before the start.
    late = summarise(sequence, make_trace(boxes, start=2), absent_is_miss=True).overall
    assert np.isnan(late['auc'])


def test_skipped_frames_never_count():
    truth = np.tile(SQUARE, (4, 1))
    trace = make_trace(truth, start=2)
    trace.events[3] = SKIPPED
    trace.boxes[3] = np.nan
    assert np.isnan(summarise(make_sequence(truth), trace).overall['auc'])
    trace = make_trace(truth, start=1)
    assert summarise(make_sequence(truth), trace).overall['auc'] == pytest.approx(20 / 21)


def test_labels_that_are_withheld_give_no_figures():
    truth = np.array([SQUARE, NAN, NAN], float)
    sequence = make_sequence(truth, labelled=np.array([True, False, False]))
    other = make_sequence(np.tile(SQUARE, (3, 1)), 'other')
    boxes = np.tile(SQUARE, (3, 1))
    passes = {'one': [make_trace(boxes)], 'other': [make_trace(boxes)]}
    found = Success().summarise([sequence, other], passes)
    assert np.isnan(list(found.sequences['one'].values())).all()
    assert found.overall == pytest.approx(found.sequences['other'])
    np.testing.assert_allclose(found.curves[0].y, [1.0] * 20 + [0.0])
    alone = Success().summarise([sequence], passes)
    assert np.isnan(list(alone.overall.values())).all()
    assert np.isnan(alone.curves[0].y).all()


def test_frames_of_all_passes_are_pooled():
    truth = np.tile(SQUARE, (5, 1))
    far = truth + np.array([100.0, 0, 0, 0])
    sequence = make_sequence(truth)
    # Five right frames, and of three one: more than the mean of 1 and 1/3.
    found = summarise(sequence, make_trace(truth), make_trace(far, start=2)).overall
    assert found['sr50'] == pytest.approx(6 / 8)


def test_figures_are_means_over_sequences_also_of_an_attribute():
    short = make_sequence(np.tile(SQUARE, (2, 1)), 'short', attributes=('blur', 'scale'))
    long = make_sequence(np.tile(SQUARE, (10, 1)), 'long', attributes=('blur',))
    plain = make_sequence(np.tile(SQUARE, (4, 1)), 'plain')
    passes = {
        'short': [make_trace(np.full((2, 4), np.nan))],
        'long': [make_trace(long.boxes)],
        'plain': [make_trace(np.full((4, 4), np.nan))],
    }
    found = Success().summarise([short, long, plain], passes)
    assert found.overall['precision'] == pytest.approx((1 / 2 + 1 + 1 / 4) / 3)
    assert list(found.attributes) == ['blur', 'scale']
    assert found.attributes['blur']['precision'] == pytest.approx(3 / 4)
    assert found.attributes['scale']['precision'] == pytest.approx(1 / 2)
    assert found.curves[1].y[20] == pytest.approx(found.overall['precision'])
    assert found.curves[0].y.mean() == pytest.approx(found.overall['auc'])


def test_rotated_truth_is_compared_exactly():
    diamond = np.array([(5.0, 0.0), (10.0, 5.0), (5.0, 10.0), (0.0, 5.0)])
    truth = np.tile([0.0, 0.0, 10.0, 10.0], (3, 1))
    sequence = make_sequence(truth, polygons=np.tile(diamond, (3, 1, 1)))
    found = summarise(sequence, make_trace(truth)).overall
    # The upright box overlaps the diamond by half, which is not above 0.5.
    assert found['sr50'] == pytest.approx(1 / 3)
    assert found['precision'] == 1.0


def test_measures_are_named_once_and_described():
    names = [measure.name for measure in Success.measures]
    assert len(set(names)) == len(names)
    assert names[0] == 'auc'
    assert all(measure.help.endswith('.') for measure in Success.measures)


def test_a_true_box_without_area_is_no_target():
    sequence = make_sequence([SQUARE, SQUARE, [0, 0, 0, 0], [0, 0, 0, 0]])
    trace = make_trace([SQUARE, SQUARE, [0, 0, 4, 4], [0, 0, 4, 4]])
    assert summarise(sequence, trace).overall['precision'] == 1
    missed = summarise(sequence, trace, absent_is_miss=True).overall
    assert missed['precision'] == missed['normalised_precision_20'] == 0.5
