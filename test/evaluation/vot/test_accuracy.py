# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest

from siam_tracker_ros.evaluation.vot import AccuracyRobustness


def test_a_perfect_tracker(still, make_trace):
    found = AccuracyRobustness().summarise([still], {'s': [make_trace(still.boxes)]}).overall
    assert found['accuracy'] == 1.0
    assert found['robustness'] == 1.0
    assert found['failures'] == found['failures_per_100'] == found['total_failures'] == 0.0


def test_the_first_ten_images_after_a_start_do_not_count(still, make_trace):
    boxes = still.boxes.copy()
    boxes[:10, 3] /= 3  # too early to matter
    boxes[10:, 3] /= 2
    found = AccuracyRobustness().summarise([still], {'s': [make_trace(boxes)]}).overall
    assert found['accuracy'] == pytest.approx(0.5)
    found = AccuracyRobustness(burn_in=1).summarise([still], {'s': [make_trace(boxes)]}).overall
    assert found['accuracy'] == pytest.approx((9 / 3 + 20 / 2) / 29)


def test_failures_and_what_follows_them_do_not_count_for_accuracy(still, make_trace):
    events = ['init', *[''] * 11, 'failure', *['skipped'] * 4, 'init', *[''] * 12]
    boxes = still.boxes.copy()
    boxes[12] = 200, 200, 10, 10
    boxes[27:, 3] /= 2  # the tenth, eleventh and twelfth image after the second start
    found = AccuracyRobustness().summarise([still], {'s': [make_trace(boxes, events)]}).overall
    # Two images of the first run, three of the second one.
    assert found['accuracy'] == pytest.approx((2 * 1.0 + 3 * 0.5) / 5)
    assert found['failures'] == 1.0
    assert found['failures_per_100'] == pytest.approx(100 / 30)
    assert found['robustness'] == pytest.approx(math.exp(-30 * 1 / 30))


def test_a_box_that_stays_where_it_was(make_sequence, make_trace):
    # The target moves a pixel an image: image n overlaps by (40 - n) / (40 + n).
    truth = make_sequence([[10 + n, 20, 40, 30] for n in range(30)])
    trace = make_trace(np.broadcast_to(truth.boxes[0], (30, 4)))
    found = AccuracyRobustness().summarise([truth], {'s': [trace]}).overall
    n = np.arange(10, 30)
    assert found['accuracy'] == pytest.approx(np.mean((40 - n) / (40 + n)), abs=1e-12)


def test_sequences_count_by_their_length_and_passes_alike(make_sequence, make_trace):
    long = make_sequence([[10, 20, 40, 30]] * 30, 'long', attributes=('blur',))
    short = make_sequence([[10, 20, 40, 30]] * 20, 'short')
    half = long.boxes * [1, 1, 1, 0.5]
    passes = {
        'long': [make_trace(long.boxes), make_trace(half)],
        'short': [make_trace(short.boxes)],
    }
    found = AccuracyRobustness().summarise([long, short], passes)
    assert found.sequences['long']['accuracy'] == pytest.approx(0.75)
    assert found.overall['accuracy'] == pytest.approx((30 * 0.75 + 20) / 50)
    assert found.attributes == {'blur': found.sequences['long']}
    # Images 10 to 29 and 10 to 19.
    assert found.overall['pooled_accuracy'] == pytest.approx((20 * 0.75 + 10) / 30)


def test_failures_of_sequences_of_different_length(make_sequence, make_trace):
    long = make_sequence([[10, 20, 40, 30]] * 30, 'long')
    short = make_sequence([[10, 20, 40, 30]] * 10, 'short')
    passes = {
        'long': [make_trace(long.boxes, ['init', 'failure', *['skipped'] * 28])],
        'short': [make_trace(short.boxes)],
    }
    found = AccuracyRobustness().summarise([long, short], passes).overall
    assert found['total_failures'] == 1.0
    assert found['failures_per_100'] == pytest.approx(100 / 40)
    assert found['failures'] == pytest.approx(30 / 40)
    assert found['robustness'] == pytest.approx(math.exp(-30 * 0.75 / 20))


def test_pooled_accuracy_averages_each_image_over_the_passes_that_have_it(still, make_trace):
    half = still.boxes * [1, 1, 1, 0.5]
    lost = make_trace(half, ['init', *[''] * 14, 'failure', *['skipped'] * 14])
    passes = {'s': [make_trace(still.boxes), lost]}
    found = AccuracyRobustness().summarise([still], passes).overall
    # Five images count in both passes, 15 in the first one only.
    assert found['pooled_accuracy'] == pytest.approx((5 * 0.75 + 15 * 1.0) / 20)
    assert found['accuracy'] == pytest.approx((1.0 + 0.5) / 2)


def test_nobody_knows_where_the_target_is(make_sequence, make_trace):
    boxes = [[10, 20, 40, 30]] * 30
    truth = make_sequence([*boxes[:15], None, *boxes[16:]])
    found = AccuracyRobustness().summarise([truth], {'s': [make_trace(np.array(boxes))]}).overall
    assert found['accuracy'] == 1.0


def test_lost_before_anything_counts(still, make_trace):
    events = ['init', 'failure', *['skipped'] * 28]
    found = AccuracyRobustness().summarise([still], {'s': [make_trace(still.boxes, events)]})
    assert found.overall['accuracy'] == found.overall['pooled_accuracy'] == 0.0
    assert set(found.overall) == {measure.name for measure in AccuracyRobustness.measures}


def test_without_sequences_there_are_no_figures():
    found = AccuracyRobustness().summarise([], {})
    assert set(found.overall) == {measure.name for measure in AccuracyRobustness.measures}
    assert all(map(math.isnan, found.overall.values()))
