# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.average_overlap import AverageOverlap
from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence

NAN = [float('nan')] * 4
SQUARE = [10.0, 10.0, 40.0, 40.0]


def make_sequence(boxes, name='one', **rest):
    return Sequence(name, (), np.array(boxes, float), **rest)


def make_trace(boxes):
    trace = Trace.empty(len(boxes))
    trace.boxes[:] = boxes
    trace.events[:] = TRACKED
    trace.events[0] = INIT
    return trace


def summarise(sequence, *traces):
    return AverageOverlap().summarise([sequence], {sequence.name: traces})


def test_a_perfect_tracker_has_one_everywhere():
    truth = np.random.default_rng(0).uniform(5, 50, (30, 4))
    found = summarise(make_sequence(truth), make_trace(truth))
    assert found.overall == pytest.approx({'ao': 1.0, 'sr50': 1.0, 'sr75': 1.0})
    assert found.sequences['one'] == found.overall
    [curve] = found.curves
    assert len(curve.x) == 101
    np.testing.assert_array_equal(curve.y, [1.0] * 100 + [0.0])
    assert curve.value == pytest.approx(1.0)


def test_a_constant_box_scores_what_the_formula_says():
    # A box of a fifth more height overlaps by 5/6, one of half of it by 0.5, which is not above.
    truth = np.tile(SQUARE, (5, 1))
    boxes = np.array([SQUARE, [10, 10, 40, 48], [10, 10, 40, 20], [10, 10, 40, 24], NAN])
    found = summarise(make_sequence(truth), make_trace(boxes))
    assert found.overall == pytest.approx(
        {'ao': (5 / 6 + 0.5 + 0.6) / 4, 'sr50': 2 / 4, 'sr75': 1 / 4}
    )
    assert found.curves[0].y[[0, 49, 50, 83, 84]] == pytest.approx([0.75, 0.75, 0.5, 0.25, 0.0])


def test_starts_absent_and_covered_frames_do_not_count():
    truth = np.array([SQUARE, SQUARE, NAN, SQUARE, SQUARE], float)
    boxes = np.array([NAN, SQUARE, SQUARE, NAN, NAN])
    sequence = make_sequence(truth, frame_labels={'cover': np.array([8, 8, 0, 0, 1])})
    assert summarise(sequence, make_trace(boxes)).overall['ao'] == pytest.approx(1 / 2)
    plain = make_sequence(truth)
    assert summarise(plain, make_trace(boxes)).overall['ao'] == pytest.approx(1 / 3)


def test_boxes_are_moved_into_the_image_where_its_size_is_known():
    truth = np.tile([0.0, 0.0, 20.0, 20.0], (2, 1))
    boxes = truth - np.array([10.0, 0, 0, 0])
    assert summarise(make_sequence(truth), make_trace(boxes)).overall['ao'] == pytest.approx(1 / 3)
    sized = make_sequence(truth, resolution=(100, 80))
    assert summarise(sized, make_trace(boxes)).overall['ao'] == pytest.approx(1.0)


def test_frames_are_pooled_also_of_an_attribute():
    short = make_sequence(np.tile(SQUARE, (2, 1)), 'short', attributes=('blur', 'scale'))
    long = make_sequence(np.tile(SQUARE, (10, 1)), 'long', attributes=('blur',))
    passes = {
        'short': [make_trace(np.tile(NAN, (2, 1)))],
        'long': [make_trace(long.boxes), make_trace(np.tile(NAN, (10, 1)))],
    }
    found = AverageOverlap().summarise([short, long], passes)
    assert found.overall['ao'] == pytest.approx(9 / 19)
    assert found.sequences['short']['ao'] == 0.0
    assert found.sequences['long']['ao'] == pytest.approx(9 / 18)
    assert found.attributes['blur'] == found.overall
    assert found.attributes['scale'] == found.sequences['short']


def test_labels_that_are_withheld_give_no_figures():
    sequence = make_sequence([SQUARE, NAN, NAN], labelled=np.array([True, False, False]))
    found = summarise(sequence, make_trace(np.tile(SQUARE, (3, 1))))
    assert np.isnan(list(found.overall.values())).all()
    assert np.isnan(found.curves[0].y).all()
